using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Counts jobs. No count reads more than a bound of rows, whatever its filter.</summary>
internal sealed class CountReading(SchemaName schema, QueryWords words)
{
    /// <summary>Jobs looked at for a filtered count at the least, before it says that it is not exact.</summary>
    internal const int ScanMin = 100_000;

    private const int FilterAt = 5;

    // $1: jobs at the most. Comes back: how many there are.
    private const string CountAll = "SELECT count(*) FROM (SELECT 1 FROM lovage.message LIMIT $1) m";

    private readonly KeySearch _search = new(schema);

    internal async Task<BoundedCount> CountAsync(
        NpgsqlConnection connection, JobQuery query, int max, CancellationToken cancellationToken)
    {
        if (await words.OfAsync(connection, query, cancellationToken) is not { } numbers)
        {
            return new BoundedCount(0, true);
        }

        var filter = new FilterSql(FilterAt);
        if (!FilterSql.HasMatches(query with { States = [] }, numbers))
        {
            return await CountStatesAsync(connection, query.States, max, cancellationToken);
        }

        var (source, before) = await _search.FindAsync(
            connection, query, numbers, filter, long.MaxValue, KeySearch.CountBlocksMax, cancellationToken);

        // $1: the key below which to look, $2: the lowest key, $3: jobs looked at, at the most, $4: jobs at the most;
        // then those of the source and of the filter. Comes back: how many were looked at, how many match.
        var sql = $"""
            WITH looked AS MATERIALIZED ({source.Sql})
            SELECT (SELECT count(*) FROM looked), (SELECT count(*) FROM (
              SELECT 1 FROM looked b {filter.Matches(source, query, numbers)} LIMIT $4) f)
            """;
        var scan = query.ArgumentText is not null ? JobHistory.ArgumentScanMax
            : source.IsExact ? max
            : Math.Max(max, ScanMin);
        var count = filter.AddTo(new Statement(schema.Sql(sql))
            .Add(before)
            .Add(source.Low)
            .Add((long)scan)
            .Add((long)max));
        await using var rows = await connection.ReadAsync(count, cancellationToken);
        await rows.ReadAsync(cancellationToken);
        var (seen, value) = (rows.GetInt64(0), rows.GetInt64(1));
        return new BoundedCount(value, value < max && seen <= scan && !source.GoesOn);
    }

    private async Task<BoundedCount> CountStatesAsync(
        NpgsqlConnection connection, IReadOnlyList<JobState> states, int max, CancellationToken cancellationToken)
    {
        var total = 0L;
        string[] counts = states.Count == 0
            ? [CountAll]
            : [.. states.Distinct().Select(static state => $"SELECT count(*) FROM (SELECT 1 FROM ({From(state)}) s "
                + "LIMIT $1) c")];
        foreach (var count in counts)
        {
            total += await connection.ScalarAsync<long>(
                new Statement(schema.Sql(count)).Add((long)max), cancellationToken);
        }

        return total >= max ? new BoundedCount(max, false) : new BoundedCount(total, true);
    }

    private static string From(JobState state) => state switch
    {
        JobState.Running => "SELECT job FROM lovage.claim WHERE started_at IS NOT NULL",
        JobState.Queued =>
            "SELECT job FROM lovage.ready UNION ALL SELECT job FROM lovage.claim WHERE started_at IS NULL",
        _ => $"SELECT job FROM lovage.course WHERE state = {StoredNumbers.Of(state)}",
    };
}

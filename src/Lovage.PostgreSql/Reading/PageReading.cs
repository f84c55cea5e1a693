using System.Globalization;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Reads pages of jobs. No page reads more than a bound of rows, whatever its filter.</summary>
/// <remarks>A page may come back short, or empty, and still name the place where the next one begins.</remarks>
internal sealed class PageReading(SchemaName schema, QueryWords words)
{
    /// <summary>Jobs looked at for one page at the most.</summary>
    internal const int ScanMax = JobHistory.ArgumentScanMax;

    /// <summary>Jobs looked at first: a filter that most jobs match fills its page from them.</summary>
    private const int FirstScanMin = 1_000;

    private const int FilterAt = 5;

    private readonly KeySearch _search = new(schema);

    internal async Task<JobPage> PageAsync(
        NpgsqlConnection connection, JobQuery query, long before, CancellationToken cancellationToken)
    {
        if (await words.OfAsync(connection, query, cancellationToken) is not { } numbers)
        {
            return new JobPage([], null);
        }

        var first = Math.Max(FirstScanMin, 4 * query.Limit);
        if (query.ArgumentText is null && first < ScanMax)
        {
            var page = await ScanAsync(connection, query, numbers, before, first, cancellationToken);
            if (page.Jobs.Count == query.Limit || page.Next is null)
            {
                return page;
            }
        }

        return await ScanAsync(connection, query, numbers, before, ScanMax, cancellationToken);
    }

    private async Task<JobPage> ScanAsync(
        NpgsqlConnection connection,
        JobQuery query,
        FilterWords numbers,
        long before,
        int scanMax,
        CancellationToken cancellationToken)
    {
        var filter = new FilterSql(FilterAt);
        (var source, before) = await _search.FindAsync(
            connection, query, numbers, filter, before, KeySearch.PageBlocksMax, cancellationToken);

        // $1: the key below which the page begins, $2: the lowest key, $3: jobs looked at, at the most, $4: jobs at the
        // most; then those of the source and of the filter. Comes back for each job: its columns, and the key below
        // which the next page begins when the bound was reached; without a job one row with that key alone. Only jobs
        // of the page are read as a whole: the others are passed over in the order of their keys.
        var sql = $"""
            WITH looked AS MATERIALIZED ({source.Sql}),
            seen AS MATERIALIZED (SELECT CASE WHEN count(*) > $3 THEN min(key) + 1 END AS low FROM looked)
            SELECT f.*, seen.low FROM seen LEFT JOIN LATERAL (
              SELECT {JobReading.Columns} FROM (
                SELECT b.key FROM looked b {filter.Matches(source, query, numbers)}
                WHERE b.key >= coalesce(seen.low, 0) LIMIT $4) s
              JOIN lovage.message m ON m.key = s.key {JobReading.Joins} ORDER BY s.key DESC) f ON true
            """;
        var select = filter.AddTo(new Statement(schema.Sql(sql))
            .Add(before)
            .Add(source.Low)
            .Add((long)scanMax)
            .Add(query.Limit + 1L));
        await using var rows = await connection.ReadAsync(select, cancellationToken);
        var row = new Row(rows);
        var jobs = new List<JobRecord>();
        var (stoppedAt, last) = ((long?)null, 0L);
        while (await rows.ReadAsync(cancellationToken))
        {
            stoppedAt = rows.Int64OrNull(JobReading.ColumnCount);
            if (await rows.IsDBNullAsync(0, cancellationToken))
            {
                break;
            }

            if (jobs.Count == query.Limit)
            {
                // A full page ends at its last job: the one behind it only tells that there is another page.
                return new JobPage(jobs, Text(last));
            }

            last = JobReading.KeyOf(rows);
            jobs.Add(JobColumns.Read(row));
        }

        stoppedAt ??= source.GoesOn ? source.Low : null;
        return new JobPage(jobs, stoppedAt is { } key ? Text(key) : null)
        {
            IsPartial = query.ArgumentText is not null && stoppedAt is not null,
        };
    }

    private static string Text(long key) => key.ToString(CultureInfo.InvariantCulture);
}

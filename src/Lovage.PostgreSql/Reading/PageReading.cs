using System.Globalization;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>
/// Reads pages of jobs and counts jobs. No call reads more than a bound of rows, whatever its filter.
/// </summary>
/// <remarks>A page may come back short, or empty, and still name the place where the next one begins.</remarks>
internal sealed class PageReading(SchemaName schema, Words words)
{
    /// <summary>Jobs looked at for one page at the most.</summary>
    internal const int PageScanMax = 10_000;

    /// <summary>
    /// Jobs of one state looked at for a filtered count at the least, before it says that it is not exact.
    /// </summary>
    internal const int CountScanMin = 100_000;

    // $1: the key below which the page begins, $2: jobs looked at, at the most, $7: the tag. Comes back: keys, newest
    // first.
    private const string KeysOfTag =
        "SELECT job AS key FROM lovage.tag WHERE tag = $7 AND job < $1 ORDER BY job DESC LIMIT $2 + 1";

    // $1: the tag, $2: jobs at the most. Comes back: how many have it.
    private const string CountTagged = "SELECT count(*) FROM (SELECT 1 FROM lovage.tag WHERE tag = $1 LIMIT $2) t";

    private const string Filter = "($3::integer IS NULL OR m.name = $3) AND ($4::integer IS NULL OR m.queue = $4)";

    // $1: the tag, $2: jobs looked at, at the most, $3 and $4: the numbers of name and queue, or null, $5: states, or
    // none. Comes back: how many jobs were looked at, how many match.
    private static readonly string CountTaggedWhere = $"""
        SELECT count(*), count(*) FILTER (WHERE {Filter} AND (cardinality($5::integer[]) = 0 OR {Sql.State} = ANY ($5)))
        FROM (SELECT job FROM lovage.tag WHERE tag = $1 LIMIT $2) s JOIN lovage.message m ON m.key = s.job
          LEFT JOIN lovage.course c ON c.job = m.key LEFT JOIN lovage.claim k ON k.job = m.key
        """;

    internal async Task<JobPage> PageAsync(
        NpgsqlConnection connection, JobQuery query, long before, CancellationToken cancellationToken)
    {
        if (await WordsOfAsync(connection, query, cancellationToken) is not { } filter)
        {
            return new JobPage([], null);
        }

        // $1: the key below which the page begins, $2: jobs looked at, at the most, $3 and $4: the numbers of name and
        // queue, or null, $5: states, or none, $6: jobs at the most, $7: the tag, if any. Comes back for each job: its
        // columns, and the key below which the next page begins when the bound was reached; without a job one row with
        // that key alone. Only jobs of the page are read as a whole: the others are passed over in the order of their
        // keys.
        var keys = query.Tag is null ? Keys(query.States) : KeysOfTag;
        var sql = $"""
            WITH seen AS MATERIALIZED (SELECT CASE WHEN count(*) > $2 THEN min(key) + 1 END AS low FROM ({keys}) a)
            SELECT f.*, seen.low FROM seen LEFT JOIN LATERAL (
              SELECT {JobReading.Columns} FROM (
                SELECT b.key FROM ({keys}) b CROSS JOIN LATERAL (
                  SELECT 1 AS one FROM lovage.message m LEFT JOIN lovage.course c ON c.job = m.key LEFT
                    JOIN lovage.claim k ON k.job = m.key
                  WHERE m.key = b.key AND {Filter} AND (cardinality($5::integer[]) = 0
                    OR {Sql.State} = ANY ($5)) OFFSET 0) t
                WHERE b.key >= coalesce(seen.low, 0) LIMIT $6) s
              JOIN lovage.message m ON m.key = s.key {JobReading.Joins} ORDER BY s.key DESC) f ON true
            """;
        var select = new Statement(schema.Sql(sql))
            .Add(before)
            .Add((long)PageScanMax)
            .Add(filter.Name)
            .Add(filter.Queue)
            .Add(Numbers(query.States))
            .Add(query.Limit + 1L);
        if (query.Tag is not null)
        {
            select.Add(query.Tag);
        }

        await using var rows = await connection.ReadAsync(select, cancellationToken);
        var row = new Row(rows);
        var jobs = new List<JobRecord>();
        var (next, last) = ((long?)null, 0L);
        while (await rows.ReadAsync(cancellationToken))
        {
            next = rows.Int64OrNull(JobReading.ColumnCount);
            if (await rows.IsDBNullAsync(0, cancellationToken))
            {
                break;
            }

            if (jobs.Count == query.Limit)
            {
                // A full page ends at its last job: the one behind it only tells that there is another page.
                next = last;
                break;
            }

            last = JobReading.KeyOf(rows);
            jobs.Add(JobColumns.Read(row));
        }

        return new JobPage(jobs, next?.ToString(CultureInfo.InvariantCulture));
    }

    internal async Task<BoundedCount> CountAsync(
        NpgsqlConnection connection, JobQuery query, int max, CancellationToken cancellationToken)
    {
        if (await WordsOfAsync(connection, query, cancellationToken) is not { } filter)
        {
            return new BoundedCount(0, true);
        }

        if (query.Tag is not null)
        {
            return await CountTaggedAsync(connection, query, filter, max, cancellationToken);
        }

        if (query.States.Count == 0 && filter is (null, null))
        {
            var all = await connection.ScalarAsync<long>(
                new Statement(schema.Sql("SELECT count(*) FROM (SELECT 1 FROM lovage.message LIMIT $1) m")).Add(
                    (long)max),
                cancellationToken);
            return new BoundedCount(all, all < max);
        }

        var (total, isExact) = (0L, true);
        foreach (var state in query.States.Count == 0 ? Enum.GetValues<JobState>() : query.States.Distinct())
        {
            var (value, isComplete) = await CountAsync(connection, state, filter, max, cancellationToken);
            total += value;
            isExact &= isComplete;
        }

        return total >= max ? new BoundedCount(max, false) : new BoundedCount(total, isExact);
    }

    private async Task<(long Value, bool IsComplete)> CountAsync(
        NpgsqlConnection connection,
        JobState state,
        (int? Name, int? Queue) filter,
        int max,
        CancellationToken cancellationToken)
    {
        var from = state switch
        {
            JobState.Running => "SELECT job FROM lovage.claim WHERE started_at IS NOT NULL",
            JobState.Queued =>
                "SELECT job FROM lovage.ready UNION ALL SELECT job FROM lovage.claim WHERE started_at IS NULL",
            _ => $"SELECT job FROM lovage.course WHERE state = {StoredNumbers.Of(state)}",
        };
        if (filter is (null, null))
        {
            var all = await connection.ScalarAsync<long>(
                new Statement(schema.Sql($"SELECT count(*) FROM (SELECT 1 FROM ({from}) s LIMIT $1) c")).Add((long)max),
                cancellationToken);
            return (all, all < max);
        }

        var scan = Math.Max(max, CountScanMin);
        var sql =
            $"SELECT count(*), count(*) FILTER (WHERE {Filter}) FROM (SELECT job FROM ({from}) f LIMIT $1) s JOIN "
                + "lovage.message m ON m.key = s.job WHERE $2::bigint IS NULL";
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(sql)).Add(scan + 1L).Add((long?)null).Add(filter.Name).Add(filter.Queue),
            cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return (Math.Min(rows.GetInt64(1), max), rows.GetInt64(0) <= scan);
    }

    private async Task<BoundedCount> CountTaggedAsync(
        NpgsqlConnection connection,
        JobQuery query,
        (int? Name, int? Queue) filter,
        int max,
        CancellationToken cancellationToken)
    {
        if (query.States.Count == 0 && filter is (null, null))
        {
            var all = await connection.ScalarAsync<long>(
                new Statement(schema.Sql(CountTagged)).Add(query.Tag).Add((long)max), cancellationToken);
            return new BoundedCount(all, all < max);
        }

        var scan = Math.Max(max, CountScanMin);
        var count = new Statement(schema.Sql(CountTaggedWhere)).Add(query.Tag).Add(scan + 1L).Add(filter.Name)
            .Add(filter.Queue).Add(Numbers(query.States));
        await using var rows = await connection.ReadAsync(count, cancellationToken);
        await rows.ReadAsync(cancellationToken);
        var (seen, value) = (rows.GetInt64(0), rows.GetInt64(1));
        return value >= max ? new BoundedCount(max, false) : new BoundedCount(value, seen <= scan);
    }

    private static int[] Numbers(IReadOnlyList<JobState> states) =>
        [.. states.Distinct().Select(static state => (int)state)];

    /// <summary>Keys of jobs that may be in one of the states, newest first.</summary>
    private static string Keys(IReadOnlyList<JobState> states) =>
        states.Count == 0 || states.Contains(JobState.Queued) || states.Contains(JobState.Succeeded)
            ? "SELECT key FROM lovage.message WHERE key < $1 ORDER BY key DESC LIMIT $2 + 1"
            : $"SELECT key FROM ({string.Join(" UNION ALL ", states.Distinct().Select(KeysOf))}) u ORDER BY key DESC "
                + "LIMIT $2 + 1";

    private static string KeysOf(JobState state) => state == JobState.Running
        ? "(SELECT job AS key FROM lovage.claim WHERE started_at IS NOT NULL AND job < $1 ORDER BY job DESC LIMIT $2 "
            + "+ 1)"
        : $"(SELECT job AS key FROM lovage.course WHERE state = {StoredNumbers.Of(state)} AND job < $1 "
            + "ORDER BY job DESC LIMIT $2 + 1)";

    /// <summary>
    /// The numbers of the name and the queue that are asked for; null when one of them has never been seen.
    /// </summary>
    private async Task<(int? Name, int? Queue)?> WordsOfAsync(
        NpgsqlConnection connection, JobQuery query, CancellationToken cancellationToken)
    {
        string[] asked = [.. new[] { query.Name, query.Queue }.OfType<string>()];
        var ids = await words.FindAsync(connection, asked, cancellationToken);
        return asked.All(ids.ContainsKey)
            ? (query.Name is null ? null : ids[query.Name], query.Queue is null ? null : ids[query.Queue])
            : null;
    }
}

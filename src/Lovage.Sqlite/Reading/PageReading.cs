using System.Globalization;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Reading;

/// <summary>
/// Pages and counts of jobs. No call reads more than a bound of rows, whatever its filter: a page may come back short,
/// or empty, and still name the place where the next one begins.
/// </summary>
internal static class PageReading
{
    /// <summary>Jobs looked at for one page at the most.</summary>
    internal const int PageScanMax = 10_000;

    /// <summary>
    /// Jobs of one state looked at for a filtered count at the least, before it says that it is not exact.
    /// </summary>
    internal const int CountScanMin = 100_000;

    /// <summary>?1 tag, ?2 jobs at the most. Comes back, twice: how many jobs have the tag.</summary>
    private const string CountTaggedAll =
        "SELECT count(*), count(*) FROM (SELECT 1 FROM lovage_tag WHERE tag = ?1 LIMIT ?2)";

    /// <summary>
    /// ?1 tag, ?2 jobs looked at, at the most, ?3 name and ?4 queue or NULL, ?5 the states as bits, 0 for all. Comes
    /// back: how many jobs were looked at, how many match.
    /// </summary>
    private static readonly string CountTaggedWhere = $"""
        SELECT count(*), ifnull(sum((?3 IS NULL OR m.name = ?3) AND (?4 IS NULL OR m.queue = ?4) AND (?5 = 0 OR ?5 >>
          CASE WHEN k.started_at IS NOT NULL THEN {StoredNumbers.Of(JobState.Running)}
            WHEN k.job IS NOT NULL THEN {StoredNumbers.Of(JobState.Queued)}
            ELSE ifnull(c.state, {StoredNumbers.Of(JobState.Queued)}) END & 1)), 0)
          FROM (SELECT job FROM lovage_tag WHERE tag = ?1 LIMIT ?2) s CROSS JOIN lovage_message m ON m.key = s.job
          LEFT JOIN lovage_course c ON c.job = m.key LEFT JOIN lovage_claim k ON k.job = m.key
        """;

    internal static JobPage Page(Reader reader, JobQuery query, long before)
    {
        if (!TryWords(reader, query, out var name, out var queue))
        {
            return new JobPage([], null);
        }

        var jobs = new List<JobRecord>();
        var (seen, end) = (0, 0L);
        foreach (var key in Keys(reader, query, before))
        {
            var record = seen++ < PageScanMax ? JobReading.FindIf(reader, key, name, queue, query.States) : null;
            if (seen > PageScanMax || (record is not null && jobs.Count == query.Limit))
            {
                return new JobPage(jobs, end.ToString(CultureInfo.InvariantCulture));
            }

            // A full page ends at its last job: the one behind it only tells that there is another page.
            end = jobs.Count < query.Limit ? key : end;
            if (record is not null)
            {
                jobs.Add(record);
            }
        }

        return new JobPage(jobs, null);
    }

    internal static BoundedCount Count(Reader reader, JobQuery query, int max)
    {
        if (!TryWords(reader, query, out var name, out var queue))
        {
            return new BoundedCount(0, true);
        }

        if (query.Tag is not null)
        {
            return CountTagged(reader, query, name, queue, max);
        }

        if (query.States.Count == 0 && name is null && queue is null)
        {
            var all = Scalar(reader, "SELECT count(*) FROM (SELECT 1 FROM lovage_message LIMIT ?1)", max);
            return new BoundedCount(all, all < max);
        }

        var scan = Math.Max(max, CountScanMin);
        var (total, isExact) = (0L, true);
        foreach (var state in query.States.Count == 0 ? Enum.GetValues<JobState>() : query.States.Distinct())
        {
            var (value, isComplete) = Count(reader, state, name, queue, max, scan);
            total += value;
            isExact &= isComplete;
        }

        return total >= max ? new BoundedCount(max, false) : new BoundedCount(total, isExact);
    }

    /// <summary>Keys of jobs that have the tag, or may be in one of the states, newest first.</summary>
    private static IEnumerable<long> Keys(Reader reader, JobQuery query, long before) => query.Tag is { } tag
        ? KeysOf(
            reader, "SELECT job FROM lovage_tag WHERE tag = ?3 AND job < ?1 ORDER BY job DESC LIMIT ?2", before, tag)
        : KeysInStates(reader, query.States, before);

    private static IEnumerable<long> KeysInStates(Reader reader, IReadOnlyList<JobState> states, long before) =>
        states.Count == 0 || states.Contains(JobState.Queued) || states.Contains(JobState.Running)
            ? KeysOf(
                reader,
                "SELECT key FROM lovage_message WHERE key < ?1 ORDER BY key DESC LIMIT ?2",
                states.All(IsLive) && states.Count > 0 ? Math.Min(before, NewestLive(reader) + 1) : before)
            : Merge([.. states.Distinct().Select(state => KeysOf(
                reader,
                $"{KeysOfState(state)} AND job < ?1 ORDER BY job DESC LIMIT ?2",
                before))]);

    private static string KeysOfState(JobState state) =>
        $"SELECT job FROM lovage_course WHERE state = {StoredNumbers.Of(state)}";

    private static bool IsLive(JobState state) => state is JobState.Queued or JobState.Running;

    private static IEnumerable<long> KeysOf(Reader reader, string sql, long before, string? tag = null)
    {
        var row = reader.Statement(sql).Bind(1, before).Bind(2, PageScanMax + 1).Bind(3, tag);
        try
        {
            while (row.Read())
            {
                yield return row.Int64(0);
            }
        }
        finally
        {
            row.Reset();
        }
    }

    private static IEnumerable<long> Merge(IReadOnlyList<IEnumerable<long>> sources)
    {
        var cursors = sources.Select(source => source.GetEnumerator()).ToList();
        try
        {
            var heads = new PriorityQueue<IEnumerator<long>, long>();
            foreach (var cursor in cursors)
            {
                if (cursor.MoveNext())
                {
                    heads.Enqueue(cursor, -cursor.Current);
                }
            }

            while (heads.TryDequeue(out var head, out _))
            {
                yield return head.Current;
                if (head.MoveNext())
                {
                    heads.Enqueue(head, -head.Current);
                }
            }
        }
        finally
        {
            cursors.ForEach(static cursor => cursor.Dispose());
        }
    }

    /// <summary>
    /// No job with a greater key is queued or running, so that a look for those skips a long history of ended ones.
    /// </summary>
    private static long NewestLive(Reader reader)
    {
        var newest = Scalar(
            reader,
            "SELECT max(ifnull((SELECT max(job) FROM lovage_claim), 0), ifnull((SELECT max(job) FROM lovage_course "
                + "WHERE state = ?1), 0))",
            (long)JobState.Queued);
        var queues = new List<long>();
        var row = reader.Statement("SELECT id FROM lovage_queue WHERE ready > 0");
        while (row.Read())
        {
            queues.Add(row.Int64(0));
        }

        // A job that became ready at once has its key as its place; any other has a row in "course".
        var last = reader.Statement(
            "SELECT seq FROM lovage_ready WHERE queue = ?1 AND lane = ?2 AND priority = ?3 ORDER BY seq DESC LIMIT 1");
        foreach (var queue in queues)
        {
            for (var priority = 0; priority <= Tables.PriorityMax; priority++)
            {
                newest = Math.Max(newest, Math.Max(
                    Last(last, queue, Tables.OrphanLane, priority), Last(last, queue, Tables.OrdinaryLane, priority)));
            }
        }

        return newest;
    }

    private static long Last(SqliteStatement last, long queue, long lane, long priority)
    {
        var seq = last.Bind(1, queue).Bind(2, lane).Bind(3, priority).Read() ? last.Int64(0) : 0;
        last.Reset();
        return seq;
    }

    private static (long Value, bool IsComplete) Count(
        Reader reader, JobState state, long? name, long? queue, int max, int scan)
    {
        var from = state switch
        {
            JobState.Running => "SELECT job FROM lovage_claim WHERE started_at IS NOT NULL",
            JobState.Queued =>
                "SELECT job FROM lovage_ready UNION ALL SELECT job FROM lovage_claim WHERE started_at IS NULL",
            _ => KeysOfState(state),
        };
        if (name is null && queue is null)
        {
            var all = Scalar(reader, $"SELECT count(*) FROM (SELECT 1 FROM ({from}) LIMIT ?1)", max);
            return (all, all < max);
        }

        var row = reader.Statement($"""
            SELECT count(*), ifnull(sum((?2 IS NULL OR j.name = ?2) AND (?3 IS NULL OR j.queue = ?3)), 0)
              FROM (SELECT job FROM ({from}) LIMIT ?1) s CROSS JOIN lovage_message j ON j.key = s.job
            """).Bind(1, scan + 1L).Bind(2, name).Bind(3, queue);
        row.Read();
        var (seen, value) = (row.Int64(0), row.Int64(1));
        row.Reset();
        return (Math.Min(value, max), seen <= scan);
    }

    private static BoundedCount CountTagged(Reader reader, JobQuery query, long? name, long? queue, int max)
    {
        var isFiltered = query.States.Count > 0 || name is not null || queue is not null;
        var scan = isFiltered ? Math.Max(max, CountScanMin) + 1L : max;
        var states = query.States.Aggregate(0L, static (bits, state) => bits | (1L << (int)state));
        var row = reader.Statement(isFiltered ? CountTaggedWhere : CountTaggedAll)
            .Bind(1, query.Tag)
            .Bind(2, scan);
        if (isFiltered)
        {
            row.Bind(3, name).Bind(4, queue).Bind(5, states);
        }

        row.Read();
        var (seen, value) = (row.Int64(0), row.Int64(1));
        row.Reset();
        return value >= max ? new BoundedCount(max, false) : new BoundedCount(value, seen < scan);
    }

    private static bool TryWords(Reader reader, JobQuery query, out long? name, out long? queue)
    {
        name = query.Name is null ? null : reader.Words.Find(query.Name);
        queue = query.Queue is null ? null : reader.Words.Find(query.Queue);
        return query.Name is null == name is null && query.Queue is null == queue is null;
    }

    private static long Scalar(Reader reader, string sql, long value)
    {
        var row = reader.Statement(sql).Bind(1, value);
        row.Read();
        var result = row.Int64(0);
        row.Reset();
        return result;
    }
}

using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads statistics by hour and failures by cause.</summary>
internal static class StatisticsReading
{
    /// <summary>?1 and ?2 the first and the last hour, ?3 queue or NULL, ?4 name or NULL.</summary>
    private const string SelectHours = """
        SELECT hour, queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead, wait, run
        FROM lovage_hour WHERE hour BETWEEN ?1 AND ?2 AND (?3 IS NULL OR queue = ?3) AND (?4 IS NULL OR name = ?4)
        """;

    /// <summary>?1 time, ?2 fingerprint or NULL, ?3 name or NULL, ?4 groups at the most.</summary>
    private const string SelectFailures = """
        SELECT fingerprint, name, error, job, first_at, last_at FROM lovage_failure
        WHERE last_at >= ?1 AND (?2 IS NULL OR fingerprint = ?2) AND (?3 IS NULL OR name = ?3)
        ORDER BY last_at DESC, fingerprint LIMIT ?4
        """;

    /// <summary>?1 fingerprint. Comes back: step, count.</summary>
    private const string SelectSteps = "SELECT step, count FROM lovage_failure_step WHERE fingerprint = ?1";

    internal static IReadOnlyList<JobStatistics> Hours(Reader reader, StatisticsQuery query, long now)
    {
        var found = new List<JobStatistics>();
        if (!reader.TryWord(query.Queue, out var queue) || !reader.TryWord(query.Name, out var name))
        {
            return found;
        }

        var row = reader.Statement(SelectHours)
            .Bind(1, Tables.HourOf(StorageTime.From(query.Since)))
            .Bind(2, Tables.HourOf(StorageTime.From(query.Until) ?? now))
            .Bind(3, queue)
            .Bind(4, name);
        while (row.Read())
        {
            found.Add(new JobStatistics
            {
                Hour = StorageTime.To(Tables.StartOf(row.Int64(0))),
                Queue = reader.Words.Text(row.Int64(1)),
                Name = reader.Words.Text(row.Int64(2)),
                Enqueued = row.Int64(3),
                Succeeded = row.Int64(4),
                Failed = row.Int64(5),
                Retried = row.Int64(6),
                Cancelled = row.Int64(7),
                Expired = row.Int64(8),
                Dead = row.Int64(9),
                Wait = DurationCounts.Read(row.Bytes(10)),
                Run = DurationCounts.Read(row.Bytes(11)),
            });
        }

        found.Sort(static (a, b) => a.Hour != b.Hour ? a.Hour.CompareTo(b.Hour)
            : a.Queue != b.Queue ? string.CompareOrdinal(a.Queue, b.Queue)
            : string.CompareOrdinal(a.Name, b.Name));
        return found;
    }

    internal static IReadOnlyList<FailureGroup> Failures(Reader reader, FailureQuery query, long now)
    {
        var found = new List<FailureGroup>();
        if (!reader.TryWord(query.Name, out var name))
        {
            return found;
        }

        var row = reader.Statement(SelectFailures)
            .Bind(1, StorageTime.From(query.Since) ?? long.MinValue)
            .Bind(2, query.Fingerprint)
            .Bind(3, name)
            .Bind(4, query.Limit);
        while (row.Read())
        {
            var fingerprint = row.Text(0);
            var windows = FailureWindows.Of(Steps(reader, fingerprint), now);
            found.Add(new FailureGroup
            {
                Fingerprint = fingerprint,
                Name = reader.Words.Text(row.Int64(1)),
                Error = AttemptColumns.ToError(row.Bytes(2))!,
                Sample = JobId.Parse(row.Text(3)),
                FirstAt = StorageTime.To(row.Int64(4)),
                LastAt = StorageTime.To(row.Int64(5)),
                LastHour = windows.LastHour,
                LastDay = windows.LastDay,
                LastWeek = windows.LastWeek,
                Hours = windows.Hours,
            });
        }

        return found;
    }

    private static List<(long Step, long Count)> Steps(Reader reader, string fingerprint)
    {
        var steps = new List<(long Step, long Count)>();
        var row = reader.Statement(SelectSteps).Bind(1, fingerprint);
        while (row.Read())
        {
            steps.Add((row.Int64(0), row.Int64(1)));
        }

        return steps;
    }
}

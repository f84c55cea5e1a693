using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads jobs and their attempts.</summary>
internal static class JobReading
{
    private const int AttemptsMax = 1_000;

    /// <summary>
    /// The columns that <see cref="JobColumns"/> reads. The newest error is that of the newest attempt or of one before
    /// it, as far as they come after the last requeue ("base").
    /// </summary>
    private const string Select = $"""
        SELECT {Sql.MessageColumns}, c.state, c.retries, c.due, c.attempts, k.job IS NOT NULL,
          k.started_at IS NOT NULL, ifnull(k.started_at, c.started_at),
          CASE WHEN k.started_at IS NULL THEN c.worker ELSE k.owner END, c.finished_at, c.result,
          CASE WHEN c.error IS NULL AND c.attempts > c.base + 1 THEN (SELECT a.error FROM lovage_attempt a
            WHERE a.job = c.job AND a.ordinal > c.base AND a.error IS NOT NULL ORDER BY a.ordinal DESC LIMIT 1)
            ELSE c.error END,
          c.reason, CASE WHEN k.progress IS NULL THEN c.progress ELSE k.progress END,
          CASE WHEN k.progress IS NULL THEN c.progress_message ELSE k.progress_message END, k.cancel, c.offers
        FROM lovage_message m LEFT JOIN lovage_course c ON c.job = m.key LEFT JOIN lovage_claim k ON k.job = m.key
        """;

    /// <summary>?1 id, ?2 attempts at the most. Comes back, the newest first: ordinal, then the attempt.</summary>
    private const string SelectAttempts = """
        SELECT a.ordinal, a.number, a.ended_as, a.started_at, a.duration, a.worker, a.error, a.logs, a.wait
          FROM lovage_message m JOIN lovage_attempt a ON a.job = m.key WHERE m.id = ?1
        UNION ALL
        SELECT c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.worker, c.error, c.logs, c.wait
          FROM lovage_message m JOIN lovage_course c ON c.job = m.key WHERE m.id = ?1 AND c.ended_as IS NOT NULL
        ORDER BY 1 DESC LIMIT ?2
        """;

    /// <summary>?1 schedule. Comes back: id and state.</summary>
    private static readonly string SelectNewestOfSchedule = $"""
        SELECT m.id, CASE WHEN k.started_at IS NOT NULL THEN {StoredNumbers.Of(JobState.Running)}
          WHEN k.job IS NOT NULL THEN {StoredNumbers.Of(JobState.Queued)}
          ELSE ifnull(c.state, {StoredNumbers.Of(JobState.Queued)}) END
        FROM (SELECT job FROM lovage_mark WHERE kind = {(int)JobMarkKind.Schedule} AND text = ?1
          ORDER BY job DESC LIMIT 1) s
        JOIN lovage_message m ON m.key = s.job LEFT JOIN lovage_course c ON c.job = s.job
        LEFT JOIN lovage_claim k ON k.job = s.job
        """;

    internal static IReadOnlyList<JobRecord?> Find(Reader reader, IReadOnlyList<JobId> ids)
    {
        var records = new JobRecord?[ids.Count];
        var row = reader.Statement($"{Select} WHERE m.id = ?1");
        for (var i = 0; i < records.Length; i++)
        {
            if (row.Bind(1, ids[i].Value).Read())
            {
                records[i] = JobColumns.Read(reader.Row(row));
            }

            row.Reset();
        }

        return records;
    }

    /// <summary>The jobs of these keys, in their order.</summary>
    internal static List<JobRecord> Find(Reader reader, IEnumerable<long> keys)
    {
        var row = reader.Statement($"{Select} WHERE m.key = ?1");
        var jobs = new List<JobRecord>();
        foreach (var key in keys)
        {
            if (row.Bind(1, key).Read())
            {
                jobs.Add(JobColumns.Read(reader.Row(row)));
            }

            row.Reset();
        }

        return jobs;
    }

    internal static IReadOnlyList<ScheduledJob?> NewestOfSchedules(Reader reader, IReadOnlyList<string> schedules)
    {
        var jobs = new ScheduledJob?[schedules.Count];
        var row = reader.Statement(SelectNewestOfSchedule);
        for (var i = 0; i < jobs.Length; i++)
        {
            if (row.Bind(1, schedules[i]).Read())
            {
                jobs[i] = new ScheduledJob(JobId.Parse(row.Text(0)), (JobState)row.Int64(1));
            }

            row.Reset();
        }

        return jobs;
    }

    /// <summary>The jobs whose attempts have been running for the longest time, longest first.</summary>
    internal static IReadOnlyList<JobRecord> LongestRunning(Reader reader, int max)
    {
        var keys = new List<long>();
        var row = reader.Statement(
            "SELECT job FROM lovage_claim WHERE started_at IS NOT NULL ORDER BY started_at, job LIMIT ?1").Bind(1, max);
        while (row.Read())
        {
            keys.Add(row.Int64(0));
        }

        return Find(reader, keys);
    }

    /// <summary>What the running attempt of a job has logged, as far as its worker has written it.</summary>
    internal static IReadOnlyList<LogLine> LiveLines(Reader reader, JobId id)
    {
        var row = reader.Statement(
            "SELECT k.lines FROM lovage_message m JOIN lovage_claim k ON k.job = m.key WHERE m.id = ?1")
            .Bind(1, id.Value);
        var lines = row.Read() ? AttemptColumns.ToLogs(row.Bytes(0)) : [];
        row.Reset();
        return lines;
    }

    internal static IReadOnlyList<AttemptRecord> Attempts(Reader reader, JobId id)
    {
        var row = reader.Statement(SelectAttempts).Bind(1, id.Value).Bind(2, AttemptsMax);
        var attempts = new List<AttemptRecord>();
        while (row.Read())
        {
            attempts.Add(AttemptColumns.Read(reader.Row(row), 1));
        }

        attempts.Reverse();
        return attempts;
    }

    /// <summary>True when this outcome was written, whatever has become of the job since.</summary>
    internal static bool WasSettled(Reader reader, Settlement outcome)
    {
        var row = reader.Statement(Sql.WasSettled)
            .Bind(1, outcome.Id.Value)
            .Bind(2, outcome.Token.Claim)
            .Bind(3, outcome.Token.Stamp);
        var found = row.Read();
        row.Reset();
        return found;
    }
}

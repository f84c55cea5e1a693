using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;

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
        SELECT a.ordinal, a.number, a.ended_as, a.started_at, a.duration, a.worker, a.error, a.logs
          FROM lovage_message m JOIN lovage_attempt a ON a.job = m.key WHERE m.id = ?1
        UNION ALL
        SELECT c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.worker, c.error, c.logs
          FROM lovage_message m JOIN lovage_course c ON c.job = m.key WHERE m.id = ?1 AND c.ended_as IS NOT NULL
        ORDER BY 1 DESC LIMIT ?2
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

    /// <summary>The job of this key when it is of the name, queue and states wanted; else null.</summary>
    internal static JobRecord? FindIf(Reader reader, long key, long? name, long? queue, IReadOnlyList<JobState> states)
    {
        var row = reader.Statement($"{Select} WHERE m.key = ?1");
        var record = row.Bind(1, key).Read()
            && (name is null || row.Int64(1) == name)
            && (queue is null || row.Int64(2) == queue)
            && (states.Count == 0 || states.Contains(JobColumns.StateOf(reader.Row(row))))
                ? JobColumns.Read(reader.Row(row))
                : null;
        row.Reset();
        return record;
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

using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads jobs and their attempts.</summary>
internal static class JobReading
{
    private const int AttemptsMax = 1_000;
    private const int First = Sql.JobColumnCount;

    private const string Select = $"""
        SELECT {Sql.JobColumns}, j.key, c.state, c.retries, c.due, c.base, c.attempts, c.started_at, c.worker,
          c.finished_at, c.result, c.error, c.reason,
          c.progress, c.progress_message, k.job, k.started_at, k.owner, k.cancel, k.progress, k.progress_message
        FROM job j LEFT JOIN course c ON c.job = j.key LEFT JOIN claim k ON k.job = j.key
        """;

    internal static IReadOnlyList<JobRecord?> Find(Reader reader, IReadOnlyList<JobId> ids)
    {
        var records = new JobRecord?[ids.Count];
        var row = reader.Statement($"{Select} WHERE j.id = ?1");
        for (var i = 0; i < records.Length; i++)
        {
            if (row.Bind(1, ids[i].Value).Read())
            {
                records[i] = Read(reader, row);
            }

            row.Reset();
        }

        return records;
    }

    /// <summary>The job of this key when it is of the name, queue and states wanted; else null.</summary>
    internal static JobRecord? FindIf(Reader reader, long key, long? name, long? queue, IReadOnlyList<JobState> states)
    {
        var row = reader.Statement($"{Select} WHERE j.key = ?1");
        var record = row.Bind(1, key).Read()
            && (name is null || row.Int64(1) == name)
            && (queue is null || row.Int64(2) == queue)
            && (states.Count == 0 || states.Contains(State(row)))
                ? Read(reader, row)
                : null;
        row.Reset();
        return record;
    }

    internal static IReadOnlyList<AttemptRecord> Attempts(Reader reader, JobId id)
    {
        var row = reader.Statement("""
            SELECT a.ordinal, a.number, a.ended_as, a.started_at, a.duration, a.worker, a.error, a.logs FROM job j
              JOIN attempt a ON a.job = j.key WHERE j.id = ?1
            UNION ALL
            SELECT c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.worker, c.error, c.logs FROM job j
              JOIN course c ON c.job = j.key WHERE j.id = ?1 AND c.ended_as IS NOT NULL
            ORDER BY 1 DESC LIMIT ?2
            """).Bind(1, id.Value).Bind(2, AttemptsMax);
        var attempts = new List<AttemptRecord>();
        while (row.Read())
        {
            attempts.Add(new AttemptRecord
            {
                Number = row.Int32(1),
                End = (AttemptEnd)row.Int32(2),
                StartedAt = StorageTime.To(row.Int64(3)),
                Duration = new TimeSpan(row.Int64(4)),
                Worker = reader.Words.Text(row.Int64(5)),
                Error = AttemptColumns.ToError(row.Bytes(6)),
                Logs = AttemptColumns.ToLogs(row.Bytes(7)),
            });
        }

        attempts.Reverse();
        return attempts;
    }

    private static JobState State(SqliteStatement row)
    {
        var state = row.IsNull(First + 1) ? JobState.Queued : (JobState)row.Int32(First + 1);
        return row.IsNull(First + 14) ? state : row.IsNull(First + 15) ? JobState.Queued : JobState.Running;
    }

    private static JobRecord Read(Reader reader, SqliteStatement row)
    {
        var attempts = row.Int32(First + 5);
        var isStarted = !row.IsNull(First + 15);
        var worker = isStarted ? row.Int64OrNull(First + 16) : row.Int64OrNull(First + 7);
        var error = AttemptColumns.ToError(row.Bytes(First + 10));
        if (error is null && attempts - 1 > row.Int32(First + 4))
        {
            error = EarlierError(reader, row.Int64(First), row.Int64(First + 4));
        }

        return new JobRecord
        {
            Message = MessageRow.Read(row, 0, reader.Words, (int?)row.Int64OrNull(First + 2)),
            State = State(row),
            EnqueuedAt = StorageTime.To(row.Int64(6)),
            DueAt = StorageTime.To(row.Int64OrNull(First + 3)),
            StartedAt = StorageTime.To(row.Int64OrNull(isStarted ? First + 15 : First + 6)),
            FinishedAt = StorageTime.To(row.Int64OrNull(First + 8)),
            Attempts = attempts + (isStarted ? 1 : 0),
            Worker = worker is { } word ? reader.Words.Text(word) : null,
            Result = row.Bytes(First + 9).ToArray(),
            Error = error,
            Reason = row.TextOrNull(First + 11),
            Progress = row.DoubleOrNull(First + 18) ?? row.DoubleOrNull(First + 12),
            ProgressMessage = row.TextOrNull(First + 19) ?? row.TextOrNull(First + 13),
            CancelRequested = row.Int64(First + 17) != 0,
        };
    }

    private static JobError? EarlierError(Reader reader, long job, long after)
    {
        var row =
            reader.Statement(
                "SELECT error FROM attempt WHERE job = ?1 AND ordinal > ?2 AND error IS NOT NULL ORDER BY ordinal "
                    + "DESC LIMIT 1")
                .Bind(1, job)
                .Bind(2, after);
        var error = row.Read() ? AttemptColumns.ToError(row.Bytes(0)) : null;
        row.Reset();
        return error;
    }
}

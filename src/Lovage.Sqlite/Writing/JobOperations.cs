using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

internal sealed class CancelOperation(IReadOnlyList<JobId> ids, string? reason)
    : WriteOperation<IReadOnlyList<CancelStatus>>
{
    internal override int Weight => ids.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var statuses = new CancelStatus[ids.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            statuses[i] = Cancel(session, ids[i]);
        }

        Result = statuses;
    }

    private CancelStatus Cancel(WriteSession session, JobId id)
    {
        if (JobRow.Find(session, id) is not { } job)
        {
            return CancelStatus.Unknown;
        }

        var course = session.FindCourse(job.Key);
        if (course.Exists && course.State.IsFinal)
        {
            return CancelStatus.AlreadyEnded;
        }

        if (session.Statement("UPDATE claim SET cancel = 1, cancel_reason = ?2 WHERE job = ?1")
            .Bind(1, job.Key)
            .Bind(2, reason)
            .Run() > 0)
        {
            return CancelStatus.Requested;
        }

        var sums = session.Tally.Queue(job.Queue);
        var ready = session.Statement(
            "DELETE FROM ready WHERE queue = ?1 AND lane IN (0, 1) AND priority = ?2 AND seq = ?3");
        if (ready.Bind(1, job.Queue).Bind(2, job.Priority).Bind(3, course.Seq ?? job.Key).Run() > 0)
        {
            sums.Ready--;
        }
        else if (session.Statement("DELETE FROM delayed WHERE queue = ?1 AND due = ?2 AND job = ?3")
            .Bind(1, job.Queue)
            .Bind(2, course.Due)
            .Bind(3, job.Key)
            .Run() > 0)
        {
            sums.Delayed--;
        }

        session.End(job.Key, job.Queue, job.Name, JobState.Cancelled, reason);
        return CancelStatus.Cancelled;
    }
}

internal sealed class RequeueOperation(IReadOnlyList<JobId> ids) : WriteOperation<int>
{
    internal override int Weight => ids.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var count = 0;
        for (var i = 0; i < ids.Count; i++)
        {
            if (JobRow.Find(session, ids[i]) is { } job
                && session.FindCourse(job.Key) is { Exists: true, State.IsFinal: true })
            {
                Requeue(session, job);
                count++;
            }
        }

        Result = count;
    }

    private static void Requeue(WriteSession session, JobRow job)
    {
        var seq = session.NextTicket();
        session.Statement(Schema.Sql.ArchiveAttempt).Bind(1, job.Key).Run();
        session.Statement("""
            UPDATE course SET state = ?2, seq = ?3, retries = NULL, due = NULL, deaths = 0, base = attempts,
              number = NULL, ended_as = NULL, duration = NULL, stamp = NULL,
              finished_at = NULL, result = NULL, error = NULL, logs = NULL, reason = NULL, progress = NULL,
              progress_message = NULL WHERE job = ?1
            """).Bind(1, job.Key).Bind(2, (long)JobState.Queued).Bind(3, seq).Run();
        session.Statement(
            "UPDATE job SET retries = 0, delay = NULL, eta = NULL, expires = CASE WHEN expires > ?2 THEN expires END "
                + "WHERE key = ?1")
            .Bind(1, job.Key)
            .Bind(2, session.Now)
            .Run();
        session.MakeReady(job.Queue, lane: 1, job.Priority, seq, job.Key, session.Now, again: true);
        session.Tally.Job(job.Queue, job.Name).Enqueued++;
        session.ForgetEnded(1);
    }
}

internal sealed class PruneOperation(RetentionPolicy policy, int max) : WriteOperation<int>
{
    private static readonly JobState[] FinalStates =
    [
        JobState.Succeeded,
        JobState.Failed,
        JobState.Cancelled,
        JobState.Expired,
        JobState.Dead,
    ];

    internal override int Weight => max * 3;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = 0;
        return Candidates(session, 1, Ended(session)).Count > 0;
    }

    internal override void Run(WriteSession session)
    {
        var old = Candidates(session, max, session.Ended);
        foreach (var job in old)
        {
            session.Statement("DELETE FROM attempt WHERE job = ?1").Bind(1, job).Run();
            session.Statement("DELETE FROM course WHERE job = ?1").Bind(1, job).Run();
            session.Statement("DELETE FROM job WHERE key = ?1").Bind(1, job).Run();
        }

        session.ForgetEnded(old.Count);
        Result = old.Count;
    }

    private static long Ended(WriteSession session)
    {
        var meta = session.Statement(Schema.Sql.ReadMeta);
        meta.Read();
        var ended = meta.Int64(1);
        meta.Reset();
        return ended;
    }

    /// <summary>
    /// The oldest ones by their end, state by state from an index: first those over the bound on rows, then those over
    /// their age.
    /// </summary>
    private List<long> Candidates(WriteSession session, int count, long ended)
    {
        var oldest = new List<(long Job, long FinishedAt, JobState State)>();
        foreach (var state in FinalStates)
        {
            var row =
                session.Statement(
                    "SELECT job, finished_at FROM course WHERE state = ?1 AND finished_at IS NOT NULL ORDER BY "
                        + "finished_at LIMIT ?2")
                    .Bind(1, (long)state)
                    .Bind(2, count);
            while (row.Read())
            {
                oldest.Add((row.Int64(0), row.Int64(1), state));
            }
        }

        oldest.Sort(static (a, b) => (a.FinishedAt, a.Job).CompareTo((b.FinishedAt, b.Job)));
        var over = ended - policy.RowsMax;
        var old = new List<long>();
        foreach (var (job, finishedAt, state) in oldest)
        {
            var age = session.Now - finishedAt;
            if (old.Count < count
                && (old.Count < over || age > (state == JobState.Dead ? policy.Dead : policy.Finished).Ticks))
            {
                old.Add(job);
            }
        }

        return old;
    }
}

/// <summary>What is needed to move a job that nobody holds.</summary>
internal readonly record struct JobRow(long Key, long Name, long Queue, long Priority)
{
    internal static JobRow? Find(WriteSession session, JobId id)
    {
        var row = session.Statement("SELECT key, name, queue, priority FROM job WHERE id = ?1").Bind(1, id.Value);
        JobRow? job = row.Read()
            ? new JobRow(row.Int64(0), row.Int64(1), row.Int64(2), Math.Clamp(row.Int64(3), 0, 9))
            : null;
        row.Reset();
        return job;
    }
}

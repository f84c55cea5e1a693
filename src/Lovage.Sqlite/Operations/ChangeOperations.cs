using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>A change of jobs that a person asks for; each job is changed or refused by itself.</summary>
internal abstract class ChangeOperation(IReadOnlyList<JobId> ids) : WriteOperation<IReadOnlyList<ChangeResult>>
{
    internal override int Weight => ids.Count;

    internal override bool WakesOthers => true;

    internal sealed override void Run(WriteSession session)
    {
        var results = new ChangeResult[ids.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = session.Find.Stored(ids[i]) is not { } job ? new(ChangeStatus.Unknown, null)
                : TryChange(session, job) ? new(ChangeStatus.Changed, job.State)
                : new(ChangeStatus.NotPossible, job.State);
        }

        Changed(session);
        Result = results;
    }

    /// <summary>All jobs are changed or refused.</summary>
    protected virtual void Changed(WriteSession session)
    {
    }

    /// <returns>False when the job is not in a place from which the change is possible.</returns>
    protected abstract bool TryChange(WriteSession session, StoredJob job);
}

/// <summary>Puts ended jobs back into their queues as if they were new.</summary>
internal sealed class RequeueOperation(IReadOnlyList<JobId> ids) : ChangeOperation(ids)
{
    /// <summary>?1 key. Its attempts go to the history, and "base" tells how many those are.</summary>
    private const string RenewCourse = """
        UPDATE lovage_course SET retries = NULL, due = NULL, deaths = 0, base = attempts, number = NULL,
          ended_as = NULL, settled_as = NULL, wait = NULL, duration = NULL, stamp = NULL, fingerprint = NULL,
          finished_at = NULL, result = NULL, error = NULL, logs = NULL, reason = NULL, progress = NULL,
          progress_message = NULL, offers = 0, first_offer_at = NULL, asked = NULL WHERE job = ?1
        """;

    /// <summary>?1 key, ?2 now.</summary>
    private const string RenewMessage = """
        UPDATE lovage_message SET retries = 0, delay = NULL, eta = NULL,
          expires = CASE WHEN expires > ?2 THEN expires END WHERE key = ?1
        """;

    protected override bool TryChange(WriteSession session, StoredJob job)
    {
        if (!job.State.IsFinal)
        {
            return false;
        }

        session.Life.ArchiveAttempt(job.Key);
        session.Statement(RenewCourse).Bind(1, job.Key).Run();
        session.Statement(RenewMessage).Bind(1, job.Key).Bind(2, session.Now).Run();
        session.Tally.Job(job.Queue, job.Name).Enqueued++;
        session.AddEnded(-1);
        session.Life.PlaceBack(job.Key, job.Queue, Tables.OrdinaryLane, job.Priority, session.Now);
        return true;
    }
}

/// <summary>Deletes ended jobs with their attempts.</summary>
internal sealed class DeleteOperation(IReadOnlyList<JobId> ids) : ChangeOperation(ids)
{
    private readonly List<long> _deleted = [];

    /// <summary>?1 key. Comes back: the fields of the message that are rarely set, its marks among them.</summary>
    private const string DeleteMessage = "DELETE FROM lovage_message WHERE key = ?1 RETURNING more";

    /// <summary>?1 kind, ?2 text, ?3 key.</summary>
    private const string DeleteMark = "DELETE FROM lovage_mark WHERE kind = ?1 AND text = ?2 AND job = ?3";

    internal override bool WakesOthers => false;

    /// <summary>Removes the rows of an ended job.</summary>
    internal static void Delete(WriteSession session, long key)
    {
        session.Statement("DELETE FROM lovage_attempt WHERE job = ?1").Bind(1, key).Run();
        session.Statement("DELETE FROM lovage_course WHERE job = ?1").Bind(1, key).Run();
        var message = session.Statement(DeleteMessage).Bind(1, key);
        var marks = message.Read() ? JobMark.Of(message.Bytes(0)) : [];
        message.Reset();
        foreach (var mark in marks)
        {
            session.Statement(DeleteMark).Bind(1, (long)mark.Kind).Bind(2, mark.Text).Bind(3, key).Run();
        }

        session.AddEnded(-1);
    }

    protected override bool TryChange(WriteSession session, StoredJob job)
    {
        if (job.State.IsFinal)
        {
            Delete(session, job.Key);
            _deleted.Add(job.Key);
        }

        return job.State.IsFinal;
    }

    protected override void Changed(WriteSession session)
    {
        OldHistory.RemoveBlocks(session, _deleted);
        _deleted.Clear();
    }
}

/// <summary>Makes delayed jobs ready now, at the back of their queues.</summary>
internal sealed class RunNowOperation(IReadOnlyList<JobId> ids) : ChangeOperation(ids)
{
    protected override bool TryChange(WriteSession session, StoredJob job)
    {
        if (job.IsHeld || job.State is not (JobState.Scheduled or JobState.Retrying))
        {
            return false;
        }

        WaitingJobs.Leave(session, job);
        session.Statement("UPDATE lovage_course SET due = ?2 WHERE job = ?1")
            .Bind(1, job.Key)
            .Bind(2, session.Now)
            .Run();
        session.Life.PlaceBack(job.Key, job.Queue, Tables.OrdinaryLane, job.Priority, session.Now);
        return true;
    }
}

/// <summary>Moves jobs that no worker holds to another queue, another priority, or both.</summary>
internal sealed class MoveOperation(IReadOnlyList<JobId> ids, JobMove target) : ChangeOperation(ids)
{
    /// <summary>?1 key, ?2 queue, ?3 priority (NULL: as it is).</summary>
    private const string MoveMessage =
        "UPDATE lovage_message SET queue = ?2, priority = ifnull(?3, priority) WHERE key = ?1";

    protected override bool TryChange(WriteSession session, StoredJob job)
    {
        if (job.IsHeld || job.State.IsFinal)
        {
            return false;
        }

        var queue = target.Queue is { } name ? session.Words.Id(name) : job.Queue;
        var priority = target.Priority ?? job.Priority;
        var (lane, readyAt) = WaitingJobs.Leave(session, job);
        session.Statement(MoveMessage).Bind(1, job.Key).Bind(2, queue).Bind(3, (long?)target.Priority).Run();
        session.Tally.Job(job.Queue, job.Name).Moved--;
        session.Tally.Job(queue, job.Name).Moved++;
        session.Blocks.Note(BlockKind.Queue, job.Key, queue);
        if (lane is { } own)
        {
            session.Life.PlaceBack(job.Key, queue, own, priority, readyAt);
        }
        else
        {
            session.Life.PlaceDelayed(job.Key, queue, priority, job.Due!.Value);
        }

        return true;
    }
}

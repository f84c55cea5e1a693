using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;

namespace Lovage.Sqlite.Operations;

/// <summary>Cancels jobs, or notes the request when a worker holds them.</summary>
internal sealed class CancelOperation(IReadOnlyList<JobId> ids, string? reason)
    : WriteOperation<IReadOnlyList<CancelResult>>
{
    /// <summary>?1 key, ?2 reason.</summary>
    private const string Request = "UPDATE lovage_claim SET cancel = 1, cancel_reason = ?2 WHERE job = ?1";

    internal override int Weight => ids.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var results = new CancelResult[ids.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = Cancel(session, ids[i]);
        }

        Result = results;
    }

    private CancelResult Cancel(WriteSession session, JobId id)
    {
        if (session.Find.Stored(id) is not { } job)
        {
            return new(CancelStatus.Unknown, null);
        }

        if (job.State.IsFinal)
        {
            return new(CancelStatus.AlreadyEnded, job.State);
        }

        if (job.IsHeld)
        {
            session.Statement(Request).Bind(1, job.Key).Bind(2, reason).Run();
            return new(CancelStatus.Requested, job.State);
        }

        WaitingJobs.Leave(session, job);
        session.Life.EndJob(job.Key, job.Queue, job.Name, JobState.Cancelled, reason);
        return new(CancelStatus.Cancelled, JobState.Cancelled);
    }
}

namespace Lovage.Storage;

/// <summary>Sends the signal that belongs to each result of a storage call: the one place that decides which.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class StorageHints(SignalBus signals)
{
    /// <summary>Jobs were stored or became ready, or a due time is new.</summary>
    /// <param name="queue">The queue; null when there are several.</param>
    internal void Published(string? queue) => signals.Send(new Signal(SignalKind.JobsReady, queue));

    /// <summary>Claims ended and their jobs are ready again; a released orphan is an orphan still.</summary>
    internal void Returned(int count)
    {
        if (count > 0)
        {
            signals.Send(new Signal(SignalKind.JobsReady));
            signals.Send(new Signal(SignalKind.OrphansReady));
        }
    }

    /// <summary>Jobs stand in other queues, orphans among them perhaps.</summary>
    internal void Moved()
    {
        signals.Send(new Signal(SignalKind.JobsReady));
        signals.Send(new Signal(SignalKind.OrphansReady));
    }

    internal void Orphaned(int count)
    {
        if (count > 0)
        {
            signals.Send(new Signal(SignalKind.OrphansReady));
        }
    }

    internal void Resumed(string queue)
    {
        signals.Send(new Signal(SignalKind.JobsReady, queue));
        signals.Send(new Signal(SignalKind.OrphansReady, queue));
    }

    internal void Ended(JobId id)
    {
        if (signals.HasListener(SignalKind.JobEnded))
        {
            signals.Send(new Signal(SignalKind.JobEnded, null, id));
        }
    }

    internal void Ended(IReadOnlyList<EndedJob> jobs)
    {
        for (var i = 0; i < jobs.Count; i++)
        {
            signals.Send(new Signal(SignalKind.JobEnded, null, jobs[i].Id));
        }
    }

    internal void CancelRequested(JobId id) => signals.Send(new Signal(SignalKind.CancelRequested, null, id));

    /// <summary>
    /// An outcome was written: what it became, and whether messages that follow from it were published.
    /// </summary>
    /// <returns>True when jobs may be ready or due because of it.</returns>
    internal bool Settled(Settlement outcome, SettleResult result)
    {
        if (result is not { Status: SettleStatus.Applied, State: { } state })
        {
            return false;
        }

        if (state.IsFinal)
        {
            Ended(outcome.Id);
        }

        return !state.IsFinal
            || (outcome.FollowUps.Count > 0 && state == JobLifecycle.After(outcome.Decision, JobState.Running));
    }
}

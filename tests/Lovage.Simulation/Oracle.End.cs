using Lovage.Simulation.Load;
using Lovage.Simulation.Storage;
using Lovage.Storage;

namespace Lovage.Simulation;

/// <content>This part looks at what the storage keeps, and at everything once nothing is left to do.</content>
internal sealed partial class Oracle
{
    private readonly JobId[] _one = new JobId[1];

    /// <summary>
    /// Nothing is lost, nothing is held, every job is what its handler made it, and the storage says the same.
    /// </summary>
    internal void CheckAtEnd()
    {
        Check(_live.Count == 0, $"{_live.Count} leases are left.");
        Check(
            _world.Storage.State.Claims.Count == 0,
            $"The storage still knows {_world.Storage.State.Claims.Count} claims.");
        foreach (var job in _jobs.Values)
        {
            if (job.IsStored)
            {
                CheckRecord(job);
                CheckOutcome(job);
            }
        }

        foreach (var queue in SharedStorage.Now(_world.Storage.Broker.QueuesAsync(CancellationToken.None)))
        {
            Check(
                queue is { Ready: 0, Scheduled: 0, Claimed: 0 },
                $"The counters of queue {queue.Queue} are not zero: {queue}.");
        }

        CheckCounters();
    }

    private void CheckRecord(SimulatedJob job)
    {
        _one[0] = job.Message.Id;
        if (SharedStorage.Now(_world.Storage.History.FindAsync(_one, CancellationToken.None))[0] is not { } record)
        {
            _world.Violate($"{job} is lost: the storage does not know it.");
            return;
        }

        Check(record.State == job.Outcome, $"{job} ended as {job.Outcome} and is recorded as {record.State}.");
        Check(
            record.FinishedAt == job.EndedAt,
            $"{job} ended at {job.EndedAt:O} and is recorded at {record.FinishedAt:O}.");
        Check(
            record.Message.Retries == job.Failures,
            $"{job} failed {job.Failures} times and is recorded with {record.Message.Retries}.");
    }

    private void CheckOutcome(SimulatedJob job)
    {
        var isCancelled = job.Outcome == JobState.Cancelled;
        var isExpired = job.Outcome == JobState.Expired && job.Message.Expires is not null;
        var isDeadByFaults = job.Outcome == JobState.Dead && job.Deaths == JobLifecycle.DeathsMax;

        // A process that was frozen, or whose storage kept it waiting, may find a handler done that it would have given
        // up.
        var endedUnseen = job.Outcome == JobState.Succeeded
            && job.LastStarted is { } last
            && last.Node.LastFault >= last.ClaimedAt;
        var usesUpAttempts = job.BadAttempts >= job.MaxAttempts;
        var holds = job.Behaviour switch
        {
            Behaviour.Rejects => job.Outcome == JobState.Dead || isCancelled || isExpired,
            Behaviour.Unknown => job.Outcome == JobState.Dead || isCancelled || isExpired,
            Behaviour.Killer => isDeadByFaults && job.Starts >= 1,
            Behaviour.Overrun =>
                job.Outcome is JobState.Failed || endedUnseen || isCancelled || isExpired || isDeadByFaults,
            Behaviour.Fails or Behaviour.AsksAgain => job.Outcome == (usesUpAttempts
                ? JobState.Failed
                : JobState.Succeeded) || isCancelled || isExpired || isDeadByFaults,
            _ => job.Outcome == JobState.Succeeded || isCancelled || isExpired || isDeadByFaults,
        };
        Check(
            holds,
            $"{job} ended as {job.Outcome} after {job.Starts} starts, {job.Failures} failures and {job.Deaths} "
                + $"deaths.");
        if (job.Behaviour == Behaviour.Killer)
        {
            // It is found out by two watched starts. One more comes before, unless it was thrown back unstarted by
            // another killer.
            Check(
                !_world.Faults.IsCalm || job.Starts - JobLifecycle.DeathsMax is 0 or 1,
                $"{job} was started {job.Starts} times.");
        }

        if (job.Child is { } child && job.Outcome == JobState.Succeeded)
        {
            Check(child.IsStored, $"{job} succeeded and what it enqueues was lost.");
        }
    }

    private void CheckCounters()
    {
        var counters = SharedStorage.Now(_world.Storage.History.CountersAsync(CancellationToken.None))
            .ToDictionary(counter => (counter.Queue, counter.Name));
        foreach (var group in _jobs.Values.Where(job => job.IsStored)
            .GroupBy(job => (job.Message.Queue, job.Message.Name)))
        {
            long Count(JobState state) => group.Count(job => job.Outcome == state);
            var recount = new JobCounter
            {
                Queue = group.Key.Queue,
                Name = group.Key.Name,
                Enqueued = group.Count(),
                Succeeded = Count(JobState.Succeeded),
                Failed = Count(JobState.Failed),
                Retried = group.Sum(job => job.Failures),
                Cancelled = Count(JobState.Cancelled),
                Expired = Count(JobState.Expired),
                Dead = Count(JobState.Dead),
            };
            Check(
                counters[group.Key] == recount, $"The counters say {counters[group.Key]}; a recount gives {recount}.");
        }
    }
}

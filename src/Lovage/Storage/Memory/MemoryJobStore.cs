using Lovage.Storage.Memory.Life;
using Lovage.Storage.Memory.State;
using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory;

/// <summary>Outcomes, and changes that a person asks for, in memory.</summary>
internal sealed class MemoryJobStore(MemoryState state, JobLife life, SignalBus signals, TimeProvider time)
    : JobStore("memory", signals, time)
{
    protected override ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var results = new SettleResult[outcomes.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = Settle(outcomes[i], now);
            }
        }

        return new(results);
    }

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var held = new bool[starts.Count];
        lock (state.Gate)
        {
            for (var i = 0; i < held.Length; i++)
            {
                var start = starts[i];
                if (!state.TryFindClaim(start.Token, out var job))
                {
                    continue;
                }

                held[i] = true;
                job.HasStartedAhead |= start.Ahead;
                if (!job.HasStarted)
                {
                    job.HasStarted = true;
                    job.Attempts++;
                    job.StartedAt = start.StartedAt;
                    job.Worker = job.Owner;
                    job.State = JobState.Running;
                    if (job.Offers > 0)
                    {
                        job.Reason = null;
                        JobLife.ForgetOffers(job);
                    }
                }
            }
        }

        return new(held);
    }

    protected override ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            for (var i = 0; i < updates.Count; i++)
            {
                if (!state.TryFindClaim(updates[i].Token, out var job))
                {
                    continue;
                }

                if (updates[i].Fraction is { } fraction)
                {
                    (job.Progress, job.ProgressMessage) = (fraction, updates[i].Message);
                }

                if (updates[i].Lines.Count > 0)
                {
                    state.KeepLiveLines(job, updates[i].Lines);
                }
            }
        }

        return default;
    }

    protected override ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var results = new CancelResult[ids.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = Cancel(ids[i], reason, now);
            }
        }

        return new(results);
    }

    protected override ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => Change(ids, Requeue, cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => Change(ids, Delete, cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => Change(ids, RunNow, cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken) =>
        Change(ids, (job, _) => Move(job, target), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = 0;
        lock (state.Gate)
        {
            var now = state.Now;
            while (count < max && state.Archive.Prune(policy, now) is { } job)
            {
                state.Remove(job);
                count++;
            }

            state.Failures.Forget(now);
            foreach (var counter in state.Counters)
            {
                counter.Forget(now - JobHistory.StatisticsKept);
            }
        }

        return new(count);
    }

    private SettleResult Settle(Settlement outcome, DateTimeOffset now)
    {
        var token = outcome.Token;
        if (!state.TryFindClaim(token, out var job) || job.Message.Id != outcome.Id)
        {
            return SettledBefore(outcome);
        }

        var plan = OutcomePlan.Of(outcome, job.CancelRequested, job.CancelReason);
        life.KeepAttempt(job, outcome.Attempt, now);
        life.EndClaim(job);
        (job.SettledStamp, job.SettledAs) = (token.Stamp, plan.State);
        job.IsOrphan = false;
        if (plan.IsRetry)
        {
            job.Counter.Retried(now);
            job.Message = job.Message with { Retries = job.Message.Retries + 1 };
            JobLife.ForgetProgress(job);
        }
        else
        {
            job.Result = outcome.Result;
            if (outcome.Progress is { } progress)
            {
                (job.Progress, job.ProgressMessage) = (progress, outcome.ProgressMessage);
            }
        }

        if (plan.State.IsFinal)
        {
            life.EndJob(job, plan.State, plan.Reason, now);
        }
        else
        {
            job.Reason = plan.Reason;
            life.PlaceDelayed(job, now + outcome.RetryDelay, plan.State);
        }

        for (var i = 0; plan.PublishesFollowUps && i < outcome.FollowUps.Count; i++)
        {
            life.Publish(outcome.FollowUps[i], now);
        }

        return new(SettleStatus.Applied, job.State);
    }

    /// <summary>What a call with the same token wrote before, as long as the job has had no other outcome.</summary>
    private SettleResult SettledBefore(Settlement outcome) =>
        state.TryFind(outcome.Id, out var known)
        && known.Number == outcome.Token.Claim
        && known.SettledStamp == outcome.Token.Stamp
            ? new(SettleStatus.Applied, known.State == known.SettledAs ? known.State : null)
            : new(SettleStatus.Stale, null);

    private CancelResult Cancel(JobId id, string? reason, DateTimeOffset now)
    {
        if (!state.TryFind(id, out var job))
        {
            return new(CancelStatus.Unknown, null);
        }

        if (job.State.IsFinal)
        {
            return new(CancelStatus.AlreadyEnded, job.State);
        }

        if (job.Stamp != 0)
        {
            job.CancelRequested = true;
            job.CancelReason = reason;
            return new(CancelStatus.Requested, job.State);
        }

        job.Queue.Leave(job);
        life.EndJob(job, JobState.Cancelled, reason, now);
        return new(CancelStatus.Cancelled, job.State);
    }

    private ValueTask<IReadOnlyList<ChangeResult>> Change(
        IReadOnlyList<JobId> ids, Func<MemoryJob, DateTimeOffset, bool> change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var results = new ChangeResult[ids.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < results.Length; i++)
            {
                if (!state.TryFind(ids[i], out var job))
                {
                    results[i] = new(ChangeStatus.Unknown, null);
                    continue;
                }

                var found = job.State;
                results[i] = new(change(job, now) ? ChangeStatus.Changed : ChangeStatus.NotPossible, found);
            }
        }

        return new(results);
    }

    private bool Requeue(MemoryJob job, DateTimeOffset now)
    {
        if (!job.State.IsFinal)
        {
            return false;
        }

        state.Archive.Revived(job);
        job.Message = job.Message with
        {
            Retries = 0,
            Delay = TimeSpan.Zero,
            Eta = null,
            Expires = job.Message.Expires <= now ? null : job.Message.Expires,
        };
        job.Renew();
        JobLife.ForgetProgress(job);
        JobLife.ForgetOffers(job);
        job.Counter.Accepted(now);
        life.PlaceBack(job, now);
        return true;
    }

    private bool Delete(MemoryJob job, DateTimeOffset now)
    {
        if (!job.State.IsFinal)
        {
            return false;
        }

        state.Archive.Delete(job);
        state.Remove(job);
        return true;
    }

    private bool RunNow(MemoryJob job, DateTimeOffset now)
    {
        if (job.Stamp != 0 || job.State is not (JobState.Scheduled or JobState.Retrying))
        {
            return false;
        }

        job.Queue.Leave(job);
        job.DueAt = now;
        life.PlaceBack(job, now);
        return true;
    }

    private bool Move(MemoryJob job, JobMove target)
    {
        if (job.Stamp != 0 || job.State.IsFinal)
        {
            return false;
        }

        job.Queue.Leave(job);
        job.Counter.Moved(-1);
        job.Message = job.Message with
        {
            Queue = target.Queue ?? job.Message.Queue,
            Priority = target.Priority ?? job.Message.Priority,
        };
        job.Queue = state.Queue(job.Message.Queue);
        job.Counter = state.Counter(job.Message.Queue, job.Message.Name);
        job.Counter.Moved(1);
        if (job.State == JobState.Queued)
        {
            life.PlaceBack(job, job.ReadyAt);
        }
        else
        {
            life.PlaceDelayed(job, job.DueAt!.Value, job.State);
        }

        return true;
    }
}

using System.Globalization;
using Lovage.Storage.Outbox;

namespace Lovage.Storage.Memory;

/// <summary>Records and outcomes in memory.</summary>
internal sealed class MemoryStore(MemoryState state, SignalBus signals, TimeProvider time)
    : JobStore("memory", signals, time)
{
    public override JobOutbox OpenOutbox()
    {
        lock (state.Gate)
        {
            return state.Outbox ??= new MemoryOutbox(state);
        }
    }

    protected override ValueTask<IReadOnlyList<SettleStatus>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var statuses = new SettleStatus[outcomes.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < statuses.Length; i++)
            {
                statuses[i] = Settle(outcomes[i], now);
            }
        }

        return new(statuses);
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
                if (state.TryFindClaim(updates[i].Token, out var job))
                {
                    job.Progress = updates[i].Fraction;
                    job.ProgressMessage = updates[i].Message;
                }
            }
        }

        return default;
    }

    protected override ValueTask<IReadOnlyList<CancelStatus>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var statuses = new CancelStatus[ids.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < statuses.Length; i++)
            {
                statuses[i] = Cancel(ids[i], reason, now);
            }
        }

        return new(statuses);
    }

    protected override ValueTask<int> RequeueCoreAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = 0;
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < ids.Count; i++)
            {
                if (state.TryFind(ids[i], out var job) && job.State.IsFinal)
                {
                    state.Restart(job, now);
                    count++;
                }
            }
        }

        return new(count);
    }

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var records = new JobRecord?[ids.Count];
        lock (state.Gate)
        {
            for (var i = 0; i < records.Length; i++)
            {
                records[i] = state.TryFind(ids[i], out var job) ? job.ToRecord() : null;
            }
        }

        return new(records);
    }

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var before = long.MaxValue;
        if (query.After is not null
            && !long.TryParse(query.After, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            throw new ArgumentException(
                "The place to continue from is not one that a page gave. Start again from the first page.",
                nameof(query));
        }

        lock (state.Gate)
        {
            // One more than the page tells whether there is another.
            var found = state.Archive.NewestFirst(before)
                .Where(job => Matches(job, query))
                .Take(query.Limit + 1)
                .ToList();
            var next = found.Count > query.Limit
                ? found[query.Limit - 1].Number.ToString(CultureInfo.InvariantCulture)
                : null;
            return new(new JobPage([.. found.Take(query.Limit).Select(job => job.ToRecord())], next));
        }
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var count = state.Archive.NewestFirst(long.MaxValue).Where(job => Matches(job, query)).Take(max).Count();
            return new(new BoundedCount(count, count < max));
        }
    }

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.TryFind(id, out var job) ? job.History : []);
        }
    }

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.Counters.Select(counter => counter.ToCounter()).ToArray());
        }
    }

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
        }

        return new(count);
    }

    private SettleStatus Settle(Settlement outcome, DateTimeOffset now)
    {
        var token = outcome.Token;
        if (!state.TryFindClaim(token, out var job) || job.Message.Id != outcome.Id)
        {
            return state.TryFind(outcome.Id, out var known)
                && known.Number == token.Claim
                && known.SettledStamp == token.Stamp
                ? SettleStatus.Applied
                : SettleStatus.Stale;
        }

        if (!job.HasStarted)
        {
            job.Attempts++;
        }

        state.Unclaim(job);
        job.SettledStamp = token.Stamp;
        job.IsReclaimed = false;
        job.StartedAt = outcome.Attempt.StartedAt;
        job.Worker = outcome.Attempt.Worker;
        job.Error = outcome.Attempt.Error ?? job.Error;
        job.Remember(outcome.Attempt);
        if (outcome.Decision == JobDecision.Retry)
        {
            Retry(job, outcome, now);
        }
        else
        {
            job.Result = outcome.Result;
            if (outcome.Progress is { } progress)
            {
                (job.Progress, job.ProgressMessage) = (progress, outcome.ProgressMessage);
            }

            state.End(job, JobLifecycle.After(outcome.Decision, job.State), outcome.Reason, now);
        }

        for (var i = 0; i < outcome.FollowUps.Count; i++)
        {
            state.Publish(outcome.FollowUps[i], now);
        }

        return SettleStatus.Applied;
    }

    private void Retry(MemoryJob job, Settlement outcome, DateTimeOffset now)
    {
        job.Counter.Retried++;
        job.Message = job.Message with { Retries = job.Message.Retries + 1 };
        job.Reason = outcome.Reason;
        MemoryState.ForgetProgress(job);
        if (job.CancelRequested)
        {
            state.End(job, JobState.Cancelled, job.CancelReason, now);
        }
        else
        {
            state.Wait(job, now + outcome.RetryDelay, JobState.Retrying);
            state.Outbox?.Add(job);
        }
    }

    private CancelStatus Cancel(JobId id, string? reason, DateTimeOffset now)
    {
        if (!state.TryFind(id, out var job))
        {
            return CancelStatus.Unknown;
        }

        if (job.State.IsFinal)
        {
            return CancelStatus.AlreadyEnded;
        }

        if (job.Stamp != 0)
        {
            job.CancelRequested = true;
            job.CancelReason = reason;
            return CancelStatus.Requested;
        }

        job.Queue.Leave(job);
        state.End(job, JobState.Cancelled, reason, now);
        return CancelStatus.Cancelled;
    }

    private static bool Matches(MemoryJob job, JobQuery query) =>
        (query.States.Count == 0 || query.States.Contains(job.State))
        && (query.Name is null || query.Name == job.Message.Name)
        && (query.Queue is null || query.Queue == job.Message.Queue);
}

using Lovage.Protocol;

namespace Lovage.Storage.Memory;

/// <summary>Queues and leases in memory.</summary>
internal sealed class MemoryBroker(MemoryState state, SignalBus signals, TimeProvider time)
    : JobBroker("memory", signals, time)
{
    protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var statuses = new PublishStatus[messages.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < statuses.Length; i++)
            {
                statuses[i] = state.Publish(messages[i], now);
            }
        }

        return new(statuses);
    }

    protected override ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var (open, nextDue) = state.Open(request.Queues, now);
            var leaseEnds = state.TimestampAfter(request.Lease);
            var taken = request.WithReclaimed
                && Take(open, request, reclaimed: true, leaseEnds, now) is { Count: > 0 } watched
                ? watched
                : Take(open, request, reclaimed: false, leaseEnds, now);
            return new(new ReceiveResult(
                taken,
                nextDue,
                IsAll: taken.Count < request.Max && !taken.Exists(static delivery => delivery.StartFirst)));
        }
    }

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var statuses = new LeaseStatus[tokens.Count];
        lock (state.Gate)
        {
            var leaseEnds = state.TimestampAfter(lease);
            for (var i = 0; i < statuses.Length; i++)
            {
                if (!state.TryFindClaim(tokens[i], out var job))
                {
                    statuses[i] = LeaseStatus.Lost;
                    continue;
                }

                job.LeaseEnds = leaseEnds;
                statuses[i] = job.CancelRequested ? LeaseStatus.CancelRequested : LeaseStatus.Held;
            }
        }

        return new(statuses);
    }

    protected override ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var released = 0;
        List<JobId>? cancelled = null;
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < tokens.Count; i++)
            {
                if (!state.TryFindClaim(tokens[i], out var job))
                {
                    continue;
                }

                released++;
                MemoryState.RememberLostAttempt(job, AttemptEnd.Interrupted, now);
                state.Unclaim(job);
                if (!state.Return(job, now))
                {
                    (cancelled ??= []).Add(job.Message.Id);
                }
            }
        }

        foreach (var id in cancelled ?? [])
        {
            Signals.Send(new Signal(SignalKind.JobEnded, null, id));
        }

        return new(released);
    }

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var dead = deadOwners.ToHashSet(StringComparer.Ordinal);
        var (returned, buried, cancelled) = (0, 0, 0);
        lock (state.Gate)
        {
            var now = state.Now;
            var timestamp = state.Timestamp;
            var lost = state.Claims
                .Where(job => job.LeaseEnds <= timestamp || dead.Contains(job.Owner!))
                .OrderBy(job => job.Stamp)
                .Take(max)
                .ToArray();
            foreach (var job in lost)
            {
                if (job.HasStartedAhead)
                {
                    job.Deaths++;
                }

                var decision = JobLifecycle.Decide(
                    job.State,
                    AttemptEnd.OwnerDied,
                    new AttemptFacts(job.Message.Retries, job.Message.MaxAttempts ?? 1, RecordedStarts: job.Deaths));
                MemoryState.RememberLostAttempt(job, AttemptEnd.OwnerDied, now);
                state.Unclaim(job);
                if (decision == JobDecision.Bury)
                {
                    state.End(job, JobState.Dead, $"Its process died {job.Deaths} times while it ran.", now);
                    buried++;
                    continue;
                }

                job.IsReclaimed = true;
                if (state.Return(job, now))
                {
                    returned++;
                }
                else
                {
                    cancelled++;
                }
            }
        }

        return new(new ReclaimResult(returned, buried, cancelled));
    }

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.Claims.Select(job => job.Owner!).Distinct(StringComparer.Ordinal).ToArray());
        }
    }

    protected override ValueTask PauseCoreAsync(string queue, string reason, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            state.Queue(queue).PauseReason = reason;
        }

        return default;
    }

    protected override ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            state.Queue(queue).PauseReason = null;
        }

        return default;
    }

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var statuses = new List<QueueStatus>();
            foreach (var queue in state.Queues.OrderBy(q => q.Name, StringComparer.Ordinal))
            {
                state.Promote(queue, now);
                statuses.Add(new QueueStatus(
                    queue.Name,
                    queue.Ready,
                    queue.Scheduled,
                    queue.Claimed,
                    now - queue.OldestReady(),
                    queue.PauseReason is not null,
                    queue.PauseReason));
            }

            return new(statuses);
        }
    }

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var peeked = state.Queue(queue);
            state.Promote(peeked, state.Now);
            return new(peeked.InOrder().Take(max).Select(job => job.Message).ToArray());
        }
    }

    private List<Delivery> Take(
        List<MemoryQueue> open, ReceiveRequest request, bool reclaimed, long leaseEnds, DateTimeOffset now)
    {
        var max = reclaimed ? 1 : request.Max;
        var taken = new List<Delivery>(Math.Min(max, 64));
        foreach (var queue in open)
        {
            while (taken.Count < max && queue.TakeReady(reclaimed) is { } job)
            {
                taken.Add(state.Claim(job, request.Owner.Key, leaseEnds, now));
            }
        }

        return taken;
    }
}

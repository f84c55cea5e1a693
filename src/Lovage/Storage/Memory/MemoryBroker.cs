using Lovage.Protocol;
using Lovage.Storage.Memory.Life;
using Lovage.Storage.Memory.State;
using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory;

/// <summary>Queues and leases in memory.</summary>
internal sealed class MemoryBroker(MemoryState state, JobLife life, SignalBus signals, TimeProvider time)
    : JobBroker("memory", signals, time)
{
    protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var results = new PublishResult[messages.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = life.Publish(messages[i], now);
            }
        }

        return new(results);
    }

    protected override JobReceiver OpenReceiverCore(ReceiverOptions options) =>
        new MemoryReceiver(this, state, life, options);

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

    protected override ValueTask<ReleaseResult> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = 0;
        var ended = new List<EndedJob>();
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < tokens.Count; i++)
            {
                if (!state.TryFindClaim(tokens[i], out var job))
                {
                    continue;
                }

                count++;
                EndLostClaim(job, AttemptEnd.Interrupted, now);
                Return(job, ReturnPlan.Released(job.CancelRequested, job.CancelReason), now, ended);
            }
        }

        return new(new ReleaseResult(count, ended));
    }

    protected override ValueTask<ReleaseResult> DeclineCoreAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = 0;
        var ended = new List<EndedJob>();
        lock (state.Gate)
        {
            var now = state.Now;
            for (var i = 0; i < offers.Count; i++)
            {
                if (!state.TryFindClaim(offers[i].Token, out var job))
                {
                    continue;
                }

                count++;
                EndLostClaim(job, AttemptEnd.Interrupted, now);
                job.IsOrphan = false;
                if (job.CancelRequested)
                {
                    Return(job, ReturnPlan.Released(isToBeCancelled: true, job.CancelReason), now, ended);
                }
                else
                {
                    OfferAgain(job, offers[i], limit, now, ended);
                }
            }
        }

        return new(new ReleaseResult(count, ended));
    }

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var dead = deadOwners.ToHashSet(StringComparer.Ordinal);
        var count = 0;
        var ended = new List<EndedJob>();
        lock (state.Gate)
        {
            var now = state.Now;
            var timestamp = state.Timestamp;
            MemoryJob[] lost =
            [
                .. state.Claims
                    .Where(job => job.LeaseEnds <= timestamp || dead.Contains(job.Owner!))
                    .OrderBy(static job => job.Stamp)
                    .Take(max),
            ];
            foreach (var job in lost)
            {
                if (job.HasStartedAhead)
                {
                    job.Deaths++;
                }

                count++;
                EndLostClaim(job, AttemptEnd.OwnerDied, now);
                var plan = ReturnPlan.Reclaimed(job.Deaths, job.CancelRequested, job.CancelReason);
                job.IsOrphan |= !plan.State.IsFinal;
                Return(job, plan, now, ended);
            }
        }

        return new(new ReclaimResult(count - ended.Count, ended));
    }

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.Claims.Select(static job => job.Owner!).Distinct(StringComparer.Ordinal).ToArray());
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

    protected override ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
        string queue, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var purged = state.Queue(queue);
            var ended = new List<EndedJob>();
            foreach (var job in purged.InOrder().Concat(purged.Delayed()).Take(max).ToArray())
            {
                purged.Leave(job);
                ended.Add(life.EndJob(job, JobState.Cancelled, JobLifecycle.PurgedReason, now));
            }

            return new(ended);
        }
    }

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var statuses = new List<QueueStatus>();
            foreach (var queue in state.Queues.OrderBy(static q => q.Name, StringComparer.Ordinal))
            {
                life.Promote(queue, now);
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
            life.Promote(peeked, state.Now);
            return new(peeked.InOrder().Take(max).Select(static job => job.Message).ToArray());
        }
    }

    private void EndLostClaim(MemoryJob job, AttemptEnd end, DateTimeOffset now)
    {
        JobLife.KeepLostAttempt(job, end, now);
        life.EndClaim(job);
    }

    /// <summary>Gives a job whose claim ended the place, or the end, that the plan says.</summary>
    private void Return(MemoryJob job, ReturnPlan plan, DateTimeOffset now, List<EndedJob> ended)
    {
        if (!plan.State.IsFinal)
        {
            life.PlaceFront(job);
            return;
        }

        if (plan.State == JobState.Cancelled)
        {
            JobLife.ForgetProgress(job);
        }

        ended.Add(life.EndJob(job, plan.State, plan.Reason, now));
    }

    private void OfferAgain(
        MemoryJob job, DeclinedOffer offer, TimeSpan limit, DateTimeOffset now, List<EndedJob> ended)
    {
        var plan = OfferPlan.Declined(
            StorageTime.From(job.FirstOfferAt), job.Asked, offer.Worker, limit, StorageTime.From(now));
        job.Offers++;
        job.FirstOfferAt = StorageTime.To(plan.FirstOfferAt);
        job.Asked = plan.Asked;
        if (plan.State.IsFinal)
        {
            ended.Add(life.EndJob(job, plan.State, plan.Reason, now));
        }
        else
        {
            job.Reason = plan.Reason;
            life.PlaceDelayed(job, now + offer.Delay, plan.State);
        }
    }
}

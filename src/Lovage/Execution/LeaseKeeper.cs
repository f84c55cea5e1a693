using Lovage.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Keeps the leases that this worker holds: renews them, and passes on what a renewal says of them.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LeaseKeeper(JobBroker broker, TimeSpan lease, TimeProvider time)
{
    private static readonly TimeSpan ReleasePause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<LeaseToken, HeldLease> _held = [];
    private readonly WakeUp _removed = new();
    private int _watchers;
    private long _renewedTimestamp = time.GetTimestamp();
    private long _leaseTicks = lease.Ticks;

    /// <summary>How long a lease lasts that is claimed or renewed from now on.</summary>
    internal TimeSpan Lease
    {
        get => new(Volatile.Read(ref _leaseTicks));
        set => Volatile.Write(ref _leaseTicks, value.Ticks);
    }

    /// <summary>How long ago the last good renewal was, or zero while there is nothing to renew.</summary>
    internal TimeSpan RenewalAge =>
        Count == 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _renewedTimestamp));

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Adds what was just received.</summary>
    /// <param name="deliveries">The deliveries.</param>
    /// <param name="sentTimestamp">When the claim was asked for: the lease cannot have begun before.</param>
    /// <param name="claimed">How long the claims last from then.</param>
    /// <param name="added">Receives a lease for each.</param>
    internal void Add(
        IReadOnlyList<Delivery> deliveries, long sentTimestamp, TimeSpan claimed, List<HeldLease> added)
    {
        var ends = Ends(sentTimestamp, claimed);
        var received = time.GetTimestamp();
        lock (_lock)
        {
            if (_held.Count == 0)
            {
                Volatile.Write(ref _renewedTimestamp, sentTimestamp);
            }

            for (var i = 0; i < deliveries.Count; i++)
            {
                var held = new HeldLease(deliveries[i], received, ends);
                _held[held.Delivery.Token] = held;
                added.Add(held);
            }
        }
    }

    internal void Remove(LeaseToken token)
    {
        lock (_lock)
        {
            _held.Remove(token);
        }

        WakeWatchers();
    }

    internal void Remove(IReadOnlyList<Settlement> outcomes)
    {
        lock (_lock)
        {
            for (var i = 0; i < outcomes.Count; i++)
            {
                _held.Remove(outcomes[i].Token);
            }
        }

        WakeWatchers();
    }

    /// <summary>True from the delivery until its outcome is written or the claim ends otherwise.</summary>
    internal bool Holds(LeaseToken token)
    {
        lock (_lock)
        {
            return _held.ContainsKey(token);
        }
    }

    /// <summary>Waits until a claim is no longer held, for a time at the most.</summary>
    internal async Task WaitUntilGoneAsync(LeaseToken token, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();

        // Who removes removes first and looks at the count then: one of the two sees the other.
        Interlocked.Increment(ref _watchers);
        try
        {
            while (true)
            {
                var seen = _removed.Version;
                var rest = limit - time.GetElapsedTime(start);
                if (rest <= TimeSpan.Zero || !Holds(token))
                {
                    return;
                }

                await _removed.WaitAsync(seen, rest, time, cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    /// <summary>The lease of a job, when this worker holds it.</summary>
    internal HeldLease? Find(JobId id)
    {
        lock (_lock)
        {
            return _held.Values.FirstOrDefault(held => held.Delivery.Message.Id == id);
        }
    }

    /// <summary>
    /// Releases claims. Those that the storage does not take back now come back when their leases end.
    /// </summary>
    /// <returns>The jobs that ended with their release.</returns>
    internal async ValueTask<IReadOnlyList<EndedJob>> ReleaseAsync(
        IReadOnlyList<LeaseToken> tokens, WorkerReport report, CancellationToken cancellationToken)
    {
        IReadOnlyList<EndedJob> ended = [];
        foreach (var part in tokens.Chunk(JobBroker.BatchMax))
        {
            try
            {
                var result = await broker.ReleaseAsync(part, cancellationToken);
                ended = ended.Count == 0 ? result.Ended : [.. ended, .. result.Ended];
            }
            catch (StorageException error)
            {
                report.LoopFault("release", error);
            }

            foreach (var token in part)
            {
                Remove(token);
            }
        }

        return ended;
    }

    /// <summary>
    /// Releases a claim whose start was written ahead, however long the storage does not answer: until the storage has
    /// taken it back, the death of this process would count against the job.
    /// </summary>
    /// <returns>The job, when it ended with its release.</returns>
    internal async ValueTask<IReadOnlyList<EndedJob>> ReleaseStartedAsync(
        LeaseToken token, WorkerReport report, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    return (await broker.ReleaseAsync([token], cancellationToken)).Ended;
                }
                catch (StorageException error)
                {
                    report.LoopFault("release", error);
                    if (!error.IsTransient)
                    {
                        return [];
                    }
                }

                await Task.Delay(ReleasePause, time, cancellationToken);
            }
        }
        finally
        {
            Remove(token);
        }
    }

    /// <summary>True while the lease may be trusted.</summary>
    internal bool IsTrusted(HeldLease held) => time.GetTimestamp() < held.EndsTimestamp;

    /// <summary>
    /// Renews everything once. A storage that cannot be asked leaves the leases running on; those past their end are
    /// given up.
    /// </summary>
    internal async Task RenewAsync(CancellationToken cancellationToken)
    {
        HeldLease[] all;
        lock (_lock)
        {
            all = [.. _held.Values.Where(static held => !held.IsCompleting)];
        }

        try
        {
            await RefreshAsync(all, cancellationToken);
            Volatile.Write(ref _renewedTimestamp, time.GetTimestamp());
        }
        finally
        {
            foreach (var held in all)
            {
                if (!IsTrusted(held) && !held.IsCompleting)
                {
                    held.Cancel(JobCancellationReason.LeaseLost);
                }
            }
        }
    }

    /// <summary>Asks about some leases at once, after a hint that one of their jobs is to be cancelled.</summary>
    internal async Task RefreshAsync(IReadOnlyList<HeldLease> some, CancellationToken cancellationToken)
    {
        foreach (var part in some.Where(static held => !held.IsCompleting).Chunk(JobBroker.BatchMax))
        {
            var (sent, asked) = (time.GetTimestamp(), Lease);
            var statuses = await broker.RenewAsync(
                [.. part.Select(held => held.Delivery.Token)], asked, cancellationToken);
            var ends = Ends(sent, asked);
            for (var i = 0; i < part.Length; i++)
            {
                Apply(part[i], statuses[i], ends);
            }
        }
    }

    private void Apply(HeldLease held, LeaseStatus status, long ends)
    {
        switch (status)
        {
            case LeaseStatus.Lost:
                bool stillHeld;
                lock (_lock)
                {
                    stillHeld = _held.ContainsKey(held.Delivery.Token);
                }

                // A lease whose outcome was written while the renewal was under way is not lost but done.
                if (stillHeld)
                {
                    Unfailing.Tell(1, static count => LovageTelemetry.LeaseLost.Add(count));
                    held.EndsTimestamp = 0;
                    held.Cancel(JobCancellationReason.LeaseLost);
                }

                break;
            case LeaseStatus.CancelRequested:
                held.EndsTimestamp = ends;
                held.Cancel(JobCancellationReason.Revoked);
                break;
            default:
                held.EndsTimestamp = ends;
                break;
        }
    }

    private void WakeWatchers()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _watchers) > 0)
        {
            _removed.Pulse();
        }
    }

    private long Ends(long sentTimestamp, TimeSpan asked) =>
        sentTimestamp + (long)(asked.TotalSeconds * 0.8 * time.TimestampFrequency);
}

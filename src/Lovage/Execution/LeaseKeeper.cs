using Lovage.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>A claim that this worker holds, from its delivery until its outcome is written.</summary>
internal sealed class HeldLease(Delivery delivery, long receivedTimestamp, long endsTimestamp)
{
    private JobAttempt? _attempt;
    private JobCancellationReason _cancelled;

    internal Delivery Delivery { get; } = delivery;

    internal long ReceivedTimestamp { get; } = receivedTimestamp;

    /// <summary>
    /// The timestamp after which this worker no longer trusts the lease, a fifth of it before the storage does.
    /// </summary>
    internal long EndsTimestamp
    {
        get => Volatile.Read(ref endsTimestamp);
        set => Volatile.Write(ref endsTimestamp, value);
    }

    /// <summary>Why it must not start; none while it may.</summary>
    internal JobCancellationReason Cancelled => _cancelled;

    /// <summary>
    /// True once the handler has asked for its outcome to be written in a transaction: that one holds the claim until
    /// it ends, nobody can take it, and a renewal would only wait for it, with all others that are renewed together
    /// with it.
    /// </summary>
    internal bool IsCompleting => Volatile.Read(ref _attempt)?.Completed is not null;

    /// <summary>Ties the lease to its running attempt, which hears of a cancellation that came before.</summary>
    internal void Run(JobAttempt attempt)
    {
        // Who cancels sets the reason first and looks for the attempt then; here it is the other way round, so that one
        // of the two sees the other.
        Volatile.Write(ref _attempt, attempt);
        Interlocked.MemoryBarrier();
        if (_cancelled != JobCancellationReason.None)
        {
            attempt.Cancel(_cancelled);
        }
    }

    internal void Cancel(JobCancellationReason reason)
    {
        if (_cancelled == JobCancellationReason.None || reason == JobCancellationReason.LeaseLost)
        {
            _cancelled = reason;
        }

        Interlocked.MemoryBarrier();
        Volatile.Read(ref _attempt)?.Cancel(reason);
    }
}

/// <summary>Keeps the leases that this worker holds: renews them, and passes on what a renewal says of them.</summary>
internal sealed class LeaseKeeper(JobBroker broker, TimeSpan lease, TimeProvider time)
{
    private static readonly TimeSpan ReleasePause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<LeaseToken, HeldLease> _held = [];
    private long _renewedTimestamp = time.GetTimestamp();

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
    /// <param name="added">Receives a lease for each.</param>
    internal void Add(IReadOnlyList<Delivery> deliveries, long sentTimestamp, List<HeldLease> added)
    {
        var ends = Ends(sentTimestamp);
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
    }

    /// <summary>True from the delivery until its outcome is written or it is given back.</summary>
    internal bool Holds(LeaseToken token)
    {
        lock (_lock)
        {
            return _held.ContainsKey(token);
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

    /// <summary>Gives claims back. Those that cannot be given back now come back when their leases end.</summary>
    internal async Task ReleaseAsync(
        IReadOnlyList<LeaseToken> tokens, WorkerReport report, CancellationToken cancellationToken)
    {
        foreach (var part in tokens.Chunk(JobBroker.BatchMax))
        {
            try
            {
                await broker.ReleaseAsync(part, cancellationToken);
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
    }

    /// <summary>
    /// Gives back a claim whose start was written ahead, however long the storage does not answer: until it has taken
    /// it, the death of this process would count against the job, so that no other one that came back may run.
    /// </summary>
    internal async Task ReleaseStartedAsync(LeaseToken token, WorkerReport report, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await broker.ReleaseAsync([token], cancellationToken);
                    return;
                }
                catch (StorageException error)
                {
                    report.LoopFault("release", error);
                    if (!error.IsTransient)
                    {
                        return;
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
            var sent = time.GetTimestamp();
            var statuses = await broker.RenewAsync(
                [.. part.Select(held => held.Delivery.Token)], lease, cancellationToken);
            var ends = Ends(sent);
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
                    LovageTelemetry.LeaseLost.Add(1);
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

    private long Ends(long sentTimestamp) => sentTimestamp + (long)(lease.TotalSeconds * 0.8 * time.TimestampFrequency);
}

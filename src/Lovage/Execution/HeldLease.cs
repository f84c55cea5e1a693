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
    /// The definition of its job; null when this worker does not know the name, or only an older definition.
    /// </summary>
    internal JobDefinition? Definition { get; set; }

    /// <summary>How many parameters a handler must have to take its arguments, as far as it is known.</summary>
    internal int Needed { get; set; } = delivery.Message.Parameters;

    /// <summary>True when the intake counts it, from its arrival until it is done with.</summary>
    internal bool TakesRoom { get; set; }

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
    /// True once the handler has asked for its outcome to be written in a transaction. That transaction holds the claim
    /// until it ends: no other owner can take the claim, and a renewal would wait for it, together with all others of
    /// the same call.
    /// </summary>
    internal bool IsCompleting => Volatile.Read(ref _attempt)?.Completed is not null;

    /// <summary>Its running attempt; null while it has none.</summary>
    internal JobAttempt? Attempt => Volatile.Read(ref _attempt);

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

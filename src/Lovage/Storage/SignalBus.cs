using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>What a signal is about.</summary>
public enum SignalKind
{
    /// <summary>A queue has got jobs that are ready or a new due time.</summary>
    JobsReady = 0,

    /// <summary>A running job is to be cancelled.</summary>
    CancelRequested = 1,

    /// <summary>A job has ended.</summary>
    JobEnded = 2,

    /// <summary>An unknown change. Every listener checks what it waits for.</summary>
    Changed = 3,

    /// <summary>Schedules have changed, or no scheduler leads any more.</summary>
    SchedulesChanged = 4,

    /// <summary>A queue has got orphans: jobs that came back from a dead owner.</summary>
    OrphansReady = 5,

    /// <summary>A command for workers, or a reply to one, is there.</summary>
    Control = 6,

    /// <summary>A bulk operation was made, is to be cancelled, or has ended.</summary>
    OperationsChanged = 7,
}

/// <summary>A hint from one process to another: something may have changed.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Queue">The queue; null where it does not apply.</param>
/// <param name="Id">The job; the default value where it does not apply.</param>
public readonly record struct Signal(SignalKind Kind, string? Queue = null, JobId Id = default);

/// <summary>
/// Carries signals between the processes that share a storage. A signal may be lost, and correctness never hangs on
/// one: a listener also polls.
/// </summary>
/// <remarks>
/// Safe for use by several threads. The bus calls a handler on the thread on which the signal arrives. A handler must
/// be quick and must not throw.
/// </remarks>
[Experimental("LVGS001")]
public abstract class SignalBus
{
    private readonly Lock _lock = new();
    private Subscription[] _subscriptions = [];

    /// <summary>
    /// True when code in this process listens to this kind; a sender may skip a signal without listeners.
    /// </summary>
    /// <param name="kind">The kind.</param>
    public bool HasListener(SignalKind kind)
    {
        foreach (var subscription in Volatile.Read(ref _subscriptions))
        {
            if (subscription.Hears(kind))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Sends a signal; never throws and never waits.</summary>
    /// <param name="signal">The signal.</param>
    public void Send(Signal signal)
    {
        Dispatch(signal);
        SendCore(signal);
    }

    /// <summary>Listens. <see cref="SignalKind.Changed"/> is heard by every listener.</summary>
    /// <param name="handler">Called for each signal.</param>
    /// <param name="kinds">Which kinds.</param>
    /// <returns>Dispose it to stop listening.</returns>
    public IDisposable Subscribe(Action<Signal> handler, params ReadOnlySpan<SignalKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var mask = 1 << (int)SignalKind.Changed;
        foreach (var kind in kinds)
        {
            mask |= 1 << (int)kind;
        }

        var subscription = new Subscription(this, handler, mask);
        lock (_lock)
        {
            Volatile.Write(ref _subscriptions, [.. _subscriptions, subscription]);
        }

        return subscription;
    }

    /// <summary>
    /// Carries a signal to other processes. Does nothing by default, for storages whose other processes notice changes
    /// by themselves.
    /// </summary>
    /// <param name="signal">The signal, which this process has heard already.</param>
    protected virtual void SendCore(Signal signal)
    {
    }

    /// <summary>Calls this process's listeners, such as for a signal from another process.</summary>
    /// <param name="signal">The signal.</param>
    protected void Dispatch(Signal signal)
    {
        foreach (var subscription in Volatile.Read(ref _subscriptions))
        {
            if (subscription.Hears(signal.Kind))
            {
                subscription.Handler(signal);
            }
        }
    }

    private sealed class Subscription(SignalBus bus, Action<Signal> handler, int mask) : IDisposable
    {
        public Action<Signal> Handler { get; } = handler;

        public bool Hears(SignalKind kind) => (mask & (1 << (int)kind)) != 0;

        public void Dispose()
        {
            lock (bus._lock)
            {
                Volatile.Write(ref bus._subscriptions, [.. bus._subscriptions.Where(s => s != this)]);
            }
        }
    }
}

namespace Lovage.Storage;

/// <summary>
/// Lets many callers wait for "something may have changed" and lose no change between looking and waiting. A caller
/// reads <see cref="Version"/>, looks, then waits for another version.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
public sealed class WakeUp
{
    private readonly Lock _lock = new();
    private readonly HashSet<Waiter> _waiters = [];
    private long _version;

    /// <summary>Grows with each <see cref="Pulse"/>.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Wakes waiting callers.</summary>
    /// <param name="most">How many at the most, when there is work for no more; all by default.</param>
    public void Pulse(int most = int.MaxValue)
    {
        Waiter[] woken;
        lock (_lock)
        {
            _version++;
            if (_waiters.Count == 0)
            {
                return;
            }

            woken = [.. _waiters.Take(most)];
            _waiters.ExceptWith(woken);
        }

        foreach (var waiter in woken)
        {
            waiter.TrySetResult(true);
        }
    }

    /// <summary>Waits, for as long as it takes, for a pulse after the version that was seen.</summary>
    /// <param name="seen">The version read before looking.</param>
    public Task WaitAsync(long seen)
    {
        lock (_lock)
        {
            if (_version != seen)
            {
                return Task.CompletedTask;
            }

            var waiter = new Waiter();
            _waiters.Add(waiter);
            return waiter.Task;
        }
    }

    /// <summary>Waits for a pulse after the version that was seen.</summary>
    /// <param name="seen">The version read before looking.</param>
    /// <param name="limit">How long at the most; <see cref="TimeSpan.MaxValue"/> for no limit.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    /// <returns>True when woken, false when the time was up.</returns>
    public async ValueTask<bool> WaitAsync(
        long seen, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var waiter = new Waiter();
        lock (_lock)
        {
            if (_version != seen)
            {
                return true;
            }

            if (limit <= TimeSpan.Zero)
            {
                return false;
            }

            _waiters.Add(waiter);
        }

        // Not Task.WaitAsync: it uses the thread pool under every scheduler, and it ends each wait that ran out with an
        // exception.
        try
        {
            await using var timer = limit == TimeSpan.MaxValue ? null : time.CreateTimer(
                static state => ((Waiter)state!).TrySetResult(false), waiter, limit, Timeout.InfiniteTimeSpan);
            await using var cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
            return await waiter.Task;
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    /// <summary>Waits on the calling thread; no other thread is needed to wake it.</summary>
    /// <param name="seen">The version read before looking.</param>
    /// <param name="limit">How long at the most.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    /// <returns>True when woken, false when the time was up.</returns>
    public bool Wait(long seen, TimeSpan limit, CancellationToken cancellationToken)
    {
        var waiter = new Waiter();
        lock (_lock)
        {
            if (_version != seen)
            {
                return true;
            }

            _waiters.Add(waiter);
        }

        try
        {
            return waiter.Task.Wait(limit, cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    private sealed class Waiter() : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
}

namespace Lovage.Storage;

/// <summary>
/// Lets many wait for "something may have changed" without losing a change between looking and waiting: read <see cref="Version"/>, look, then wait
/// for a version other than the one read.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
public sealed class WakeUp
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiters;
    private long _version;

    /// <summary>Grows with each <see cref="Pulse"/>.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Wakes all who wait.</summary>
    public void Pulse()
    {
        TaskCompletionSource? waiters;
        lock (_lock)
        {
            _version++;
            waiters = _waiters;
            _waiters = null;
        }

        waiters?.TrySetResult();
    }

    /// <summary>Waits for a pulse after the version that was seen.</summary>
    /// <param name="seen">The version read before looking.</param>
    /// <param name="limit">How long at the most.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    /// <returns>True when woken, false when the time was up.</returns>
    public async ValueTask<bool> WaitAsync(long seen, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        Task pulse;
        lock (_lock)
        {
            if (_version != seen)
            {
                return true;
            }

            _waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pulse = _waiters.Task;
        }

        if (limit <= TimeSpan.Zero)
        {
            return false;
        }

        try
        {
            await pulse.WaitAsync(limit, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

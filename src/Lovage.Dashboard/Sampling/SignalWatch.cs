using Lovage.Storage;

namespace Lovage.Dashboard.Sampling;

/// <summary>
/// Hears the storage's signals while it is on: any of them means that counters may have changed.
/// </summary>
/// <remarks>
/// The sampler's loop calls it. Signals come on other threads, thousands a second while a worker drains a queue: all
/// after the first cost one read until the loop looks again.
/// </remarks>
internal sealed class SignalWatch(JobInspector jobs)
{
    private readonly WakeUp _heard = new();
    private IDisposable? _subscription;
    private int _isHeard;

    /// <summary>Listens or does not. It listens later when the storage is not open yet.</summary>
    internal void Turn(bool isOn)
    {
        if (!isOn)
        {
            _subscription?.Dispose();
            _subscription = null;
        }
        else if (_subscription is null)
        {
            try
            {
                _subscription = jobs.Follow(Hear);
            }
            catch (StorageException)
            {
                // The sampler polls all the same.
            }
        }
    }

    /// <summary>Call it before a look: a signal that comes later has not been looked at.</summary>
    /// <returns>What <see cref="WaitAsync"/> begins with.</returns>
    internal long Begin()
    {
        Volatile.Write(ref _isHeard, 0);
        return _heard.Version;
    }

    /// <summary>Waits for a signal.</summary>
    /// <returns>False when the time was up.</returns>
    internal ValueTask<bool> WaitAsync(
        long begun, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken) =>
        _heard.WaitAsync(begun, limit, time, cancellationToken);

    private void Hear()
    {
        if (Volatile.Read(ref _isHeard) == 0 && Interlocked.Exchange(ref _isHeard, 1) == 0)
        {
            _heard.Pulse();
        }
    }
}

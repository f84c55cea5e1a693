using Lovage.Diagnostics;

namespace Lovage.Dashboard.Sampling;

/// <summary>A reading that all requests share: one is under way at a time, and a fresh one is not repeated.</summary>
/// <remarks>
/// Safe for use by several threads. A failed reading is told to all who wait for it, and is not kept.
/// </remarks>
internal sealed class Cached<T>(TimeProvider time, TimeSpan freshness, Func<CancellationToken, Task<T>> read)
{
    /// <summary>How long one reading may take.</summary>
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Task<T>? _reading;
    private long _endedTimestamp;

    /// <summary>The newest reading, which is at most so old; else a new one.</summary>
    internal Task<T> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_reading is null
                || (_reading.IsCompleted
                    && (!_reading.IsCompletedSuccessfully || time.GetElapsedTime(_endedTimestamp) >= freshness)))
            {
                _reading = AmbientState.Without(this, static cached => cached.ReadAsync());
            }

            return _reading.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Makes the next caller read anew.</summary>
    internal void Forget()
    {
        lock (_lock)
        {
            _reading = null;
        }
    }

    private async Task<T> ReadAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var limit = new CancellationTokenSource(ReadLimit, time);
        try
        {
            return await read(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new StorageException(
                $"The storage has not answered within {ReadLimit.TotalSeconds:0} s.", isTransient: true);
        }
        finally
        {
            Volatile.Write(ref _endedTimestamp, time.GetTimestamp());
        }
    }
}

namespace Lovage;

/// <summary>
/// Refuses jobs for a queue that holds too many. It reads the storage's counters at most every 250 ms, and counts what
/// this process adds in between. Several processes together may exceed the bound by what they add in that time.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class QueueAdmission(StorageGate gate, ClientSettings settings, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly Dictionary<string, long> _pending = new(StringComparer.Ordinal);
    private long? _readAt;

    internal bool IsOn => settings.PendingMax is not null;

    /// <summary>Counts jobs in, or refuses them.</summary>
    /// <exception cref="QueueFullException">The queue would hold more than the bound.</exception>
    internal async ValueTask AdmitAsync(string queue, int count, CancellationToken cancellationToken)
    {
        if (settings.PendingMax is not { } max)
        {
            return;
        }

        if (!IsFresh())
        {
            await ReadAsync(cancellationToken);
        }

        lock (_lock)
        {
            var pending = _pending.GetValueOrDefault(queue) + count;
            if (pending > max)
            {
                throw new QueueFullException(
                    queue,
                    $"{pending - count:N0} jobs wait there; the limit is {max:N0} (Lovage:Limits:PendingMax).",
                    RetryAfter);
            }

            _pending[queue] = pending;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    private async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (IsFresh())
            {
                return;
            }

            var queues = await gate.Storage.Broker.QueuesAsync(cancellationToken);
            lock (_lock)
            {
                _pending.Clear();
                foreach (var status in queues)
                {
                    _pending[status.Queue] = status.Ready + status.Scheduled;
                }

                _readAt = time.GetTimestamp();
            }
        }
        finally
        {
            _reading.Release();
        }
    }

    private bool IsFresh()
    {
        lock (_lock)
        {
            return _readAt is { } at && time.GetElapsedTime(at) < Freshness;
        }
    }
}

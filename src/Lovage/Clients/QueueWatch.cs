using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>
/// Warns once for each queue into which this process enqueues although no live worker serves it: a misspelt name, or a
/// worker without that queue.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed partial class QueueWatch : IDisposable
{
    /// <summary>Long enough for a worker that starts together with this process to be listed.</summary>
    private static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(15);

    private readonly StorageGate _gate;
    private readonly GuardedLogger _logger;
    private readonly ITimer _timer;
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private HashSet<string> _pending = new(StringComparer.Ordinal);
    private string? _last;

    internal QueueWatch(StorageGate gate, TimeProvider time, GuardedLogger logger)
    {
        _gate = gate;
        _logger = logger;
        _timer = AmbientState.Timer(time, this, static watch => _ = ((QueueWatch)watch!).LookAsync());
    }

    /// <summary>A job was stored in this queue.</summary>
    internal void Note(string queue)
    {
        if (ReferenceEquals(queue, Volatile.Read(ref _last)))
        {
            // The common case costs no search.
            return;
        }

        Volatile.Write(ref _last, queue);
        if (!_seen.TryAdd(queue, true))
        {
            return;
        }

        lock (_lock)
        {
            _pending.Add(queue);
            _timer.Change(LookAfter, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>The queues that live workers serve; null when the storage keeps no list of workers.</summary>
    internal static async ValueTask<HashSet<string>?> ServedAsync(
        JobStorage storage, CancellationToken cancellationToken) =>
        storage.Workers is { } workers
            ? (await workers.ListAsync(cancellationToken)).SelectMany(static worker => worker.Queues)
                .ToHashSet(StringComparer.Ordinal)
            : null;

    [SuppressMessage("Design", "CA1031", Justification = "A warning that cannot be given must end no process.")]
    private async Task LookAsync()
    {
        HashSet<string> pending;
        lock (_lock)
        {
            (pending, _pending) = (_pending, new HashSet<string>(StringComparer.Ordinal));
        }

        try
        {
            if (await ServedAsync(_gate.Storage, CancellationToken.None) is { } served)
            {
                foreach (var queue in pending.Where(queue => !served.Contains(queue)))
                {
                    Unserved(_logger, queue);
                }
            }
        }
        catch (Exception)
        {
            // The next job for the queue makes it look again.
            foreach (var queue in pending)
            {
                _seen.TryRemove(queue, out _);
            }

            Volatile.Write(ref _last, null);
        }
    }

    [LoggerMessage(
        1002,
        LogLevel.Warning,
        "Jobs were enqueued into queue {Queue}, which no live worker serves: they wait. Add the queue to a worker "
            + "(AddWorker(worker => worker.Queues = [...])), or correct its name")]
    private static partial void Unserved(ILogger logger, string queue);
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Group commit: concurrent callers share one write. A caller that finds no write under way writes at once. Callers
/// that come during a write share the next one. No timer stands between a caller and its write.
/// </summary>
/// <remarks>
/// Safe for use by several threads. A failed write fails its own callers and no others. A caller that gives up does not
/// disturb the others.
/// </remarks>
internal sealed class PublishLane : IAsyncDisposable
{
    private const int TicksInLimit = 8;

    private readonly Lock _lock = new();
    private readonly StorageGate _gate;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly int _waitingMax;
    private readonly StrongBox<int> _waitingCalls;
    private readonly ITimer _watch;
    private readonly Queue<PendingPublish> _waiting = new();
    private PendingPublish[] _writing = [];
    private CancellationTokenSource? _writeLimit;
    private bool _isWriting;
    private bool _watching;

    /// <param name="gate">The way to the storage.</param>
    /// <param name="settings">How long a caller waits, and how many may.</param>
    /// <param name="waitingCalls">The calls that wait, in all lanes of the process.</param>
    /// <param name="time">Measures waits.</param>
    internal PublishLane(StorageGate gate, ClientSettings settings, StrongBox<int> waitingCalls, TimeProvider time)
    {
        _gate = gate;
        _time = time;
        _limit = settings.EnqueueTimeout;
        _waitingMax = settings.EnqueueCallsMax;
        _waitingCalls = waitingCalls;
        _watch = AmbientState.Timer(time, this, static state => ((PublishLane)state!).FailLate());
    }

    /// <summary>Stores one message, together with those of other callers.</summary>
    /// <exception cref="StorageException">The write failed or took too long; its message says what is
    /// known.</exception>
    /// <exception cref="QueueFullException">Too many callers wait already.</exception>
    internal ValueTask<PublishResult> PublishAsync(JobMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var storage = _gate.Storage;
        var pending = new PendingPublish(message, _time.GetTimestamp());
        PendingPublish[]? batch = null;
        lock (_lock)
        {
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = batch = [pending];
            }
            else if (Interlocked.Increment(ref _waitingCalls.Value) > _waitingMax)
            {
                Interlocked.Decrement(ref _waitingCalls.Value);
                throw new QueueFullException(
                    message.Queue,
                    $"{_waitingMax:N0} calls wait for the storage already (Lovage:Limits:EnqueueCallsMax).",
                    TimeSpan.FromSeconds(1));
            }
            else
            {
                _waiting.Enqueue(pending);
            }

            if (!_watching)
            {
                _watching = true;
                _watch.Change(_limit / TicksInLimit, _limit / TicksInLimit);
            }
        }

        pending.ListenTo(cancellationToken);
        if (batch is not null)
        {
            // The writes of later callers must not carry this caller's ambient state along.
            _ = AmbientState.Without(
                (Lane: this, storage, batch), static write => write.Lane.WriteAsync(write.storage, write.batch));
        }

        return pending.Completion;
    }

    /// <summary>Stops the watch over time limits; the container calls it after the last caller.</summary>
    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _writeLimit?.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the write threw belongs to its callers.")]
    private async Task WriteAsync(JobStorage storage, PendingPublish[] batch)
    {
        var onCallersThread = true;
        while (true)
        {
            var messages = Array.ConvertAll(batch, static pending => pending.Message);
            try
            {
                var write = storage.Broker.PublishAsync(messages, NewWriteLimit());
                onCallersThread &= write.IsCompleted;
                var results = await write;
                for (var i = 0; i < batch.Length; i++)
                {
                    batch[i].Complete(results[i]);
                }
            }
            catch (OperationCanceledException)
            {
                Fail(batch, TooLate(_limit, _gate, written: true));
            }
            catch (Exception fault)
            {
                Fail(batch, fault);
            }

            if (batch.Length > 1)
            {
                // Callers that were just answered often enqueue again at once. Without this yield the next write would
                // hold one of them, and the write after it all others.
                await Task.Yield();
            }

            if (!TryTakeNext(out batch))
            {
                return;
            }

            if (onCallersThread)
            {
                // With a storage that answers at once, the first caller's thread would write for all others.
                onCallersThread = false;
                await Task.Yield();
            }
        }
    }

    private CancellationToken NewWriteLimit()
    {
        // Not disposed: without a timer of its own it holds nothing.
        var limit = new CancellationTokenSource();
        lock (_lock)
        {
            _writeLimit = limit;
        }

        return limit.Token;
    }

    private bool TryTakeNext(out PendingPublish[] batch)
    {
        lock (_lock)
        {
            batch = TakeNeedsLock();
            _writing = batch;
            _isWriting = batch.Length > 0;
            return _isWriting;
        }
    }

    private PendingPublish[] TakeNeedsLock()
    {
        if (_waiting.Count == 0)
        {
            return [];
        }

        var batch = new List<PendingPublish>(Math.Min(_waiting.Count, PublishBatcher.RowsMax));
        var bytes = 0L;
        while (batch.Count < PublishBatcher.RowsMax && _waiting.TryPeek(out var next))
        {
            if (next.IsCompleted)
            {
                DequeueNeedsLock();
                continue;
            }

            bytes += next.Message.Body.Length;
            if (bytes > PublishBatcher.BytesMax && batch.Count > 0)
            {
                break;
            }

            batch.Add(DequeueNeedsLock());
        }

        return [.. batch];
    }

    private PendingPublish DequeueNeedsLock()
    {
        Interlocked.Decrement(ref _waitingCalls.Value);
        return _waiting.Dequeue();
    }

    /// <summary>Fails the callers that have waited for longer than the limit. It runs while any caller waits.</summary>
    private void FailLate()
    {
        var late = new List<PendingPublish>();
        PendingPublish[] writing = [];
        CancellationTokenSource? write = null;
        lock (_lock)
        {
            while (_waiting.TryPeek(out var first) && (first.IsCompleted || IsLate(first)))
            {
                late.Add(DequeueNeedsLock());
            }

            if (_isWriting)
            {
                writing = Array.FindAll(_writing, IsLate);
                write = writing.Length == _writing.Length ? _writeLimit : null;
            }
            else if (_waiting.Count == 0)
            {
                _watching = false;
                _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        foreach (var pending in late)
        {
            pending.Fail(TooLate(_limit, _gate, written: false));
        }

        foreach (var pending in writing)
        {
            pending.Fail(TooLate(_limit, _gate, written: true));
        }

        // All its callers have been answered: the write itself may stop, and the next may begin. What the storage does
        // to stop it may take time that this timer does not have.
        _ = write?.CancelAsync();
    }

    private bool IsLate(PendingPublish pending) => _time.GetElapsedTime(pending.Since) >= _limit;

    private static void Fail(PendingPublish[] batch, Exception fault)
    {
        foreach (var pending in batch)
        {
            pending.Fail(fault);
        }
    }

    /// <summary>What a caller is told whose time is over.</summary>
    internal static StorageException TooLate(TimeSpan limit, StorageGate gate, bool written) => new(
        (written
            ? $"The storage did not confirm the job within {limit.TotalSeconds:0.###} s "
                + "(Lovage:Limits:EnqueueTimeout). Whether it was stored is not known: enqueue again with the same "
                + "Job.Id, which is safe, or accept that it may run twice."
            : $"The storage was busy with earlier writes for {limit.TotalSeconds:0.###} s "
                + "(Lovage:Limits:EnqueueTimeout). The job was not stored: enqueue it again later.")
        + (gate.BlockedFor > TimeSpan.Zero
            ? " Another connection has a transaction open that keeps Lovage from writing: end it, or pass it to the "
                + "call."
            : ""),
        isTransient: true);
}

using System.Diagnostics.CodeAnalysis;
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
internal sealed class PublishBatcher : EnqueueRoute, IAsyncDisposable
{
    /// <summary>Messages in one write at the most.</summary>
    internal const int RowsMax = JobBroker.BatchMax;

    /// <summary>Bytes of bodies in one write, unless a single message is larger.</summary>
    internal const int BytesMax = 1024 * 1024;

    private const int TicksInLimit = 8;

    private readonly Lock _lock = new();
    private readonly StorageGate _gate;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly int _waitingMax;
    private readonly ITimer _watch;
    private readonly Queue<PendingPublish> _waiting = new();
    private PendingPublish[] _writing = [];
    private CancellationTokenSource? _writeLimit;
    private bool _isWriting;
    private bool _watching;

    internal PublishBatcher(StorageGate gate, ClientSettings settings, TimeProvider time)
    {
        _gate = gate;
        _time = time;
        _limit = settings.EnqueueTimeout;
        _waitingMax = settings.EnqueueCallsMax;
        _watch = time.CreateTimer(
            static state => ((PublishBatcher)state!).FailLate(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>The client fills one batch while the storage writes two others.</summary>
    internal override int BatchesMax => 3;

    /// <summary>Stores one message, together with those of other callers.</summary>
    /// <exception cref="StorageException">The write failed or took too long; its message says what is
    /// known.</exception>
    /// <exception cref="QueueFullException">Too many callers wait already.</exception>
    internal override ValueTask<PublishResult> PublishAsync(JobMessage message, CancellationToken cancellationToken)
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
            else if (_waiting.Count >= _waitingMax)
            {
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
            // The writes of later callers must not carry this caller's ambient state (trace, request) along.
            if (ExecutionContext.IsFlowSuppressed())
            {
                _ = WriteAsync(storage, batch);
            }
            else
            {
                using (ExecutionContext.SuppressFlow())
                {
                    _ = WriteAsync(storage, batch);
                }
            }
        }

        return pending.Completion;
    }

    /// <summary>Stores a batch in a write of its own, under the same time limit.</summary>
    /// <exception cref="StorageException">The write failed or took too long; its message says what is
    /// known.</exception>
    internal override async ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
        IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // The token asks the storage to give up; the second wait leaves a storage that does not.
            var write = _gate.Storage.Broker.PublishInOrderAsync(batch, both.Token);
            return write.IsCompleted ? await write : await write.AsTask().WaitAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TooLate(written: true);
        }
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
                Fail(batch, TooLate(written: true));
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

        var batch = new List<PendingPublish>(Math.Min(_waiting.Count, RowsMax));
        var bytes = 0L;
        while (batch.Count < RowsMax && _waiting.TryPeek(out var next))
        {
            if (next.IsCompleted)
            {
                _waiting.Dequeue();
                continue;
            }

            bytes += next.Message.Body.Length;
            if (bytes > BytesMax && batch.Count > 0)
            {
                break;
            }

            _waiting.Dequeue();
            batch.Add(next);
        }

        return [.. batch];
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
                _waiting.Dequeue();
                late.Add(first);
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
            pending.Fail(TooLate(written: false));
        }

        foreach (var pending in writing)
        {
            pending.Fail(TooLate(written: true));
        }

        // All its callers have been answered: the write itself may stop, and the next may begin.
        write?.Cancel();
    }

    private bool IsLate(PendingPublish pending) => _time.GetElapsedTime(pending.Since) >= _limit;

    private static void Fail(PendingPublish[] batch, Exception fault)
    {
        foreach (var pending in batch)
        {
            pending.Fail(fault);
        }
    }

    private StorageException TooLate(bool written) => new(
        written
            ? $"The storage did not confirm the job within {_limit.TotalSeconds:0.###} s "
                + "(Lovage:Limits:EnqueueTimeout). Whether it was stored is not known: enqueue again with the same "
                + "Job.Id, which is safe, or accept that it may run twice."
            : $"The storage was busy with earlier writes for {_limit.TotalSeconds:0.###} s "
                + "(Lovage:Limits:EnqueueTimeout). The job was not stored: enqueue it again later.",
        isTransient: true);
}

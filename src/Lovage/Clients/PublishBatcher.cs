using System.Runtime.CompilerServices;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Passes messages to the storage, those of concurrent callers together. Messages with ids that their callers chose
/// have a lane of their own: such an id may wait for another transaction that is enqueuing it.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class PublishBatcher : EnqueueRoute, IAsyncDisposable
{
    /// <summary>Messages in one write at the most.</summary>
    internal const int RowsMax = JobBroker.BatchMax;

    /// <summary>Bytes of bodies in one write, unless a single message is larger.</summary>
    internal const int BytesMax = 1024 * 1024;

    private readonly StorageGate _gate;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly PublishLane _made;
    private readonly PublishLane _chosen;

    internal PublishBatcher(StorageGate gate, ClientSettings settings, TimeProvider time)
    {
        var waitingCalls = new StrongBox<int>();
        _gate = gate;
        _time = time;
        _limit = settings.EnqueueTimeout;
        _made = new PublishLane(gate, settings, waitingCalls, time);
        _chosen = new PublishLane(gate, settings, waitingCalls, time);
    }

    /// <summary>The client fills one batch while the storage writes two others.</summary>
    internal override int BatchesMax => 3;

    /// <summary>Stores one message, together with those of other callers.</summary>
    /// <exception cref="StorageException">The write failed or took too long; its message says what is
    /// known.</exception>
    /// <exception cref="QueueFullException">Too many callers wait already.</exception>
    internal override ValueTask<PublishResult> PublishAsync(JobMessage message, CancellationToken cancellationToken) =>
        (message.HasChosenId ? _chosen : _made).PublishAsync(message, cancellationToken);

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
            throw PublishLane.TooLate(_limit, _gate, written: true);
        }
    }

    /// <summary>Stops the watch over time limits; the container calls it after the last caller.</summary>
    public async ValueTask DisposeAsync()
    {
        await _made.DisposeAsync();
        await _chosen.DisposeAsync();
    }
}

using System.Data.Common;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Sends the jobs of one call to the storage, and makes their handles. It cuts them into batches by number and size,
/// and keeps a few batches on their way at once, in order.
/// </summary>
/// <remarks>For one caller. Disposing waits for the batches that are on their way.</remarks>
internal sealed class BulkSend(
    JobSender sender, JobLookup lookup, DbTransaction? transaction, int total, CancellationToken cancellationToken)
    : IAsyncDisposable
{
    // A transaction's connection does one thing at a time.
    private readonly int _writesMax = transaction is null ? sender.BatchesMax : 1;
    private readonly Queue<(Task<IReadOnlyList<PublishResult>> Write, int Count)> _writes = new();
    private readonly JobHandle[] _handles = new JobHandle[total];
    private List<JobMessage> _batch = [];
    private long _bytes;
    private int _stored;
    private JobId? _conflict;
    private JobId? _busy;

    /// <summary>Takes the next message, and sends a batch when it is full.</summary>
    /// <exception cref="StorageException">The storage did not take a batch before.</exception>
    /// <exception cref="QueueFullException">A bound was reached.</exception>
    internal ValueTask AddAsync(JobMessage message)
    {
        if (_batch.Count == PublishBatcher.RowsMax
            || (_batch.Count > 0 && _bytes + message.Body.Length > PublishBatcher.BytesMax))
        {
            return SendAndTakeAsync(message);
        }

        Take(message);
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends what is left and waits until all is stored.</summary>
    /// <exception cref="StorageException">The storage did not take a batch.</exception>
    /// <exception cref="QueueFullException">A bound was reached.</exception>
    /// <exception cref="JobIdConflictException">An id is another job's; all others are stored.</exception>
    /// <returns>The jobs' handles, in order.</returns>
    internal async ValueTask<IReadOnlyList<JobHandle>> EndAsync()
    {
        if (_batch.Count > 0)
        {
            await SendAsync();
        }

        while (_writes.Count > 0)
        {
            await EndOldestAsync();
        }

        if (_conflict is { } conflict)
        {
            throw new JobIdConflictException(conflict);
        }

        return _busy is { } busy
            ? throw JobSender.Busy(busy, " All others whose ids are free are stored.")
            : _handles;
    }

    public async ValueTask DisposeAsync()
    {
        while (_writes.TryDequeue(out var rest))
        {
            await ((Task)rest.Write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask SendAndTakeAsync(JobMessage message)
    {
        await SendAsync();
        Take(message);
    }

    private void Take(JobMessage message)
    {
        _batch.Add(message);
        _bytes += message.Body.Length;
    }

    private async ValueTask SendAsync()
    {
        if (_writes.Count == _writesMax)
        {
            await EndOldestAsync();
        }

        await sender.AdmitAsync(_batch, cancellationToken);
        _writes.Enqueue((sender.SendAsync(_batch, transaction, cancellationToken), _batch.Count));
        _batch = [];
        _bytes = 0;
    }

    private async ValueTask EndOldestAsync()
    {
        var (write, count) = _writes.Dequeue();
        try
        {
            var results = await write;
            for (var i = 0; i < count; i++)
            {
                AddHandle(results[i]);
            }
        }
        catch (StorageException fault) when (total > count && transaction is null)
        {
            var later = await CountRestAsync();
            var rest = later == 0 ? "" : $", and {later:N0} of those after them";
            throw new StorageException(
                $"{fault.Message} Of {total:N0} jobs the first {_stored:N0} are stored{rest}.",
                fault.IsTransient,
                fault);
        }
    }

    private void AddHandle(PublishResult result)
    {
        _handles[_stored++] = new UntypedJobHandle(result.Id, lookup, result);
        if (result.Status == PublishStatus.IdConflict)
        {
            _conflict ??= result.Id;
        }
        else if (result.Status == PublishStatus.Busy)
        {
            _busy ??= result.Id;
        }
    }

    /// <summary>Waits for the writes that were begun after one that failed.</summary>
    /// <returns>How many jobs they stored for certain.</returns>
    private async ValueTask<int> CountRestAsync()
    {
        var stored = 0;
        while (_writes.TryDequeue(out var rest))
        {
            await ((Task)rest.Write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stored += rest.Write.IsCompletedSuccessfully ? rest.Count : 0;
        }

        return stored;
    }
}

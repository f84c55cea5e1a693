using System.Globalization;
using Lovage.Protocol;
using Lovage.Storage.Outbox;

namespace Lovage.Storage.Memory;

/// <summary>The outbox of a memory storage.</summary>
internal sealed class MemoryOutbox(MemoryState state) : JobOutbox
{
    private readonly SortedDictionary<long, MemoryJob> _pending = [];
    private long _number;

    /// <summary>
    /// Writes a copy of a job that is to be delivered; older copies of it are good for nothing from now on. Needs the
    /// lock.
    /// </summary>
    public void Add(MemoryJob job)
    {
        _pending.Remove(job.Copy);
        job.Copy = ++_number;
        _pending.Add(job.Copy, job);
    }

    public override ValueTask<OutboxLook> LookAsync(ReceiveRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var (open, nextDue) = state.Open(request.Queues, now);
            var reclaimed = request.WithReclaimed
                ? open.Select(queue => queue.TakeReady(reclaimed: true)).FirstOrDefault(job => job is not null)
                : null;
            return new(new OutboxLook(
                reclaimed is null
                    ? null
                    : state.Claim(reclaimed, request.Owner.Key, state.TimestampAfter(request.Lease), now),
                [.. open.Select(queue => queue.Name)],
                nextDue));
        }
    }

    public override ValueTask<IReadOnlyList<Delivery?>> AdmitAsync(
        ReceiveRequest request, IReadOnlyList<JobMessage> copies, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var admitted = new Delivery?[copies.Count];
        lock (state.Gate)
        {
            var now = state.Now;
            var leaseEnds = state.TimestampAfter(request.Lease);
            for (var i = 0; i < admitted.Length; i++)
            {
                if (Admit(copies[i], now) is { } job)
                {
                    job.Queue.Leave(job);
                    admitted[i] = state.Claim(job, request.Owner.Key, leaseEnds, now);
                }
            }
        }

        return new(admitted);
    }

    public override ValueTask<IReadOnlyList<OutboxCopy>> PendingAsync(int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            return new(
                _pending.Take(max).Select(copy => new OutboxCopy(copy.Key, Copy(copy.Value, copy.Key, now))).ToArray());
        }
    }

    public override ValueTask ClearAsync(IReadOnlyList<long> numbers, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            foreach (var number in numbers)
            {
                _pending.Remove(number);
            }
        }

        return default;
    }

    private MemoryJob? Admit(JobMessage copy, DateTimeOffset now)
    {
        if (!copy.Headers.TryGetValue(CopyHeader, out var header))
        {
            return Adopt(copy, now);
        }

        if (!state.TryFind(copy.Id, out var job)
            || !long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number != job.Copy
            || job.State.IsFinal)
        {
            return null;
        }

        if (job.Stamp != 0)
        {
            // Its holder works on; but this was perhaps the last copy, so that giving the job back takes a new one.
            job.Copy = 0;
            return null;
        }

        if (job.State is JobState.Scheduled or JobState.Retrying)
        {
            job.Queue.Leave(job);
            state.Join(job, job.DueAt!.Value < now ? job.DueAt.Value : now);
        }

        return job;
    }

    // Somebody else's message: the delivery that was just made of it is its copy, and none is published.
    private MemoryJob? Adopt(JobMessage message, DateTimeOffset now)
    {
        if (state.Publish(message with { Delay = TimeSpan.Zero, Eta = null }, now) != PublishStatus.Accepted
            || !state.TryFind(message.Id, out var job))
        {
            return null;
        }

        _pending.Remove(job.Copy);
        job.Copy = 0;
        job.Message = message;
        return job;
    }

    private static JobMessage Copy(MemoryJob job, long number, DateTimeOffset now) => job.Message with
    {
        Delay = job.DueAt > now ? job.DueAt.Value - now : TimeSpan.Zero,
        Eta = null,
        Headers = job.Message.Headers.SetItem(CopyHeader, number.ToString(CultureInfo.InvariantCulture)),
    };
}

using Lovage.Storage.Memory.Life;
using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>Claims jobs in memory. No reply is lost here, so it ignores the numbers of looks.</summary>
internal sealed class MemoryReceiver(
    JobBroker broker, MemoryState state, JobLife life, ReceiverOptions options)
    : JobReceiver(broker, options)
{
    protected override ValueTask<LookResult> ReceiveCoreAsync(long look, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var leaseEnds = state.TimestampAfter(Options.Lease);
            var taken = new List<Delivery>(Math.Min(max, 64));
            DateTimeOffset? nextDue = null;
            foreach (var queue in OpenQueues())
            {
                life.Promote(queue, now);
                nextDue = queue.NextDue() is { } due && !(due >= nextDue) ? due : nextDue;
                while (taken.Count < max && queue.TakeReady(orphans: false) is { } job)
                {
                    taken.Add(life.Claim(job, Options.Owner.Key, leaseEnds, now));
                }
            }

            return new(new LookResult(taken, nextDue - now, IsDrained: taken.Count < max));
        }
    }

    protected override ValueTask<Delivery?> ReceiveOrphanCoreAsync(long look, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            foreach (var queue in OpenQueues())
            {
                if (queue.TakeReady(orphans: true) is { } job)
                {
                    return new(
                        life.Claim(job, Options.Owner.Key, state.TimestampAfter(Options.Lease), state.Now));
                }
            }

            return new((Delivery?)null);
        }
    }

    private IEnumerable<MemoryQueue> OpenQueues() =>
        Options.Queues.Select(state.Queue).Where(static queue => queue.PauseReason is null);
}

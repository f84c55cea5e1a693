using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>Makes due jobs ready and claims as many ordinary jobs as are asked for.</summary>
internal sealed class ReceiveOperation(ReceiverOptions options, int max) : WriteOperation<LookResult>
{
    internal override int Weight => max;

    internal override bool IsDurable => false;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        var nextDue = (long?)null;
        foreach (var queue in QueueLines.Open(session, options.Queues))
        {
            if (QueueLines.HasReady(session, queue, Tables.OrdinaryLane))
            {
                return true;
            }

            if (QueueLines.NextDue(session, queue) is { } due)
            {
                if (due <= session.Now)
                {
                    return true;
                }

                nextDue = Math.Min(due, nextDue ?? due);
            }
        }

        Result = Drained(session, [], nextDue);
        return false;
    }

    internal override void Run(WriteSession session)
    {
        var queues = QueueLines.Open(session, options.Queues);
        var budget = QueueLines.PromoteMax;
        foreach (var queue in queues)
        {
            budget -= QueueLines.Promote(session, queue, budget);
        }

        var terms = Terms(session, options);
        var taken = new List<Delivery>();
        foreach (var queue in queues)
        {
            if (taken.Count < max)
            {
                session.Life.Claim(terms, queue, Tables.OrdinaryLane, max - taken.Count, taken);
            }
        }

        Result = taken.Count == max
            ? new LookResult(taken, null, IsDrained: false)
            : Drained(session, taken, queues.Min(queue => QueueLines.NextDue(session, queue)));
    }

    internal static ClaimTerms Terms(WriteSession session, ReceiverOptions options) => new(
        session.Words.Id(options.Owner.Key),
        session.Words.Id(session.Boot),
        StorageTime.Add(session.Monotonic, options.Lease));

    private static LookResult Drained(WriteSession session, List<Delivery> taken, long? nextDue) => new(
        taken,
        nextDue is { } due ? TimeSpan.FromTicks(Math.Max(0, due - session.Now)) : null,
        IsDrained: true);
}

/// <summary>Claims one orphan; null when there is none.</summary>
internal sealed class ReceiveOrphanOperation(ReceiverOptions options) : WriteOperation<Delivery?>
{
    internal override bool IsDurable => false;

    internal override bool HasWork(WriteSession session)
    {
        Result = null;
        foreach (var queue in QueueLines.Open(session, options.Queues))
        {
            if (QueueLines.HasReady(session, queue, Tables.OrphanLane))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Run(WriteSession session)
    {
        var terms = ReceiveOperation.Terms(session, options);
        var taken = new List<Delivery>(1);
        foreach (var queue in QueueLines.Open(session, options.Queues))
        {
            if (taken.Count == 0)
            {
                session.Life.Claim(terms, queue, Tables.OrphanLane, 1, taken);
            }
        }

        Result = taken.Count > 0 ? taken[0] : null;
    }
}

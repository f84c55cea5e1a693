using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// Makes due jobs ready and claims: one that came back from a dead owner alone, or else as many as are asked for.
/// </summary>
internal sealed class ReceiveOperation(ReceiveRequest request) : WriteOperation<ReceiveResult>
{
    internal override int Weight => request.Max;

    internal override bool IsDurable => false;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        var nextDue = (long?)null;
        foreach (var queue in Queues.Open(session, request.Queues))
        {
            if ((request.WithReclaimed && Queues.HasReady(session, queue, lane: 0))
                || Queues.HasReady(session, queue, lane: 1))
            {
                return true;
            }

            if (Queues.NextDue(session, queue) is { } due)
            {
                if (due <= session.Now)
                {
                    return true;
                }

                nextDue = Math.Min(due, nextDue ?? due);
            }
        }

        Result = All(session, [], nextDue);
        return false;
    }

    internal override void Run(WriteSession session)
    {
        var queues = Queues.Open(session, request.Queues);
        var budget = Queues.PromoteMax;
        foreach (var queue in queues)
        {
            budget -= Queues.Promote(session, queue, budget);
        }

        var taken = new List<Delivery>();
        if (request.WithReclaimed)
        {
            Take(session, queues, lane: 0, max: 1, taken);
        }

        if (taken.Count == 0)
        {
            Take(session, queues, lane: 1, request.Max, taken);
        }

        Result = taken.Count == request.Max || taken.Exists(static delivery => delivery.StartFirst)
            ? new ReceiveResult(taken, null, IsAll: false)
            : All(session, taken, queues.Min(queue => Queues.NextDue(session, queue)));
    }

    private static ReceiveResult All(WriteSession session, List<Delivery> taken, long? nextDue) =>
        new(taken, nextDue is { } due ? TimeSpan.FromTicks(Math.Max(0, due - session.Now)) : null, IsAll: true);

    private void Take(WriteSession session, List<long> queues, long lane, int max, List<Delivery> taken)
    {
        var owner = session.Words.Id(request.Owner.Key);
        var boot = session.Words.Id(session.BootId);
        var until = StorageClock.Add(session.Monotonic, request.Lease);
        foreach (var queue in queues)
        {
            if (taken.Count < max)
            {
                TakeFrom(session, queue, lane, max - taken.Count, owner, boot, until, taken);
            }
        }
    }

    private static void TakeFrom(
        WriteSession session, long queue, long lane, int max, long owner, long boot, long until, List<Delivery> taken)
    {
        const int First = Sql.JobColumnCount;
        var insert = session.Statement(Sql.InsertClaim);
        var row = session.Statement(Sql.SelectReady).Bind(1, queue).Bind(2, lane).Bind(3, max);
        var claimedAt = StorageTime.To(session.Now);
        var (count, priority, seq) = (0, 0L, 0L);
        while (row.Read())
        {
            (priority, seq) = (row.Int64(First), row.Int64(First + 1));
            var job = row.Int64(First + 2);
            var readyAt = row.Int64OrNull(First + 3);
            var again = row.Int64(First + 4);
            var course = again != 0 ? session.FindCourse(job) : default;
            var message = MessageRow.Read(row, 0, session.Words, (int?)course.Retries);
            var stamp = session.NextTicket();
            insert.Bind(1, job)
                .Bind(2, stamp)
                .Bind(3, owner)
                .Bind(4, boot)
                .Bind(5, until)
                .Bind(6, lane)
                .Bind(7, seq)
                .Bind(8, readyAt)
                .Bind(9, again)
                .Bind(10, row.Int64(1))
                .Bind(11, queue)
                .Bind(12, priority)
                .Bind(13, row.Int64(5))
                .Bind(14, message.Id.Value)
                .Run();
            var enqueuedAt = StorageTime.To(row.Int64(6));
            taken.Add(new Delivery
            {
                Message = message,
                Token = new LeaseToken(job, stamp),
                EnqueuedAt = enqueuedAt,
                ReadyAt = StorageTime.To(readyAt) ?? enqueuedAt,
                ClaimedAt = claimedAt,
                StartFirst = lane == 0,
                IsExpired = message.Expires <= claimedAt,
                AttemptsSoFar = (int)course.Attempts,
            });
            count++;
        }

        if (count > 0)
        {
            session.Statement(Sql.DeleteReadyUpTo).Bind(1, queue).Bind(2, lane).Bind(3, priority).Bind(4, seq).Run();
            var sums = session.Tally.Queue(queue);
            sums.Ready -= count;
            sums.Claimed += count;
        }
    }
}

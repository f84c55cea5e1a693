using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>Returns claims to the front of their queues.</summary>
internal sealed class ReleaseOperation(IReadOnlyList<LeaseToken> tokens) : WriteOperation<ReleaseResult>
{
    internal override int Weight => tokens.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var (count, ended) = (0, new List<EndedJob>());
        for (var i = 0; i < tokens.Count; i++)
        {
            if (session.Find.Claimed(tokens[i]) is { } job)
            {
                count++;
                session.Life.KeepLostAttempt(job, AttemptEnd.Interrupted);
                session.Life.EndClaim(job);
                Return(session, job, ReturnPlan.Released(job.IsToBeCancelled, job.CancelReason), job.Lane, ended);
            }
        }

        Result = new ReleaseResult(count, ended);
    }

    /// <summary>Gives a job whose claim ended the place, or the end, that the plan says.</summary>
    internal static void Return(
        WriteSession session, ClaimedJob job, ReturnPlan plan, long lane, List<EndedJob> ended)
    {
        if (!plan.State.IsFinal)
        {
            session.Life.PlaceFront(job, lane);
            return;
        }

        if (plan.State == JobState.Cancelled)
        {
            job.ForgetProgress();
        }

        session.Life.EndJob(job, plan.State, plan.Reason);
        ended.Add(Ended(session, job));
    }

    internal static EndedJob Ended(WriteSession session, ClaimedJob job) =>
        new(JobId.Parse(job.Id), session.Words.Text(job.Name), job.State, job.Reason);
}

/// <summary>Declines offers: their jobs wait and are offered again, or end when that went on for too long.</summary>
internal sealed class DeclineOperation(IReadOnlyList<DeclinedOffer> offers, TimeSpan limit)
    : WriteOperation<ReleaseResult>
{
    internal override int Weight => offers.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var (count, ended) = (0, new List<EndedJob>());
        for (var i = 0; i < offers.Count; i++)
        {
            if (session.Find.Claimed(offers[i].Token) is not { } job)
            {
                continue;
            }

            count++;
            session.Life.KeepLostAttempt(job, AttemptEnd.Interrupted);
            session.Life.EndClaim(job);
            if (job.IsToBeCancelled)
            {
                var plan = ReturnPlan.Released(isToBeCancelled: true, job.CancelReason);
                ReleaseOperation.Return(session, job, plan, job.Lane, ended);
            }
            else
            {
                OfferAgain(session, job, offers[i], ended);
            }
        }

        Result = new ReleaseResult(count, ended);
    }

    private void OfferAgain(WriteSession session, ClaimedJob job, DeclinedOffer offer, List<EndedJob> ended)
    {
        if (job.Attempt is not null)
        {
            // Its start made earlier offers worth nothing.
            (job.Offers, job.FirstOfferAt, job.Asked) = (0, null, null);
        }

        var plan = OfferPlan.Declined(job.FirstOfferAt, job.Asked, offer.Worker, limit, session.Now);
        (job.Offers, job.FirstOfferAt, job.Asked) = (job.Offers + 1, plan.FirstOfferAt, plan.Asked);
        if (plan.State.IsFinal)
        {
            session.Life.EndJob(job, plan.State, plan.Reason);
            ended.Add(ReleaseOperation.Ended(session, job));
        }
        else
        {
            session.Life.PlaceDelayed(
                job, plan.State, plan.Reason, StorageTime.Add(session.Now, offer.Delay));
        }
    }
}

/// <summary>
/// Reclaims what dead owners hold. A claim from before the host started again is dead, whatever its lease says.
/// </summary>
internal sealed class ReclaimOperation(IReadOnlyList<string> deadOwners, int max) : WriteOperation<ReclaimResult>
{
    internal override int Weight => max;

    internal override bool WakesOthers => true;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = new ReclaimResult(0, []);
        return Dead(session, 1).Count > 0;
    }

    internal override void Run(WriteSession session)
    {
        var (count, ended) = (0, new List<EndedJob>());
        foreach (var token in Dead(session, max))
        {
            var job = session.Find.Claimed(token)!;
            count++;
            job.Deaths += job.StartedAhead ? 1 : 0;
            session.Life.KeepLostAttempt(job, AttemptEnd.OwnerDied);
            session.Life.EndClaim(job);
            var plan = ReturnPlan.Reclaimed(job.Deaths, job.IsToBeCancelled, job.CancelReason);
            ReleaseOperation.Return(session, job, plan, Tables.OrphanLane, ended);
        }

        Result = new ReclaimResult(count - ended.Count, ended);
    }

    private List<LeaseToken> Dead(WriteSession session, int count)
    {
        var owners = new HashSet<long>();
        for (var i = 0; i < deadOwners.Count; i++)
        {
            if (session.Words.Find(deadOwners[i]) is { } owner)
            {
                owners.Add(owner);
            }
        }

        var boot = session.Words.Find(session.Boot);
        var row = session.Statement("SELECT job, stamp, owner, boot, until FROM lovage_claim");
        var dead = new List<LeaseToken>();
        while (row.Read())
        {
            if (row.Int64(4) <= session.Monotonic || row.Int64(3) != boot || owners.Contains(row.Int64(2)))
            {
                dead.Add(new LeaseToken(row.Int64(0), row.Int64(1)));
            }
        }

        dead.Sort(static (a, b) => a.Stamp.CompareTo(b.Stamp));
        return dead.Count > count ? dead.GetRange(0, count) : dead;
    }
}

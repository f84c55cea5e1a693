using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

internal sealed class RenewOperation(IReadOnlyList<LeaseToken> tokens, TimeSpan lease)
    : WriteOperation<IReadOnlyList<LeaseStatus>>
{
    internal override bool IsDurable => false;

    internal override int Weight => tokens.Count;

    internal override void Run(WriteSession session)
    {
        var renew = session.Statement("UPDATE claim SET until = ?3 WHERE job = ?1 AND stamp = ?2 RETURNING cancel");
        var until = StorageClock.Add(session.Monotonic, lease);
        var statuses = new LeaseStatus[tokens.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            statuses[i] = !renew.Bind(1, tokens[i].Claim).Bind(2, tokens[i].Stamp).Bind(3, until).Read()
                    ? LeaseStatus.Lost
                : renew.Int64(0) != 0 ? LeaseStatus.CancelRequested
                : LeaseStatus.Held;
            renew.Reset();
        }

        Result = statuses;
    }
}

/// <summary>
/// The result: how many were given back, and which of them ended because their cancellation had been asked for.
/// </summary>
internal sealed class ReleaseOperation(IReadOnlyList<LeaseToken> tokens)
    : WriteOperation<(int Count, IReadOnlyList<JobId> Cancelled)>
{
    internal override int Weight => tokens.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var count = 0;
        var cancelled = new List<JobId>();
        for (var i = 0; i < tokens.Count; i++)
        {
            if (session.FindClaim(tokens[i]) is { } claim)
            {
                count++;
                var before = claim.Again ? session.FindCourse(claim.Job) : default;
                if (session.GiveBack(
                    claim,
                    AttemptEnd.Interrupted,
                    reclaimed: false,
                    before.Deaths,
                    before,
                    deathReason: null) == JobState.Cancelled)
                {
                    cancelled.Add(JobId.Parse(claim.Id));
                }
            }
        }

        Result = (count, cancelled);
    }
}

/// <summary>
/// Takes back the claims of dead owners. A claim made before the host was started again is dead, whatever its lease
/// says.
/// </summary>
internal sealed class ReclaimOperation(IReadOnlyList<string> deadOwners, int max) : WriteOperation<ReclaimResult>
{
    internal override int Weight => max;

    internal override bool WakesOthers => true;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = default;
        return Dead(session, 1).Count > 0;
    }

    internal override void Run(WriteSession session)
    {
        var (returned, buried, cancelled) = (0, 0, 0);
        foreach (var token in Dead(session, max))
        {
            var claim = session.FindClaim(token)!;
            var before = claim.Again ? session.FindCourse(claim.Job) : default;
            var deaths = before.Deaths + (claim.Ahead ? 1 : 0);
            var facts = new AttemptFacts((int)(before.Retries ?? claim.Retries), 1, RecordedStarts: (int)deaths);
            var decision = JobLifecycle.Decide(
                claim.StartedAt is null ? JobState.Queued : JobState.Running, AttemptEnd.OwnerDied, facts);
            var reason = decision == JobDecision.Bury ? $"Its process died {deaths} times while it ran." : null;
            switch (session.GiveBack(claim, AttemptEnd.OwnerDied, reclaimed: true, deaths, before, reason))
            {
                case JobState.Dead:
                    buried++;
                    break;
                case JobState.Queued:
                    returned++;
                    break;
                default:
                    cancelled++;
                    break;
            }
        }

        Result = new ReclaimResult(returned, buried, cancelled);
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

        var boot = session.Words.Find(session.BootId);
        var row = session.Statement("SELECT job, stamp, owner, boot, until FROM claim");
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

internal sealed class PauseOperation(string queue, string? reason) : WriteOperation<bool>
{
    internal override bool WakesOthers => reason is null;

    internal override void Run(WriteSession session)
    {
        var sql = reason is null
            ? "UPDATE queue SET pause_reason = NULL WHERE id = ?1"
            : "INSERT INTO queue(id, ready, delayed, claimed, pause_reason) VALUES (?1, 0, 0, 0, ?2) ON CONFLICT (id) "
                + "DO UPDATE SET pause_reason = excluded.pause_reason";
        if ((reason is null ? session.Words.Find(queue) : session.Words.Id(queue)) is { } id)
        {
            session.Statement(sql).Bind(1, id).Bind(2, reason).Run();
        }
    }
}

/// <summary>Makes due jobs of all queues ready, for a look at them.</summary>
internal sealed class PromoteOperation : WriteOperation<bool>
{
    internal override int Weight => Queues.PromoteMax;

    internal override void Run(WriteSession session)
    {
        var queues = new List<long>();
        var row = session.Statement("SELECT id FROM queue WHERE delayed > 0");
        while (row.Read())
        {
            queues.Add(row.Int64(0));
        }

        var budget = Queues.PromoteMax;
        foreach (var queue in queues)
        {
            budget -= Queues.Promote(session, queue, budget);
        }
    }
}

using Lovage.Simulation.Load;
using Lovage.Storage;

namespace Lovage.Simulation;

/// <content>This part follows claims that end without an outcome: released, declined, reclaimed.</content>
internal sealed partial class Oracle
{
    internal void Released(Node node, IReadOnlyList<LeaseToken> tokens, ReleaseResult result)
    {
        var expected = 0;
        var ended = new List<SimulatedJob>();
        foreach (var token in tokens)
        {
            var claim = _claims[token.Stamp];
            if (claim.Job.Claim != claim)
            {
                continue;
            }

            expected++;
            _world.Trace.Add("released", node.Name, claim.Job.Number, token.Stamp);
            Check(claim.Node == node, $"{node.Name} gave back {claim.Job}, which {claim.Node.Name} holds.");
            _world.Mark(claim.StartedAt is null ? Marker.ReleasedOnStop : Marker.ReleasedMidRun);
            GiveBack(claim, ended);
        }

        Check(result.Count == expected, $"{node.Name} gave back {expected} jobs and was told {result.Count}.");
        CheckEnded(node, result.Ended, ended);
    }

    internal void Declined(
        Node node, IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, ReleaseResult result)
    {
        var expected = 0;
        var ended = new List<SimulatedJob>();
        foreach (var offer in offers)
        {
            var claim = _claims[offer.Token.Stamp];
            var job = claim.Job;
            if (job.Claim != claim)
            {
                continue;
            }

            expected++;
            _world.Trace.Add("declined", node.Name, job.Number, offer.Token.Stamp);
            Check(claim.Node == node, $"{node.Name} declined {job}, which {claim.Node.Name} holds.");
            Check(
                job.Behaviour == Behaviour.Unknown && claim.StartedAt is null,
                $"{node.Name} declined {job}, which it knows.");
            Check(
                offer.Delay <= _world.Settings.OfferDelayMax,
                $"{job} is to wait {offer.Delay} for its next offer; {_world.Settings.OfferDelayMax} are the most.");
            job.IsOrphan = false;
            GiveBack(claim, ended);
            if (job.Outcome is null)
            {
                Offer(job, offer.Delay, limit, ended);
            }
        }

        Check(result.Count == expected, $"{node.Name} declined {expected} jobs and was told {result.Count}.");
        CheckEnded(node, result.Ended, ended);
    }

    internal void Reclaimed(Node node, IReadOnlyList<string> deadOwners, int max, ReclaimResult result)
    {
        var orphaned = 0;
        var ended = new List<SimulatedJob>();
        foreach (var claim in _live.Values.Where(claim => claim.EndsAt <= Now
            || deadOwners.Contains(claim.Node.Owner.Key)).Take(max).ToArray())
        {
            var job = claim.Job;
            _world.Trace.Add("reclaimed", node.Name, job.Number, claim.Token.Stamp);
            _world.Mark(claim.EndsAt > Now ? Marker.OrphanOfDeadOwner : Marker.OrphanReturned);
            Check(
                claim.EndsAt <= Now || claim.Node.Process.IsDead,
                $"{job} was taken from {claim.Node.Name}, which is alive.");
            if (claim.StartedAhead)
            {
                CountDeath(claim);
            }

            if (claim.StartedAhead && job.Deaths >= JobLifecycle.DeathsMax)
            {
                Forget(claim);

                // One killer alone cannot take another with it, unless that one runs for longer than a lease and so has
                // the killer let in beside it each time.
                Check(
                    job.Behaviour == Behaviour.Killer
                        || !_world.Faults.IsCalm
                        || job.Duration >= _world.Settings.Lease
                        || _jobs.Values.Count(other => other.Behaviour == Behaviour.Killer) > 1,
                    $"{job} was buried in the place of a killer.");
                _world.Mark(job.Behaviour == Behaviour.Killer ? Marker.KillerBuried : Marker.InnocentBuried);
                End(job, JobState.Dead);
                ended.Add(job);
                continue;
            }

            orphaned += job.CancelRequested ? 0 : 1;
            GiveBack(claim, ended);
            job.IsOrphan = true;
        }

        Check(
            result.Orphaned == orphaned,
            $"{node.Name} took back {result.Orphaned} orphans; it should have been {orphaned}.");
        CheckEnded(node, result.Ended, ended);
    }

    private void GiveBack(Claim claim, List<SimulatedJob> ended)
    {
        Forget(claim);
        if (claim.Job.CancelRequested)
        {
            _world.Mark(Marker.CancelledOnReturn);
            End(claim.Job, JobState.Cancelled);
            ended.Add(claim.Job);
        }
    }

    private void Offer(SimulatedJob job, TimeSpan delay, TimeSpan limit, List<SimulatedJob> ended)
    {
        job.Offers++;
        job.FirstOfferAt ??= _world.Loop.UtcNow;
        job.DueAt = _world.Loop.UtcNow + delay;
        if (_world.Loop.UtcNow - job.FirstOfferAt >= limit)
        {
            _world.Mark(Marker.UnknownBuried);
            End(job, JobState.Dead);
            ended.Add(job);
        }
    }

    /// <summary>A call names the jobs that ended in it, and no others.</summary>
    private void CheckEnded(Node node, IReadOnlyList<EndedJob> told, List<SimulatedJob> ended)
    {
        var holds = told.Count == ended.Count;
        for (var i = 0; holds && i < told.Count; i++)
        {
            var job = _jobs[told[i].Id];
            holds = ended.Contains(job) && told[i].State == job.Outcome && told[i].Name == job.Message.Name;
        }

        Check(
            holds,
            $"{node.Name} was told that {string.Join(", ", told)} ended; it should have been "
                + $"{string.Join(", ", ended)}.");
    }
}

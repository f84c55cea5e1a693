using System.Runtime.CompilerServices;
using Lovage.Simulation.Load;
using Lovage.Storage;

namespace Lovage.Simulation;

/// <summary>
/// Knows what every process was told and what every handler did, apart from the storage, and says what must never be.
/// This part follows the calls to the storage.
/// </summary>
internal sealed partial class Oracle
{
    private readonly World _world;
    private readonly Dictionary<JobId, SimulatedJob> _jobs = [];
    private readonly Dictionary<long, Claim> _claims = [];
    private readonly SortedDictionary<long, Claim> _live = [];
    private readonly HashSet<string> _paused = [];
    private readonly List<SimulatedJob> _ended = [];
    private long _stampMax;
    private int _looked;

    internal Oracle(World world, IReadOnlyList<SimulatedJob> jobs)
    {
        _world = world;
        foreach (var job in jobs)
        {
            _jobs.Add(job.Message.Id, job);
        }
    }

    /// <summary>Jobs that the storage took and that have no outcome.</summary>
    internal int OpenJobs { get; private set; }

    private long Now => _world.Loop.Now;

    internal SimulatedJob? Find(JobId id) => _jobs.GetValueOrDefault(id);

    internal string DescribeOpen() =>
        string.Join(", ", _jobs.Values.Where(job => job.IsStored && job.Outcome is null).Take(10).Select(
            job => $"{job} after {job.Starts} starts{(job.Claim is { } claim ? $", held by {claim.Node.Name}" : "")}"));

    internal void Published(
        Node node, IReadOnlyList<Protocol.JobMessage> messages, IReadOnlyList<PublishStatus> statuses)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var job = _jobs[messages[i].Id];
            _world.Trace.Add("published", node.Name, job.Number, (long)statuses[i]);
            if (statuses[i] == PublishStatus.Accepted)
            {
                Check(!job.IsStored, $"{job} was accepted twice.");
                Store(job);
            }
            else
            {
                Check(job.IsStored, $"{job} was refused as {statuses[i]} and is not stored.");
            }
        }
    }

    /// <summary>The client was told so.</summary>
    internal void Accepted(IEnumerable<SimulatedJob> jobs)
    {
        foreach (var job in jobs)
        {
            Check(job.IsStored, $"{job} was accepted and is not stored.");
        }
    }

    internal void Received(Node node, ReceiveRequest request, IReadOnlyList<Delivery> deliveries)
    {
        Check(deliveries.Count <= request.Max, $"{node.Name} asked for {request.Max} and got {deliveries.Count}.");
        for (var i = 0; i < deliveries.Count; i++)
        {
            var delivery = deliveries[i];
            var job = _jobs[delivery.Message.Id];
            _world.Trace.Add("claimed", node.Name, job.Number, delivery.Token.Stamp);
            Check(
                job.IsStored && job.Outcome is null,
                $"{job} was given out and {(job.IsStored ? $"has ended as {job.Outcome}" : "was never stored")}.");
            Check(job.Claim is null, $"{job} was given to {node.Name} while {job.Claim?.Node.Name} holds it.");
            Check(
                delivery.Message.Retries == job.Failures,
                $"{job} counts {delivery.Message.Retries} failures; {job.Failures} were recorded.");
            Check(
                _world.Loop.UtcNow >= job.DueAt,
                $"{job} was given out {(job.DueAt - _world.Loop.UtcNow).TotalSeconds} s before it was due.");
            Check(!_paused.Contains(job.Message.Queue), $"{job} was given out of a paused queue.");
            Check(
                delivery.StartFirst == job.IsReclaimed,
                $"{job} {(job.IsReclaimed ? "came back from a dead owner" : "is new")} and was given out as if it "
                    + $"were not.");
            Check(
                !delivery.StartFirst || (deliveries.Count == 1 && request.WithReclaimed),
                $"{job} came back from a dead owner and was not given out alone, or unasked.");
            Check(
                delivery.IsExpired == job.Message.Expires <= _world.Loop.UtcNow,
                $"{job} was given out with a wrong word on its expiry.");
            Check(delivery.Token.Stamp > _stampMax, $"{job} was given out under an old stamp.");
            _stampMax = delivery.Token.Stamp;
            var token = new LeaseTokenView(delivery.Token.Claim, delivery.Token.Stamp);
            var claim = new Claim(job, token, node, Now, Now + request.Lease.Ticks, delivery.StartFirst)
            {
                IsExpired = delivery.IsExpired,
            };
            job.Claim = claim;
            _claims.Add(claim.Token.Stamp, claim);
            _live.Add(claim.Token.Stamp, claim);
        }

        LookAtOneEnded();
    }

    internal void Renewed(
        Node node, IReadOnlyList<LeaseToken> tokens, TimeSpan lease, IReadOnlyList<LeaseStatus> statuses)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var claim = _claims[tokens[i].Stamp];
            var isLive = claim.Job.Claim == claim;
            var expected = !isLive ? LeaseStatus.Lost
                : claim.Job.CancelRequested ? LeaseStatus.CancelRequested
                : LeaseStatus.Held;
            Check(
                statuses[i] == expected,
                $"{node.Name} was told that its lease of {claim.Job} is {statuses[i]}; it is {expected}.");
            if (isLive)
            {
                claim.EndsAt = Now + lease.Ticks;
            }
            else if (!claim.IsSettled)
            {
                _world.Trace.Add("lost", node.Name, claim.Job.Number, claim.Token.Stamp);
                _world.Mark(claim is { StartedAt: not null, HandlerEnd: null }
                    ? Marker.LeaseLostMidRun
                    : Marker.LeaseLostUnstarted);
            }
        }

        LookAtOneEnded();
    }

    internal void Released(Node node, IReadOnlyList<LeaseToken> tokens, int count)
    {
        var expected = 0;
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
            GiveBack(claim);
        }

        Check(count == expected, $"{node.Name} gave back {expected} jobs and was told {count}.");
    }

    internal void Reclaimed(Node node, IReadOnlyList<string> deadOwners, int max, ReclaimResult result)
    {
        var (returned, buried, cancelled) = (0, 0, 0);
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
                buried++;
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
                continue;
            }

            cancelled += job.CancelRequested ? 1 : 0;
            returned += job.CancelRequested ? 0 : 1;
            GiveBack(claim);
            job.IsReclaimed = true;
        }

        Check(
            result == new ReclaimResult(returned, buried, cancelled),
            $"{node.Name} took back {result}; it should have been {new ReclaimResult(returned, buried, cancelled)}.");
    }

    internal void StartsRecorded(Node node, IReadOnlyList<JobStart> starts, IReadOnlyList<bool> held)
    {
        for (var i = 0; i < starts.Count; i++)
        {
            var claim = _claims[starts[i].Token.Stamp];
            var isLive = claim.Job.Claim == claim;
            Check(
                held[i] == isLive,
                $"{node.Name} was told that its start of {claim.Job} is {(held[i] ? "written" : "refused")}.");
            if (isLive && starts[i].Ahead)
            {
                _world.Trace.Add("ahead", node.Name, claim.Job.Number, claim.Token.Stamp);
                Check(
                    claim.StartFirst,
                    $"The start of {claim.Job} was written ahead, and it did not come back from a dead owner.");
                claim.StartedAhead = true;
            }
        }
    }

    internal void Cancelled(Node node, IReadOnlyList<JobId> ids, IReadOnlyList<CancelStatus> statuses)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            var job = _jobs[ids[i]];
            _world.Trace.Add("cancelled", node.Name, job.Number, (long)statuses[i]);
            var expected = !job.IsStored ? CancelStatus.Unknown
                : job.Outcome is not null ? CancelStatus.AlreadyEnded
                : job.Claim is not null ? CancelStatus.Requested
                : CancelStatus.Cancelled;
            Check(
                statuses[i] == expected,
                $"The wish to cancel {job} was answered with {statuses[i]}; it should have been {expected}.");
            if (expected == CancelStatus.Requested)
            {
                job.CancelRequested = true;
            }
            else if (expected == CancelStatus.Cancelled)
            {
                _world.Mark(Marker.CancelledWaiting);
                End(job, JobState.Cancelled);
            }
        }
    }

    internal void Paused(string queue, bool isPaused)
    {
        if (isPaused)
        {
            _paused.Add(queue);
        }
        else
        {
            _paused.Remove(queue);
        }
    }

    private void Store(SimulatedJob job)
    {
        job.IsStored = true;
        OpenJobs++;
        var due = _world.Loop.UtcNow + job.Message.Delay;
        job.DueAt = job.Message.Eta > due ? job.Message.Eta.Value : due;
    }

    private void Forget(Claim claim)
    {
        claim.Job.Claim = null;
        _live.Remove(claim.Token.Stamp);
    }

    private void GiveBack(Claim claim)
    {
        Forget(claim);
        if (claim.Job.CancelRequested)
        {
            _world.Mark(Marker.CancelledOnReturn);
            End(claim.Job, JobState.Cancelled);
        }
    }

    private void End(SimulatedJob job, JobState state)
    {
        Check(job.Outcome is null, $"{job} ended as {job.Outcome} and again as {state}.");
        job.Outcome = state;
        job.EndedAt = _world.Loop.UtcNow;
        OpenJobs--;
        _ended.Add(job);
        _world.Trace.Add("ended", "storage", job.Number, (long)state);
        CheckRecord(job);
    }

    /// <summary>An outcome never changes: one job that has ended is looked at again in each call, in turn.</summary>
    private void LookAtOneEnded()
    {
        if (_ended.Count > 0)
        {
            CheckRecord(_ended[_looked++ % _ended.Count]);
        }
    }

    private void Check(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage message)
    {
        if (!holds)
        {
            _world.Violate(message.ToStringAndClear());
        }
    }
}

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
        Node node, IReadOnlyList<Protocol.JobMessage> messages, IReadOnlyList<PublishResult> results)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var job = _jobs[messages[i].Id];
            var (status, id, state) = results[i];
            _world.Trace.Add("published", node.Name, job.Number, (long)status);
            Check(id == messages[i].Id, $"{job} was answered with the id {id}.");
            if (status == PublishStatus.Accepted)
            {
                Check(!job.IsStored, $"{job} was accepted twice.");
                Store(job);
                var expected = job.DueAt > _world.Loop.UtcNow ? JobState.Scheduled : JobState.Queued;
                Check(state == expected, $"{job} was stored as {state}; it should have been {expected}.");
            }
            else
            {
                Check(job.IsStored, $"{job} was refused as {status} and is not stored.");
                Check(
                    state.IsFinal ? state == job.Outcome : job.Outcome is null,
                    $"{job} was refused as one that is {state}; it has ended as {job.Outcome}.");
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

    internal void Received(Node node, ReceiverOptions options, int max, IReadOnlyList<Delivery> deliveries)
    {
        Check(deliveries.Count <= max, $"{node.Name} asked for {max} and got {deliveries.Count}.");
        foreach (var delivery in deliveries)
        {
            Check(
                !delivery.IsOrphan, $"{_jobs[delivery.Message.Id]} is an orphan and was given out as an ordinary job.");
            Claimed(node, options, delivery);
        }

        LookAtOneEnded();
    }

    internal void ReceivedOrphan(Node node, ReceiverOptions options, IReadOnlyList<Delivery> deliveries)
    {
        Check(deliveries.Count <= 1, $"{node.Name} was given {deliveries.Count} orphans at once.");
        foreach (var delivery in deliveries)
        {
            Check(delivery.IsOrphan, $"{_jobs[delivery.Message.Id]} is no orphan and was given out as one.");
            Claimed(node, options, delivery);
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

    internal void StartsRecorded(Node node, IReadOnlyList<JobStart> starts, IReadOnlyList<bool> held)
    {
        for (var i = 0; i < starts.Count; i++)
        {
            var claim = _claims[starts[i].Token.Stamp];
            var isLive = claim.Job.Claim == claim;
            Check(
                held[i] == isLive,
                $"{node.Name} was told that its start of {claim.Job} is {(held[i] ? "written" : "refused")}.");
            if (isLive)
            {
                (claim.Job.Offers, claim.Job.FirstOfferAt) = (0, null);
            }

            if (isLive && starts[i].Ahead)
            {
                _world.Trace.Add("ahead", node.Name, claim.Job.Number, claim.Token.Stamp);
                Check(
                    claim.IsOrphan,
                    $"The start of {claim.Job} was written ahead, and it did not come back from a dead owner.");
                claim.StartedAhead = true;
            }
        }
    }

    internal void Cancelled(Node node, IReadOnlyList<JobId> ids, IReadOnlyList<CancelResult> results)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            var job = _jobs[ids[i]];
            var (status, state) = results[i];
            _world.Trace.Add("cancelled", node.Name, job.Number, (long)status);
            var expected = !job.IsStored ? CancelStatus.Unknown
                : job.Outcome is not null ? CancelStatus.AlreadyEnded
                : job.Claim is not null ? CancelStatus.Requested
                : CancelStatus.Cancelled;
            Check(
                status == expected,
                $"The wish to cancel {job} was answered with {status}; it should have been {expected}.");
            if (expected == CancelStatus.Requested)
            {
                job.CancelRequested = true;
            }
            else if (expected == CancelStatus.Cancelled)
            {
                _world.Mark(Marker.CancelledWaiting);
                End(job, JobState.Cancelled);
            }

            Check(
                state.HasValue == job.IsStored && (state is { IsFinal: true } ? state : null) == job.Outcome,
                $"The wish to cancel {job} found it as {state}; it has ended as {job.Outcome}.");
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

    private void Claimed(Node node, ReceiverOptions options, Delivery delivery)
    {
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
            delivery.Offers == job.Offers, $"{job} counts {delivery.Offers} offers; {job.Offers} were declined.");
        Check(
            _world.Loop.UtcNow >= job.DueAt,
            $"{job} was given out {(job.DueAt - _world.Loop.UtcNow).TotalSeconds} s before it was due.");
        Check(!_paused.Contains(job.Message.Queue), $"{job} was given out of a paused queue.");
        Check(options.Queues.Contains(job.Message.Queue), $"{job} was given out of a queue that {node.Name} has not.");
        Check(
            delivery.IsOrphan == job.IsOrphan,
            $"{job} {(job.IsOrphan ? "came back from a dead owner" : "is new")} and was given out as if it were not.");
        Check(
            delivery.IsExpired == job.Message.Expires <= _world.Loop.UtcNow,
            $"{job} was given out with a wrong word on its expiry.");
        Check(delivery.Token.Stamp > _stampMax, $"{job} was given out under an old stamp.");
        _stampMax = delivery.Token.Stamp;
        var token = new LeaseTokenView(delivery.Token.Claim, delivery.Token.Stamp);
        var claim = new Claim(job, token, node, Now, Now + options.Lease.Ticks, delivery.IsOrphan)
        {
            IsExpired = delivery.IsExpired,
        };
        job.Claim = claim;
        _claims.Add(claim.Token.Stamp, claim);
        _live.Add(claim.Token.Stamp, claim);
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

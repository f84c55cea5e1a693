using Lovage.Simulation.Load;
using Lovage.Simulation.Storage;
using Lovage.Storage;

namespace Lovage.Simulation;

/// <content>This part follows handlers and their outcomes.</content>
internal sealed partial class Oracle
{
    /// <summary>A handler is called.</summary>
    /// <returns>The right under which it runs; null when it has none.</returns>
    internal Claim? HandlerStarted(Node node, JobContext context)
    {
        if (!_world.Loop.IsHere("a handler was called") || !_claims.TryGetValue(context.FenceToken, out var claim))
        {
            _world.Violate($"A handler ran under stamp {context.FenceToken}, which the storage lent to no worker.");
            return null;
        }

        var job = claim.Job;
        _world.Trace.Add("started", node.Name, job.Number, claim.Token.Stamp);
        Check(
            claim.Node == node && context.Id == job.Message.Id,
            $"{node.Name} ran {job} under a right that {claim.Node.Name} was given.");
        Check(claim.StartedAt is null, $"{job} was started twice under one right.");
        Check(
            !claim.IsOrphan || claim.StartedAhead,
            $"{job} came back from a dead owner and was started before its start was written.");
        Check(!claim.IsExpired, $"{job} was started after its expiry.");
        Check(_world.Loop.UtcNow >= job.DueAt || job.Claim != claim, $"{job} was started before it was due.");
        Check(Now < claim.EndsAt, $"{job} was started by {node.Name} after its lease.");
        Check(!node.HasStopped, $"{job} was started by {node.Name}, whose worker has stopped.");
        if (job.LastStarted is { IsSettled: false } before)
        {
            _world.Mark(Marker.StartedTwice);
            Check(
                before.Node.LastDisturbed >= before.ClaimedAt,
                $"{job} was started again although nothing had happened to its attempt on {before.Node.Name}.");
        }

        claim.StartedAt = Now;
        job.LastStarted = claim;
        job.Starts++;
        return claim;
    }

    /// <summary>A handler has ended.</summary>
    internal void HandlerEnded(Claim claim, AttemptEnd end, JobContext context)
    {
        _world.Trace.Add("returned", claim.Node.Name, claim.Job.Number, (long)end);
        Check(
            end != AttemptEnd.Cancelled || context.CancellationReason != JobCancellationReason.None,
            $"{claim.Job} was cancelled for no reason.");
        claim.HandlerEnd = end;
    }

    internal void Settled(Node node, IReadOnlyList<Settlement> outcomes, IReadOnlyList<SettleResult> results)
    {
        for (var i = 0; i < outcomes.Count; i++)
        {
            var claim = _claims[outcomes[i].Token.Stamp];
            var isLive = claim.Job.Claim == claim;
            var (status, state) = results[i];
            _world.Trace.Add(
                status == SettleStatus.Applied ? "settled" : "stale",
                node.Name,
                claim.Job.Number,
                claim.Token.Stamp);
            Check(claim.Node == node, $"{node.Name} wrote an outcome of {claim.Job}, which {claim.Node.Name} ran.");
            if (status == SettleStatus.Stale)
            {
                Check(state is null, $"The outcome of {claim.Job} was refused and put it into {state}.");
                Check(!isLive, $"The outcome of {claim.Job} by {node.Name} was refused although it holds the job.");
                Check(
                    claim.Job.LastSettled != claim,
                    $"The outcome of {claim.Job} by {node.Name} was written and then refused.");
                _world.Mark(Marker.StaleOutcomeRefused);
            }
            else if (isLive)
            {
                Apply(claim, outcomes[i]);
                claim.SettledAs = claim.Job.Outcome ?? JobState.Retrying;
                Check(
                    state == claim.SettledAs,
                    $"The outcome of {claim.Job} put it into {claim.SettledAs}; {node.Name} was told {state}.");
            }
            else
            {
                Check(
                    claim.IsSettled,
                    $"The outcome of {claim.Job} by {node.Name} was written although its lease had passed on.");
                Check(
                    state == claim.SettledAs || (state is null && !claim.SettledAs.IsFinal),
                    $"The outcome of {claim.Job} put it into {claim.SettledAs}; {node.Name} was told {state} when it "
                        + $"repeated it.");
                _world.Mark(Marker.OutcomeRepeated);
            }
        }

        LookAtOneEnded();
    }

    internal void Crashed(Node node)
    {
        // A killer's neighbours must not pay for it: while a job that came back is watched, and has not been for a
        // lease already, no second one that came back runs beside it.
        var here = _live.Values.Where(claim => claim.Node == node && claim.StartedAhead).ToArray();
        if (!node.WasKilledByJob || !here.Any(claim => claim.Job.Behaviour == Behaviour.Killer))
        {
            return;
        }

        foreach (var claim in here.Where(claim => claim.Job.Behaviour != Behaviour.Killer))
        {
            Check(
                Now - claim.StartedAt >= _world.Settings.Lease.Ticks
                    || (claim.StartedAt is null && node.LastFault >= claim.ClaimedAt),
                $"{claim.Job} was running on {node.Name}, its start written, beside a killer that had come back as "
                    + $"well{(claim.HandlerEnd is { } end ? $"; it had ended as {end}" : "")}.");
        }
    }

    /// <summary>
    /// A worker has said that it stopped: it has left nothing behind but what the storage failed to tell it or to take
    /// back.
    /// </summary>
    internal void Stopped(Node node)
    {
        var left = _live.Values.FirstOrDefault(claim => claim.Node == node && claim.ClaimedAt > node.LastFault);
        Check(left is null, $"{node.Name} has stopped and still holds {left?.Job}.");
        if (node.LastFault < node.StopBegun)
        {
            _world.Mark(Marker.StoppedClean);
            var limit = _world.Settings.DrainTime + _world.Settings.CancelTime + TimeSpan.FromSeconds(1);
            var took = TimeSpan.FromTicks(Now - node.StopBegun);
            Check(took <= limit, $"The stop of {node.Name} took {took.TotalSeconds} s.");
        }
    }

    private void CountDeath(Claim claim)
    {
        var job = claim.Job;
        job.Deaths++;
        Check(
            job.Behaviour == Behaviour.Killer || claim.Node.LastFault >= claim.ClaimedAt,
            $"{job} was counted as killing {claim.Node.Name}, to which nothing had happened.");
    }

    private void Apply(Claim claim, Settlement outcome)
    {
        var job = claim.Job;
        var attempt = outcome.Attempt.End;
        CheckEnd(claim, attempt);
        claim.IsSettled = true;
        job.LastSettled = claim;
        Forget(claim);
        job.IsOrphan = false;
        (job.Offers, job.FirstOfferAt) = (0, null);
        switch (outcome.Decision)
        {
            case JobDecision.Retry:
                _world.Mark(Marker.Retried);
                job.Failures++;
                Check(
                    job.Failures < job.MaxAttempts,
                    $"{job} is retried after {job.Failures} failures of {job.MaxAttempts} attempts.");
                Check(
                    RetryDelay(job) is not { } delay || outcome.RetryDelay == delay,
                    $"{job} is retried after {outcome.RetryDelay} instead of {RetryDelay(job)}.");
                job.DueAt = _world.Loop.UtcNow + outcome.RetryDelay;
                if (job.CancelRequested)
                {
                    _world.Mark(Marker.CancelledOnReturn);
                    End(job, JobState.Cancelled);
                }

                break;
            case JobDecision.Succeed:
                Check(attempt == AttemptEnd.Succeeded, $"{job} succeeded by an attempt that ended as {attempt}.");
                if (outcome.FollowUps.Count > 0 && job.Child is { IsStored: false } child)
                {
                    _world.Mark(Marker.FollowedUp);
                    Store(child);
                }

                End(job, JobState.Succeeded);
                break;
            default:
                CheckEnding(job, outcome.Decision, attempt);
                End(job, JobLifecycle.After(outcome.Decision, JobState.Running));
                break;
        }
    }

    private TimeSpan? RetryDelay(SimulatedJob job) => job.Behaviour switch
    {
        Behaviour.AsksAgain => job.Again,
        _ => null,
    };

    /// <summary>What a worker says of an attempt is what the attempt did.</summary>
    private void CheckEnd(Claim claim, AttemptEnd end)
    {
        var job = claim.Job;
        var holds = end switch
        {
            AttemptEnd.Succeeded or AttemptEnd.Failed or AttemptEnd.RetryAsked or AttemptEnd.Rejected =>
                claim.HandlerEnd == end,
            AttemptEnd.Cancelled =>
                job.CancelRequested && (claim.StartedAt is null || claim.HandlerEnd == AttemptEnd.Cancelled),
            AttemptEnd.TimedOut => job.Message.TimeLimit is { } limit && Now - claim.StartedAt >= limit.Ticks,
            AttemptEnd.Expired => claim.IsExpired && claim.StartedAt is null,
            _ => false,
        };
        Check(
            holds,
            $"{claim.Node.Name} says that its attempt of {job} ended as {end}; its handler "
                + $"{(claim.StartedAt is null ? "never ran" : $"ended as {claim.HandlerEnd}")}.");
    }

    private void CheckEnding(SimulatedJob job, JobDecision decision, AttemptEnd end)
    {
        var holds = decision switch
        {
            JobDecision.Fail => job.Failures + 1 >= job.MaxAttempts
                && end is AttemptEnd.Failed or AttemptEnd.RetryAsked or AttemptEnd.TimedOut,
            JobDecision.Cancel => end == AttemptEnd.Cancelled,
            JobDecision.Expire => end == AttemptEnd.Expired,
            JobDecision.Bury => end == AttemptEnd.Rejected,
            _ => false,
        };
        Check(
            holds,
            $"{job} ends by {decision} after an attempt that ended as {end} and {job.Failures} failures of "
                + $"{job.MaxAttempts} attempts.");
        var marker = decision switch
        {
            JobDecision.Fail => end == AttemptEnd.TimedOut ? Marker.TimedOut : Marker.FailedForGood,
            JobDecision.Cancel => Marker.CancelledRunning,
            JobDecision.Expire => Marker.Expired,
            _ => Marker.Rejected,
        };
        _world.Mark(marker);
    }
}

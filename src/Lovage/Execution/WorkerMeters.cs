using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Execution;

/// <summary>
/// What an attempt of a worker leaves in metrics. Labels are names from the registry and words of closed sets, never
/// ids.
/// </summary>
internal sealed class WorkerMeters : AttemptListener<Running>
{
    private readonly MetricNames _names = new();

    /// <summary>The label's word for each end.</summary>
    internal static string Word(AttemptEnd end) => end switch
    {
        AttemptEnd.Succeeded => "success",
        AttemptEnd.Failed => "failure",
        AttemptEnd.TimedOut => "timeout",
        AttemptEnd.RetryAsked => "retry",
        AttemptEnd.Rejected => "rejected",
        AttemptEnd.BadArguments => "bad_arguments",
        AttemptEnd.Malformed => "malformed",
        AttemptEnd.Cancelled => "cancelled",
        AttemptEnd.Expired => "expired",
        AttemptEnd.Interrupted => "interrupted",
        AttemptEnd.OwnerDied => "owner_died",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "Not an end of an attempt."),
    };

    /// <summary>The label's word for each state.</summary>
    internal static string Word(JobState state) => state switch
    {
        JobState.Scheduled => "scheduled",
        JobState.Queued => "queued",
        JobState.Running => "running",
        JobState.Retrying => "retrying",
        JobState.Succeeded => "succeeded",
        JobState.Failed => "failed",
        JobState.Cancelled => "cancelled",
        JobState.Expired => "expired",
        JobState.Dead => "dead",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a job."),
    };

    internal override void Started(Running run)
    {
        if (LovageTelemetry.Started.Enabled)
        {
            var tags = Tags(run.Message);
            LovageTelemetry.Started.Add(1, tags);
            LovageTelemetry.Active.Add(1, tags);
            if (run.Message.Retries == 0)
            {
                LovageTelemetry.WaitDuration.Record(Math.Max(0, run.Wait.TotalSeconds), tags);
            }
        }
    }

    internal override void Ended(Running run)
    {
        if (LovageTelemetry.Active.Enabled)
        {
            LovageTelemetry.Active.Add(-1, Tags(run.Message));
        }

        if (LovageTelemetry.RunDuration.Enabled || LovageTelemetry.ProcessDuration.Enabled)
        {
            var tags = EndTags(run);
            LovageTelemetry.RunDuration.Record(run.Duration.TotalSeconds, tags);
            LovageTelemetry.ProcessDuration.Record(run.Duration.TotalSeconds, tags);
        }
    }

    internal override void Decided(Running run, AttemptVerdict verdict)
    {
        if (verdict.Answer == AttemptAnswer.Stale)
        {
            LovageTelemetry.StaleOutcomes.Add(1);
        }

        // What no handler saw was no attempt that started.
        if (run.Attempt is not null && LovageTelemetry.Completed.Enabled)
        {
            var tags = EndTags(run);
            if (verdict.State is { } state)
            {
                tags.Add("lovage.job.state", Word(state));
            }

            LovageTelemetry.Completed.Add(1, tags);
        }
    }

    private TagList EndTags(Running run)
    {
        var tags = Tags(run.Message);
        tags.Add("lovage.job.outcome", Word(run.Ending.End));
        if (run.Ending.Error is { } error)
        {
            tags.Add("error.type", error.GetType().FullName);
        }

        return tags;
    }

    private TagList Tags(JobMessage message) => new()
    {
        { "lovage.job.name", _names.Of(message.Name) },
        { "messaging.destination.name", message.Queue },
    };
}

using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Execution;

/// <summary>
/// What an attempt leaves in metrics and its span. Labels are names from the registry and words of closed sets, never
/// ids.
/// </summary>
internal static class WorkerMeasures
{
    internal static void Started(JobMessage message, TimeSpan wait)
    {
        if (LovageTelemetry.Started.Enabled)
        {
            var tags = Tags(message);
            LovageTelemetry.Started.Add(1, tags);
            LovageTelemetry.Active.Add(1, tags);
            if (message.Retries == 0)
            {
                LovageTelemetry.WaitDuration.Record(Math.Max(0, wait.TotalSeconds), tags);
            }
        }
    }

    internal static void Ended(
        JobMessage message, AttemptEnd end, Exception? error, TimeSpan duration, Activity? activity)
    {
        if (LovageTelemetry.Completed.Enabled)
        {
            var tags = Tags(message);
            LovageTelemetry.Active.Add(-1, tags);
            tags.Add("lovage.job.outcome", Word(end));
            if (error is not null)
            {
                tags.Add("error.type", error.GetType().FullName);
            }

            LovageTelemetry.Completed.Add(1, tags);
            LovageTelemetry.RunDuration.Record(duration.TotalSeconds, tags);
            LovageTelemetry.ProcessDuration.Record(duration.TotalSeconds, tags);
        }

        activity?.SetTag("lovage.job.outcome", Word(end));
        if (error is not null)
        {
            activity?.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
        }
    }

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

    private static TagList Tags(JobMessage message) => new()
    {
        { "lovage.job.name", message.Name },
        { "messaging.destination.name", message.Queue },
    };
}

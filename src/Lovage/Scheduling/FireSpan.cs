using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>The span of a schedule's firing, whose context its jobs carry.</summary>
internal static class FireSpan
{
    /// <summary>The firing with jobs that carry the span's context; itself when no listener wants it.</summary>
    internal static Firing Trace(Firing firing)
    {
        if (firing.Jobs.Count == 0 || !LovageTelemetry.Source.HasListeners())
        {
            return firing;
        }

        using var span = Span.Start($"fire {firing.Id}", ActivityKind.Internal);
        if (span.Activity is not { } activity)
        {
            return firing;
        }

        activity.SetTag("lovage.schedule.name", firing.Id)
            .SetTag("lovage.job.name", firing.Jobs[0].Name)
            .SetTag("messaging.batch.message_count", firing.Jobs.Count);
        return firing with
        {
            Jobs = [.. firing.Jobs.Select(job => job with { Headers = TraceContext.With(job.Headers, activity) })],
        };
    }
}

using Lovage.Protocol;

namespace Lovage.Scheduling;

/// <summary>The message that a schedule keeps and each tick enqueues anew.</summary>
internal static class ScheduleTemplate
{
    /// <summary>
    /// Makes one of a message as for enqueuing it now: what belongs to that moment is taken out, and its expiry, which
    /// counts from each tick, is kept from the Unix epoch.
    /// </summary>
    internal static JobMessage Of(JobMessage message, TimeSpan? expires) => message with
    {
        Expires = expires is { } span ? DateTimeOffset.UnixEpoch + span : null,
        Headers = message.Headers.RemoveRange(["traceparent", "tracestate"]),
        HasChosenId = false,
    };

    /// <summary>When a job that is enqueued now is no longer worth starting; null for never.</summary>
    internal static DateTimeOffset? ExpiresAt(JobMessage template, DateTimeOffset now) =>
        template.Expires is { } kept ? now + (kept - DateTimeOffset.UnixEpoch) : null;

    /// <summary>The expiry that a template keeps.</summary>
    internal static TimeSpan? Expires(JobMessage template) => template.Expires - DateTimeOffset.UnixEpoch;
}

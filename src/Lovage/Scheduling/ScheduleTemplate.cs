using Lovage.Protocol;

namespace Lovage.Scheduling;

/// <summary>The message that a schedule keeps and each tick enqueues anew.</summary>
internal static class ScheduleTemplate
{
    /// <summary>
    /// Makes a template of a message that could be enqueued now. It takes out the fields that belong to that moment.
    /// The expiry counts from each tick, so the template keeps it from the Unix epoch.
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

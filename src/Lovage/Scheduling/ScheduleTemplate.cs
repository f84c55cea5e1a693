using Lovage.Protocol;

namespace Lovage.Scheduling;

/// <summary>The message that a schedule keeps and each tick enqueues anew.</summary>
internal static class ScheduleTemplate
{
    /// <summary>
    /// Makes the template of a job. Filters around enqueuing see the job here, once, and not at each tick.
    /// </summary>
    /// <param name="messages">Makes its message.</param>
    /// <param name="job">The job.</param>
    /// <param name="services">Builds the filters; null for a scope of their own.</param>
    /// <exception cref="BadArgumentsException">The arguments do not fit, or cannot be written as JSON.</exception>
    /// <exception cref="ArgumentException">It has too many headers.</exception>
    internal static async ValueTask<JobMessage> MakeAsync(JobMessages messages, Job job, IServiceProvider? services)
    {
        var draft = messages.Draft(job);
        if (messages.Filters(draft.Definition) is { IsEmpty: false } filters)
        {
            await messages.FilterAsync(draft, filters, services, filtered =>
            {
                draft = filtered;
                return default;
            });
        }

        var headers = draft.Job.Headers.Count;
        return headers <= JobNames.HeaderCountMax - ScheduleHeaders.Count
            ? Of(messages.Make(draft), draft.Job.Expires)
            : throw new ArgumentException(
                $"The schedule's job has {headers} headers; at most "
                    + $"{JobNames.HeaderCountMax - ScheduleHeaders.Count} are allowed, for the schedule adds "
                    + $"{ScheduleHeaders.Count}.",
                nameof(job));
    }

    /// <summary>
    /// Makes one of a message as for enqueuing it now. What belongs to that moment is taken out: trace, root, parent.
    /// The expiry counts from each tick and is kept from the Unix epoch.
    /// </summary>
    internal static JobMessage Of(JobMessage message, TimeSpan? expires) => message with
    {
        Expires = expires is { } span ? DateTimeOffset.UnixEpoch + span : null,
        ExpiresIn = null,
        Headers = TraceContext.Without(message.Headers),
        RootId = null,
        ParentId = null,
        HasChosenId = false,
    };

    /// <summary>The job of a schedule's template, run by hand at this moment.</summary>
    internal static JobMessage RunNow(JobMessages messages, string scheduleId, JobMessage template, DateTimeOffset now)
    {
        var parent = JobContext.Current;
        return template with
        {
            Id = messages.NextId(),
            Expires = ExpiresAt(template, now),
            Headers = TraceContext.WithCaller(template.Headers.SetItem(ScheduleHeaders.Schedule, scheduleId)),
            RootId = parent?.RootId,
            ParentId = parent?.Id.Value,
        };
    }

    /// <summary>When a job that is enqueued now is no longer worth starting; null for never.</summary>
    internal static DateTimeOffset? ExpiresAt(JobMessage template, DateTimeOffset now) =>
        template.Expires is { } kept ? now + (kept - DateTimeOffset.UnixEpoch) : null;

    /// <summary>The expiry that a template keeps.</summary>
    internal static TimeSpan? Expires(JobMessage template) => template.Expires - DateTimeOffset.UnixEpoch;
}

using System.Collections.Immutable;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage;

/// <summary>
/// Turns definitions into what the storage keeps: what the clients of the app and the comparison with its code share.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class ScheduleSender(JobSender jobs, StorageGate gate, IServiceScopeFactory scopes)
{
    /// <summary>What every reader of triggers in this process shares.</summary>
    internal TriggerCache Triggers { get; } = new();

    /// <exception cref="StorageException">The storage is not open, or keeps no schedules.</exception>
    internal ScheduleStore Store => gate.Storage.Schedules ?? throw NoSchedules(gate.Storage);

    internal static StorageException NoSchedules(JobStorage storage) =>
        new(
            $"The storage '{storage.Description}' keeps no schedules. Use one that does (sqlite:, memory:), or leave "
                + "the schedules to another app.",
            isTransient: false);

    /// <summary>The storage's time, by which all ticks are judged.</summary>
    internal async ValueTask<DateTimeOffset> NowAsync(CancellationToken cancellationToken) =>
        (await Store.DueAsync(1, cancellationToken)).Now;

    /// <summary>
    /// The job as the storage keeps it. Filters around enqueuing see it here, once, and not at each tick.
    /// </summary>
    /// <exception cref="BadArgumentsException">The arguments do not fit, or cannot be written as JSON.</exception>
    internal async ValueTask<JobMessage> TemplateAsync(Job job, IServiceProvider? services)
    {
        var definition = jobs.Definition(job.Name);
        ImmutableArray<Type> filters = definition is null ? jobs.Filters : [.. jobs.Filters, .. definition.Filters];
        if (!filters.IsEmpty)
        {
            AsyncServiceScope? scope = services is null ? scopes.CreateAsyncScope() : null;
            try
            {
                await EnqueueFilters.RunAsync(job, filters, scope?.ServiceProvider ?? services!, filtered =>
                {
                    job = filtered;
                    return ValueTask.CompletedTask;
                });
            }
            finally
            {
                if (scope is { } made)
                {
                    await made.DisposeAsync();
                }
            }
        }

        if (job.Headers.Count > JobNames.HeaderCountMax - ScheduleHeaders.Count)
        {
            throw new ArgumentException(
                $"The schedule's job has {job.Headers.Count} headers; at most "
                    + $"{JobNames.HeaderCountMax - ScheduleHeaders.Count} are allowed, for the schedule adds "
                    + $"{ScheduleHeaders.Count}.",
                nameof(job));
        }

        return ScheduleTemplate.Of(jobs.Message(job, definition, jobs.Encode(job, definition)), job.Expires);
    }

    /// <summary>The job of a schedule's template, run by hand at this moment.</summary>
    internal JobMessage Instance(string id, JobMessage template, DateTimeOffset now) =>
        template with
        {
            Id = jobs.NextId(),
            Expires = ScheduleTemplate.ExpiresAt(template, now),
            Headers = template.Headers.SetItem(ScheduleHeaders.Schedule, id),
        };

    /// <summary>
    /// Where a schedule goes on: with the trigger it has at the tick it stands at, so that one that is due is not lost,
    /// with another at the first tick after now and after all that was dealt with.
    /// </summary>
    internal static DateTimeOffset? NextTick(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        stored is { State: ScheduleState.Active, NextTick: { } next } && stored.Trigger == trigger.ToJson()
            ? next
            : trigger.NextAfter(stored?.LastTick > now ? stored.LastTick.Value : now);

    /// <summary>As <see cref="NextTick"/>, for a schedule that must have one.</summary>
    /// <exception cref="TriggerException">There is none.</exception>
    internal static DateTimeOffset FirstTick(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        NextTick(trigger, now, stored) ?? throw new TriggerException(
            $"The trigger has no tick after {now:O}: it would never fire. Give it a later end or date.");
}

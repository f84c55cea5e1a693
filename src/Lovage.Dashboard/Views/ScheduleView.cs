using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Search;

namespace Lovage.Dashboard.Views;

/// <summary>From schedules to what the API says of them.</summary>
internal sealed class ScheduleView(ConsoleServices console)
{
    private const int NextCount = 5;

    /// <summary>The rows of schedules: their last jobs come by one look at the storage.</summary>
    internal async ValueTask<IReadOnlyList<ScheduleRow>> RowsAsync(
        IReadOnlyList<Schedule> schedules, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var last = schedules.Count > 0
            && console.Jobs.DescribeStorage().HasHistory
            && console.Jobs.Qualifiers.HasFlag(JobQualifiers.Schedule)
            ? await console.Jobs.NewestOfSchedulesAsync(
                [.. schedules.Select(static schedule => schedule.Id)], cancellationToken)
            : new ScheduledJob?[schedules.Count];
        return [.. schedules.Select((schedule, i) => Row(schedule, last[i], now))];
    }

    private ScheduleRow Row(Schedule schedule, ScheduledJob? last, DateTimeOffset now)
    {
        var code = schedule.IsEdited ? console.Schedules.CodeTrigger(schedule.Id) : null;
        return new ScheduleRow
        {
            Id = schedule.Id,
            State = StateOf(schedule.State),
            Reason = schedule.Reason,
            Words = schedule.Description,
            TimeZone = ZoneOf(schedule.Trigger),
            Trigger = TextOf(schedule.Trigger) ?? schedule.TriggerJson,
            Job = new ScheduleJob(schedule.JobName, schedule.Queue),
            Next = Next(schedule, now),
            LastTick = schedule.LastTick,
            LastJob = last is null ? null : new ScheduleLastJob(last.Id.Value, StateWords.Of(last.State)),
            Fired = schedule.Fired,
            Missed = schedule.Missed,
            Skipped = schedule.Skipped,
            FromCode = schedule.App is not null,
            Edited = schedule.IsEdited,
            Misfire = schedule.Policy.Misfire switch
            {
                MisfireRule.Once => "once",
                MisfireRule.Skip => "skip",
                _ => "catch_up",
            },
            Overlap = schedule.Policy.Overlap switch
            {
                OverlapRule.Skip => "skip",
                OverlapRule.QueueOne => "queue_one",
                _ => "allow",
            },
            LateSeconds = schedule.State == ScheduleState.Active && schedule.NextTick is { } tick && tick < now
                ? (now - tick).TotalSeconds
                : null,
            Code = code is null ? null : new ScheduleCode(TextOf(code) ?? code.ToJson(), code.Describe()),
        };
    }

    internal async ValueTask<ScheduleDetail> DetailAsync(
        Schedule schedule, DateTimeOffset now, bool withPayload, CancellationToken cancellationToken)
    {
        var known = await console.Catalog.FindAsync(schedule.JobName, cancellationToken);
        var ticks = await console.Schedules.GetHistoryAsync(schedule.Id, 100, cancellationToken);
        return new ScheduleDetail((await RowsAsync([schedule], now, cancellationToken))[0])
        {
            Ticks =
            [
                .. ticks.Select(static tick => new TickBody(
                    tick.Tick, tick.Through, tick.Count, StatusOf(tick.Status), tick.JobId?.Value, tick.RecordedAt)),
            ],
            Arguments = withPayload && schedule.Template is { } template
                ? PayloadView.Arguments(template, known).Arguments
                : null,
        };
    }

    /// <summary>The next instants at which a trigger fires.</summary>
    internal static IReadOnlyList<DateTimeOffset> Next(Trigger trigger, DateTimeOffset after)
    {
        var next = new List<DateTimeOffset>(NextCount);
        for (var tick = trigger.NextAfter(after);
            tick is { } instant && next.Count < NextCount;
            tick = trigger.NextAfter(instant))
        {
            next.Add(instant);
        }

        return next;
    }

    /// <summary>The trigger as a person would type it: a cron expression, or seconds; null for another kind.</summary>
    internal static string? TextOf(Trigger? trigger) => trigger switch
    {
        CronTrigger cron => cron.Expression,
        IntervalTrigger interval => $"every {Durations.Of(interval.Period)}",
        _ => null,
    };

    private static IReadOnlyList<DateTimeOffset> Next(Schedule schedule, DateTimeOffset now)
    {
        if (schedule.Trigger is not { } trigger || schedule.State == ScheduleState.Ended)
        {
            return [];
        }

        try
        {
            return schedule.NextTick is { } tick && tick > now
                ? [tick, .. Next(trigger, tick).Take(NextCount - 1)]
                : Next(trigger, now);
        }
        catch (InvalidOperationException)
        {
            // An interval that was never anchored.
            return [];
        }
    }

    private static string? ZoneOf(Trigger? trigger) => trigger switch
    {
        CronTrigger cron => cron.TimeZone,
        CalendarIntervalTrigger calendar => calendar.TimeZone,
        _ => null,
    };

    private static string StateOf(ScheduleState state) => state switch
    {
        ScheduleState.Active => "active",
        ScheduleState.Paused => "paused",
        ScheduleState.Broken => "broken",
        _ => "ended",
    };

    private static string StatusOf(TickStatus status) => status switch
    {
        TickStatus.Fired => "fired",
        TickStatus.Queued => "queued",
        TickStatus.Skipped => "skipped",
        TickStatus.Missed => "missed",
        _ => "manual",
    };
}

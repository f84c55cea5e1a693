using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>
/// Deals with the due ticks of the trigger that a schedule has until now, before it gets another one. The schedule then
/// goes on after now, and no due tick is left out in silence.
/// </summary>
/// <param name="store">Where the schedules are.</param>
/// <param name="triggers">Reads stored triggers.</param>
/// <param name="messages">Makes the ids of jobs.</param>
/// <param name="report">Writes the log.</param>
internal sealed class TriggerChange(
    ScheduleStore store, TriggerCache triggers, JobMessages messages, SchedulerReport report)
{
    /// <summary>
    /// Fires a tick that is on time, and records late ones as missed. The change says that the schedule is to fire at
    /// other times, so a late tick is not made up for.
    /// </summary>
    /// <param name="stored">The schedule as it is stored; null for a new one.</param>
    /// <param name="trigger">The trigger that it will have, as JSON.</param>
    /// <param name="now">The storage's time.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>True when there were some: the caller reads the schedule again.</returns>
    internal async ValueTask<bool> CloseAsync(
        ScheduleRecord? stored, string trigger, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (stored is not { State: ScheduleState.Active or ScheduleState.Broken, NextTick: { } first }
            || first > now
            || stored.Trigger == trigger)
        {
            return false;
        }

        if (stored.State == ScheduleState.Broken)
        {
            // Only ticks of an active schedule are recorded.
            await store.SaveAsync(stored with { State = ScheduleState.Active, Reason = null }, cancellationToken);
            return true;
        }

        // This process may not be able to compute the old trigger. The tick at which the schedule stands is known all
        // the same.
        var old = triggers.TryRead(stored.Trigger, out _);
        var onTime = old is not null && now - first <= SchedulePlan.OnTime
            ? (await store.DueAsync(ScheduleStore.BatchMax, cancellationToken)).Schedules.FirstOrDefault(
                due => due.Schedule.Id == stored.Id && due.Schedule.Version == stored.Version)
            : null;
        var firing = onTime is null
            ? Missed(stored, old, first, now)
            : SchedulePlan.Make(onTime, old!, now, messages.NextId);
        var statuses = await store.RecordAsync([firing], cancellationToken);
        if (statuses[0] == FireStatus.Recorded)
        {
            if (onTime is null)
            {
                report.MissedByChange(stored.Id, firing.Ticks[0]);
            }
            else
            {
                report.Recorded(stored, firing, now);
            }
        }

        return true;
    }

    /// <summary>One line for all late ticks, however many they are.</summary>
    private static Firing Missed(ScheduleRecord stored, Trigger? old, DateTimeOffset first, DateTimeOffset now)
    {
        var line = SchedulePlan.Passed(stored, old, now) ?? new TickRecord(first, TickStatus.Missed);
        var next = old?.NextAfter(line.Through);
        while (next is { } late && now - late > SchedulePlan.OnTime)
        {
            line = line with { Through = late, Count = line.Count + 1 };
            next = old!.NextAfter(late);
        }

        return new Firing(stored.Id, stored.Version)
        {
            Ticks = [line],
            Jobs = [],
            NextTick = next,
            QueuedTick = stored.QueuedTick,
            State = next is null && stored.QueuedTick is null ? ScheduleState.Ended : ScheduleState.Active,
        };
    }
}

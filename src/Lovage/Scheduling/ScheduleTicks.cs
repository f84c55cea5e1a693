using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>Where a schedule goes on when it is stored anew.</summary>
internal static class ScheduleTicks
{
    /// <summary>
    /// The tick at which a schedule goes on. With the trigger it has, that is the tick it stands at, so that a due one
    /// is not lost. With another it is the first tick after now and after every tick that was dealt with.
    /// </summary>
    /// <returns>Null when there is none.</returns>
    internal static DateTimeOffset? Next(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        stored is { State: ScheduleState.Active, NextTick: { } next } && stored.Trigger == trigger.ToJson()
            ? next
            : AfterLast(trigger, now, stored);

    /// <summary>As <see cref="Next"/>, for a schedule that must have one.</summary>
    /// <exception cref="TriggerException">There is none.</exception>
    internal static DateTimeOffset First(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        Next(trigger, now, stored) ?? throw new TriggerException(
            $"The trigger has no tick after {now:O}: it would never fire. Give it a later end or date.");

    /// <summary>The first tick after now and after every tick that was dealt with; null when there is none.</summary>
    internal static DateTimeOffset? AfterLast(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        trigger.NextAfter(stored?.LastTick > now ? stored.LastTick.Value : now);
}

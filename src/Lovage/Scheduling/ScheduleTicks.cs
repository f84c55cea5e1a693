using System.Collections.Immutable;
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
        stored is { State: ScheduleState.Active, NextTick: { } next }
            && stored.Trigger == trigger.ToJson()
            && Earlier(trigger, now, stored) is null
            ? next
            : AfterLast(trigger, now, stored);

    /// <summary>As <see cref="Next"/>, for a schedule that must have one.</summary>
    /// <exception cref="TriggerException">There is none.</exception>
    internal static DateTimeOffset First(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        Next(trigger, now, stored) ?? throw new TriggerException(WhyNone(trigger, now));

    /// <summary>The first tick after now and after every tick that was dealt with; null when there is none.</summary>
    internal static DateTimeOffset? AfterLast(Trigger trigger, DateTimeOffset now, ScheduleRecord? stored) =>
        trigger.NextAfter(stored?.LastTick > now ? stored.LastTick.Value : now);

    /// <summary>
    /// The tick that a stored schedule has before the one it stands at. There is one after a clock that was ahead has
    /// computed where the schedule stands.
    /// </summary>
    /// <remarks>
    /// A schedule that stands at an instant that is no tick here was computed with other rules of its zone. It is left
    /// alone: two nodes that disagree would fire two ticks for one.
    /// </remarks>
    /// <returns>Null when the schedule stands where it should.</returns>
    internal static DateTimeOffset? Earlier(Trigger trigger, DateTimeOffset now, ScheduleRecord stored)
    {
        if (AfterLast(trigger, now, stored) is not { } first)
        {
            return null;
        }

        return stored.NextTick is not { } next
            || (first < next && trigger.NextAfter(next - TimeSpan.FromTicks(1)) == next)
            ? first
            : null;
    }

    /// <summary>Why a trigger has no tick after now, and what to write instead.</summary>
    /// <param name="trigger">The trigger, with anchors.</param>
    /// <param name="now">The storage's time.</param>
    internal static string WhyNone(Trigger trigger, DateTimeOffset now) =>
        $"The trigger has no tick after {now:O}: it would never fire. "
            + (NeverMeeting(trigger, now) is not { } all
                ? "Give it a later end or date."
                : all.Intervals.FirstOrDefault() is { } interval
                    ? $"The parts of its Trigger.All never meet: an interval in it counts from {interval.Anchor:O}, by "
                        + "default the instant of its registration, and the other parts do not fire at its ticks. Give "
                        + "the interval an anchor at which they fire, such as Every.Hours(2) with { Anchor = new "
                        + "DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) }."
                    : $"The parts of its Trigger.All do not meet within {Trigger.StepsMax:N0} of their ticks.");

    /// <summary>The first of its triggers whose parts all go on, and never fire together.</summary>
    private static AllTrigger? NeverMeeting(Trigger trigger, DateTimeOffset now) => trigger switch
    {
        AnyTrigger any => NeverMeeting(any.Parts, now),
        AllTrigger all when NeverMeeting(all.Parts, now) is { } inner => inner,
        AllTrigger all when all.Parts.All(part => part.NextAfter(now) is not null)
            && (all with { Start = null, End = null }).NextAfter(now) is null => all,
        _ => null,
    };

    private static AllTrigger? NeverMeeting(ImmutableArray<Trigger> parts, DateTimeOffset now) =>
        parts.Select(part => NeverMeeting(part, now)).FirstOrDefault(static all => all is not null);
}

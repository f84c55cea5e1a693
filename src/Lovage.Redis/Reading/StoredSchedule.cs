using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Plans;
using StackExchange.Redis;

namespace Lovage.Redis.Reading;

/// <summary>A schedule with the lines of its history on which its next firing depends.</summary>
/// <param name="Record">The schedule.</param>
/// <param name="Newest">The newest line of ticks; null when there is none, or when it was pruned.</param>
/// <param name="Waiting">The line of the tick that waits; null for none.</param>
internal sealed record StoredSchedule(ScheduleRecord Record, TickRecord? Newest, TickRecord? Waiting)
{
    /// <summary>Reads what <c>schedules.lua</c> answers for one; null for an unknown one.</summary>
    internal static StoredSchedule? Read(RedisValue[] items) => items.Length == 0
        ? null
        : new StoredSchedule(
            ScheduleText.Read(items[0].ToString(), (long)items[1]), Line(items[2]), Line(items[3]));

    /// <summary>Whether a firing may be recorded.</summary>
    internal FireStatus Check(Firing firing, DateTimeOffset now)
    {
        var status = FiringPlan.Check(firing, Record.Version, Record.State, StorageTime.From(now));
        return status == FireStatus.Recorded && firing.Ticks.Any(tick => WasRecorded(tick.Tick))
            ? FireStatus.Stale
            : status;
    }

    /// <summary>
    /// What a firing makes of the schedule, the lines that it writes, and the newest of its ticks' lines.
    /// </summary>
    internal (ScheduleRecord Record, IReadOnlyList<TickRecord> Lines, DateTimeOffset? Newest) Plan(
        Firing firing, DateTimeOffset now)
    {
        var last = StorageTime.From(Record.LastTick);
        var lines = new List<TickRecord>(firing.Ticks.Count);
        var newest = Newest?.Tick;
        foreach (var tick in firing.Ticks)
        {
            var line = tick;
            if (tick == firing.Ticks[0]
                && FiringPlan.MayExtend(firing, last)
                && Newest is { } before
                && before.Status == tick.Status
                && before.Through == Record.LastTick)
            {
                line = before with { Through = tick.Through, Count = before.Count + tick.Count };
            }

            lines.Add(line with { RecordedAt = now });
            newest = newest is null || line.Tick > newest ? line.Tick : newest;
        }

        var plan = FiringPlan.Of(firing, last);
        return (
            Record with
            {
                LastTick = StorageTime.To(plan.LastTick),
                Fired = Record.Fired + plan.Fired,
                Missed = Record.Missed + plan.Missed,
                Skipped = Record.Skipped + plan.Skipped,
                NextTick = firing.NextTick,
                QueuedTick = firing.QueuedTick,
                State = firing.State,
                Reason = firing.Reason,
            },
            lines,
            newest);
    }

    /// <summary>True for a tick that was recorded, unless it is the one that waits.</summary>
    private bool WasRecorded(DateTimeOffset tick) =>
        tick <= Record.LastTick
        && (tick != Record.QueuedTick || Waiting is { Status: not TickStatus.Queued });

    private static TickRecord? Line(RedisValue row) => row.Length() == 0 ? null : TickText.Read(row.ToString());
}

namespace Lovage.Storage.Plans;

/// <summary>What a firing adds to its schedule: one rule for every storage.</summary>
/// <remarks>Immutable. Times are as <see cref="StorageTime"/> has them.</remarks>
/// <param name="LastTick">The newest tick that was dealt with; null when none was.</param>
/// <param name="Fired">Ticks that enqueued a job.</param>
/// <param name="Missed">Ticks that were missed.</param>
/// <param name="Skipped">Ticks that were skipped.</param>
public readonly record struct FiringPlan(long? LastTick, long Fired, long Missed, long Skipped)
{
    /// <summary>The plan of one firing.</summary>
    /// <param name="firing">The firing.</param>
    /// <param name="lastTick">The newest tick that was dealt with before; null for none.</param>
    public static FiringPlan Of(Firing firing, long? lastTick)
    {
        ArgumentNullException.ThrowIfNull(firing);
        var (last, fired, missed, skipped) = (lastTick, 0L, 0L, 0L);
        for (var i = 0; i < firing.Ticks.Count; i++)
        {
            var tick = firing.Ticks[i];
            last = Math.Max(StorageTime.From(tick.Through), last ?? long.MinValue);
            fired += tick.Status == TickStatus.Fired ? 1 : 0;
            missed += tick.Status == TickStatus.Missed ? tick.Count : 0;
            skipped += tick.Status == TickStatus.Skipped ? tick.Count : 0;
        }

        return new(last, fired, missed, skipped);
    }

    /// <summary>
    /// Whether the first line of a firing extends the newest line of the schedule's ticks, if that line has the same
    /// status and ends at the last tick that was dealt with. Neighbouring missed or skipped ticks are one line.
    /// </summary>
    /// <param name="firing">The firing.</param>
    /// <param name="lastTick">The newest tick that was dealt with before; null for none.</param>
    public static bool MayExtend(Firing firing, long? lastTick)
    {
        ArgumentNullException.ThrowIfNull(firing);
        return firing.Ticks is [{ Status: TickStatus.Missed or TickStatus.Skipped } first, ..]
            && StorageTime.From(first.Tick) > lastTick;
    }

    /// <summary>
    /// Whether a firing may be recorded, as far as its schedule's version, state and the clock tell:
    /// <see cref="FireStatus.Recorded"/> when none of them forbids it.
    /// </summary>
    /// <param name="firing">The firing.</param>
    /// <param name="version">The stored version.</param>
    /// <param name="state">The stored state.</param>
    /// <param name="now">The storage's clock.</param>
    public static FireStatus Check(Firing firing, long version, ScheduleState state, long now)
    {
        ArgumentNullException.ThrowIfNull(firing);

        // The ticks follow one another, so that the last one is the newest.
        return version != firing.Version || state != ScheduleState.Active ? FireStatus.Stale
            : firing.Ticks.Count > 0 && StorageTime.From(firing.Ticks[^1].Through) > now ? FireStatus.Early
            : FireStatus.Recorded;
    }
}

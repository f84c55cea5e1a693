namespace Lovage;

/// <summary>What the scheduler does with late ticks. The number is stored: never renumber.</summary>
public enum MisfireRule
{
    /// <summary>The newest of them runs once if it lies within the grace, all others are recorded as missed.</summary>
    Once = 0,

    /// <summary>None runs; all are recorded as missed.</summary>
    Skip = 1,

    /// <summary>
    /// The newest of them run, oldest first, up to a number and within the grace. All others are recorded as missed.
    /// The overlap rule holds for them too: <see cref="OverlapRule.Allow"/> lets them run beside each other; any other
    /// rule runs one and skips the rest.
    /// </summary>
    CatchUp = 2,
}

/// <summary>
/// What the scheduler does at a tick while jobs of earlier ticks have not ended. The number is stored: never renumber.
/// </summary>
public enum OverlapRule
{
    /// <summary>The tick is skipped, and recorded as such.</summary>
    Skip = 0,

    /// <summary>The tick waits and runs when the job before it has ended; further ones are skipped meanwhile.</summary>
    QueueOne = 1,

    /// <summary>The tick runs beside them, up to a number of unfinished jobs.</summary>
    Allow = 2,
}

/// <summary>How a schedule treats late ticks, overlaps and ticks of the same minute.</summary>
/// <remarks>Immutable.</remarks>
public sealed record SchedulePolicy
{
    /// <summary>For late ticks; once by default.</summary>
    public MisfireRule Misfire { get; init; } = MisfireRule.Once;

    /// <summary>
    /// How late a tick may still run. Null (the default): the time to the next tick, at most 1 h; under
    /// <see cref="MisfireRule.CatchUp"/> however late.
    /// </summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>Late ticks that run under <see cref="MisfireRule.CatchUp"/>, 1 to 1,000; 10 by default.</summary>
    public int CatchUpMax { get; init; } = 10;

    /// <summary>For ticks while earlier jobs have not ended; skip by default.</summary>
    public OverlapRule Overlap { get; init; } = OverlapRule.Skip;

    /// <summary>Unfinished jobs at the most under <see cref="OverlapRule.Allow"/>, 1 to 1,000; 10 by default.</summary>
    public int OverlapMax { get; init; } = 10;

    /// <summary>
    /// Each job waits a part of this time, so that schedules of the same minute spread. Its schedule and its tick
    /// decide the part. Zero (the default) to 1 day.
    /// </summary>
    public TimeSpan Jitter { get; init; }
}

namespace Lovage;

/// <summary>Where the job of a schedule runs.</summary>
public enum ScheduleTarget
{
    /// <summary>Once for all nodes: each tick enqueues one durable job.</summary>
    Cluster = 0,

    /// <summary>
    /// On every node for itself, such as to refresh a cache. At each tick each process that has the schedule in its
    /// code runs the job in memory. Nothing is stored.
    /// </summary>
    EveryNode = 1,
}

/// <summary>How a schedule treats late ticks, overlaps and ticks of the same minute.</summary>
public sealed class ScheduleOptions
{
    /// <summary>
    /// Whether each tick is for all nodes together or for each; <see cref="ScheduleTarget.Cluster"/> by default. Only a
    /// schedule in code can be for every node; it skips missed ticks and, while its job still runs, overlapping ones.
    /// </summary>
    public ScheduleTarget Target { get; set; }

    /// <summary>
    /// What the scheduler does with late ticks. <see cref="MisfireRule.Once"/> by default: it runs the newest of them
    /// once and records the others as missed.
    /// </summary>
    public MisfireRule Misfire { get; set; }

    /// <summary>
    /// How late a tick may still run, 0 to 3,653 days. Null (the default): the time to the next tick, at most 1 h;
    /// under <see cref="MisfireRule.CatchUp"/> however late.
    /// </summary>
    public TimeSpan? Grace { get; set; }

    /// <summary>Late ticks that run under <see cref="MisfireRule.CatchUp"/>, 1 to 1,000; 10 by default.</summary>
    public int CatchUpMax { get; set; } = 10;

    /// <summary>
    /// What the scheduler does at a tick while jobs of earlier ticks have not ended: <see cref="OverlapRule.Skip"/> by
    /// default.
    /// </summary>
    public OverlapRule Overlap { get; set; }

    /// <summary>Unfinished jobs at the most under <see cref="OverlapRule.Allow"/>, 1 to 1,000; 10 by default.</summary>
    public int OverlapMax { get; set; } = 10;

    /// <summary>
    /// Each job waits a part of this time, 0 (the default) to 1 day; the part follows from the schedule's id and the
    /// tick, the same on every node.
    /// </summary>
    public TimeSpan Jitter { get; set; }

    internal static ScheduleOptions Of(SchedulePolicy policy, ScheduleTarget target) => new()
    {
        Target = target,
        Misfire = policy.Misfire,
        Grace = policy.Grace,
        CatchUpMax = policy.CatchUpMax,
        Overlap = policy.Overlap,
        OverlapMax = policy.OverlapMax,
        Jitter = policy.Jitter,
    };

    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    internal SchedulePolicy Policy()
    {
        Check(CatchUpMax is >= 1 and <= 1_000, nameof(CatchUpMax), CatchUpMax, "1 to 1,000");
        Check(OverlapMax is >= 1 and <= 1_000, nameof(OverlapMax), OverlapMax, "1 to 1,000");
        Check(
            Grace is null || (Grace >= TimeSpan.Zero && Grace <= JobLimits.DelayMax),
            nameof(Grace),
            Grace,
            "0 to 3,653 days");
        Check(Jitter >= TimeSpan.Zero && Jitter <= TimeSpan.FromDays(1), nameof(Jitter), Jitter, "0 to 1 day");
        Check(Enum.IsDefined(Misfire), nameof(Misfire), Misfire, "one of the rules");
        Check(Enum.IsDefined(Overlap), nameof(Overlap), Overlap, "one of the rules");
        return new SchedulePolicy
        {
            Misfire = Misfire,
            Grace = Grace,
            CatchUpMax = CatchUpMax,
            Overlap = Overlap,
            OverlapMax = OverlapMax,
            Jitter = Jitter,
        };
    }

    private static void Check(bool isAllowed, string name, object? value, string range)
    {
        if (!isAllowed)
        {
            throw new ArgumentOutOfRangeException(name, value, $"A schedule's {name} is {value}; {range} is allowed.");
        }
    }
}

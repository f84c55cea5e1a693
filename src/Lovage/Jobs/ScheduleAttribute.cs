namespace Lovage;

/// <summary>
/// Gives a job handler a schedule in its code: <c>[Job("daily_report"), Schedule("daily-report", "0 0 * * *", TimeZone
/// = "Asia/Shanghai")]</c>. The handler's payload parameters, if any, must all have defaults. The compiler reads the
/// expression and reports an error when it is not valid or never fires.
/// </summary>
/// <param name="id">The schedule's id: 1 to 128 characters of <c>A-Z a-z 0-9 . _ : -</c>, unique in the
/// storage.</param>
/// <param name="cron">When: a cron expression of 5 fields, or 6 with seconds first.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ScheduleAttribute(string id, string cron) : Attribute
{
    /// <summary>The schedule's id.</summary>
    public string Id { get; } = id;

    /// <summary>When.</summary>
    public string Cron { get; } = cron;

    /// <summary>The IANA id of the time zone the expression is in; <c>UTC</c> by default.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>True to run on every node for itself, in memory; false (the default) for once for all nodes.</summary>
    public bool EveryNode { get; set; }

    /// <summary>What the scheduler does with late ticks; <see cref="MisfireRule.Once"/> by default.</summary>
    public MisfireRule Misfire { get; set; }

    /// <summary>
    /// Seconds a tick may be late and still run. 0 (the default): the time to the next tick, at most 1 h; under
    /// <see cref="MisfireRule.CatchUp"/> however late.
    /// </summary>
    public double GraceSeconds { get; set; }

    /// <summary>Late ticks that run under <see cref="MisfireRule.CatchUp"/>, 1 to 1,000; 10 by default.</summary>
    public int CatchUpMax { get; set; } = 10;

    /// <summary>
    /// What the scheduler does at a tick while jobs of earlier ticks have not ended; <see cref="OverlapRule.Skip"/> by
    /// default.
    /// </summary>
    public OverlapRule Overlap { get; set; }

    /// <summary>Unfinished jobs at the most under <see cref="OverlapRule.Allow"/>, 1 to 1,000; 10 by default.</summary>
    public int OverlapMax { get; set; } = 10;

    /// <summary>Each job waits a part of this many seconds, 0 (the default) to 86,400.</summary>
    public double JitterSeconds { get; set; }
}

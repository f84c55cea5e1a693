using Lovage.Execution;

namespace Lovage;

/// <summary>
/// How long ended jobs, the history of schedules, audit records and ended operations are kept, as in the section
/// <c>Lovage:Retention</c>. Workers remove what is older.
/// </summary>
public sealed class RetentionOptions
{
    /// <summary>
    /// How long succeeded, failed, cancelled and expired jobs are kept, 0 to 3,653 days; 7 days by default.
    /// </summary>
    public TimeSpan Finished { get; set; } = WorkerRules.Finished.Default;

    /// <summary>How long dead letters are kept, 0 to 3,653 days; 30 days by default.</summary>
    public TimeSpan Dead { get; set; } = WorkerRules.Dead.Default;

    /// <summary>
    /// Ended jobs kept at the most, the oldest going first, 0 to 1,000,000,000; 1,000,000 by default.
    /// </summary>
    public long RowsMax { get; set; } = WorkerRules.RowsMax.Default;

    /// <summary>
    /// How long the history of schedules is kept (what became of each tick), 0 to 3,653 days; 7 days by default. A line
    /// whose job has not ended stays.
    /// </summary>
    public TimeSpan Schedules { get; set; } = WorkerRules.ScheduleRetention.Default;

    /// <summary>How long records of what people did are kept, 0 to 3,653 days; 90 days by default.</summary>
    public TimeSpan Audit { get; set; } = WorkerRules.AuditRetention.Default;

    /// <summary>How long bulk operations that have ended are kept, 0 to 3,653 days; 30 days by default.</summary>
    public TimeSpan Operations { get; set; } = WorkerRules.OperationRetention.Default;
}

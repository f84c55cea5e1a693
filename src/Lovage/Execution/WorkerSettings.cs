using System.Collections.Immutable;

namespace Lovage.Execution;

/// <summary>How one worker works: a snapshot, which <see cref="JobWorker.Apply"/> can replace while it runs.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
internal sealed record WorkerSettings
{
    /// <summary>The queues, in the order in which they are served. <c>default</c> by default.</summary>
    public ImmutableArray<string> Queues { get; init; } = ["default"];

    /// <summary>
    /// Attempts at the same time, 1 to 10,000. Five times the number of processors by default, at least
    /// 10: most handlers wait for others most of the time.
    /// </summary>
    public int Concurrency { get; init; } = WorkerRules.Concurrency.Default;

    /// <summary>
    /// Jobs fetched ahead of free slots at the most, 0 to 1,000; 500 by default. Fewer are fetched when jobs are slow,
    /// none when they take over a second.
    /// </summary>
    public int PrefetchMax { get; init; } = WorkerRules.PrefetchMax.Default;

    /// <summary>
    /// How long the right to run lasts unless renewed, 1 s to 1 h; 30 s by default. It is renewed three times in that
    /// span.
    /// </summary>
    public TimeSpan Lease { get; init; } = WorkerRules.Lease.Default;

    /// <summary>
    /// How long to wait for a hint before looking again, 10 ms to 1 min; 2 s by default, jittered by half either way.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = WorkerRules.PollInterval.Default;

    /// <summary>How often to look for dead owners, 100 ms to 10 min; 3 s by default.</summary>
    public TimeSpan SweepInterval { get; init; } = WorkerRules.SweepInterval.Default;

    /// <summary>
    /// Tries at the most for a job that says nothing itself, first one included, 1 to 1,000; 3 by default.
    /// </summary>
    public int MaxAttempts { get; init; } = WorkerRules.MaxAttempts.Default;

    /// <summary>
    /// The policy for a job that says nothing itself; exponential from 1 s to 15 min with full jitter by default.
    /// </summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>
    /// After which a handler's token is cancelled, for a job that says nothing itself, 1 ms to 3,653 days; null (the
    /// default) for never.
    /// </summary>
    public TimeSpan? SoftTimeLimit { get; init; }

    /// <summary>
    /// After which an attempt ends as timed out, for a job that says nothing itself, 1 ms to 3,653 days; null (the
    /// default) for never.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>
    /// How long a stopping worker waits for running handlers before it cancels them, 0 to 1 day; 25 s by default. With
    /// <see cref="CancelTime"/> it should fit the host's ShutdownTimeout.
    /// </summary>
    public TimeSpan DrainTime { get; init; } = WorkerRules.DrainTime.Default;

    /// <summary>
    /// How long a stopping worker then waits for cancelled handlers before it leaves without them, 0 to 1 h; 3 s by
    /// default.
    /// </summary>
    public TimeSpan CancelTime { get; init; } = WorkerRules.CancelTime.Default;

    /// <summary>Log lines kept of each attempt, the newest ones, 0 to 10,000; 200 by default.</summary>
    public int LogLinesMax { get; init; } = WorkerRules.LogLinesMax.Default;

    /// <summary>Characters of log kept of each attempt, 0 to 16,777,216; 65,536 by default.</summary>
    public int LogCharactersMax { get; init; } = WorkerRules.LogCharactersMax.Default;

    /// <summary>
    /// Bytes of a result at the most, 0 to 268,435,456; a larger one is left out and the job says so. 1,048,576 (1 MiB)
    /// by default.
    /// </summary>
    public int ResultBytesMax { get; init; } = WorkerRules.ResultBytesMax.Default;

    /// <summary>
    /// Outcomes that may wait to be written before slots wait too, 1 to 1,000,000; 10,000 by default.
    /// </summary>
    public int UnwrittenMax { get; init; } = WorkerRules.UnwrittenMax.Default;

    /// <summary>
    /// How long a job may be offered to workers that do not know its name or arguments before it is set aside, 1 s to
    /// 3,653 days; 24 hours by default. It counts from the first offer and ends with a start.
    /// </summary>
    public TimeSpan OfferLimit { get; init; } = WorkerRules.OfferLimit.Default;

    /// <summary>
    /// The longest wait before a job whose name no live worker knows is offered again, 100 ms to 1 day; 1 min by
    /// default. The first wait is about 1 s, and it doubles up to this one.
    /// </summary>
    public TimeSpan OfferDelayMax { get; init; } = WorkerRules.OfferDelayMax.Default;

    /// <summary>How long ended jobs are kept: 7 days, dead letters 30 days, 1,000,000 rows by default.</summary>
    public RetentionPolicy Retention { get; init; } =
        new(WorkerRules.Finished.Default, WorkerRules.Dead.Default, WorkerRules.RowsMax.Default);

    /// <summary>How long the history of schedules is kept, 0 to 3,653 days; 7 days by default.</summary>
    public TimeSpan ScheduleRetention { get; init; } = WorkerRules.ScheduleRetention.Default;

    /// <summary>How long records of what people did are kept, 0 to 3,653 days; 90 days by default.</summary>
    public TimeSpan AuditRetention { get; init; } = WorkerRules.AuditRetention.Default;

    /// <summary>How long bulk operations that have ended are kept, 0 to 3,653 days; 30 days by default.</summary>
    public TimeSpan OperationRetention { get; init; } = WorkerRules.OperationRetention.Default;

    /// <summary>True while it takes no more jobs, because a person asked for that; what runs goes on.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>
    /// How often running attempts are looked at for time limits, progress and starts to write; 100 ms.
    /// </summary>
    internal TimeSpan WatchInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often one job's progress is written at the most; 1 s.</summary>
    internal TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);
}

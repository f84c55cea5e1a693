using System.Collections.Immutable;

namespace Lovage.Execution;

/// <summary>How one worker works; fixed while it runs.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record WorkerSettings
{
    /// <summary>The queues, in the order in which they are served. <c>default</c> by default.</summary>
    public ImmutableArray<string> Queues { get; init; } = ["default"];

    /// <summary>
    /// Attempts at the same time, 1 to 10,000. Twice the number of processors by default, at least 4.
    /// </summary>
    public int Concurrency { get; init; } = Math.Max(4, Environment.ProcessorCount * 2);

    /// <summary>
    /// Jobs fetched ahead of free slots at the most, 0 to 1,000; 500 by default. Fewer are fetched when jobs are slow,
    /// none when they take over a second.
    /// </summary>
    public int PrefetchMax { get; init; } = 500;

    /// <summary>
    /// How long the right to run lasts unless renewed, 1 s to 1 h; 30 s by default. It is renewed three times in that
    /// span.
    /// </summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long to wait for a hint before looking again, 10 ms to 1 min; 2 s by default, jittered by half either way.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often to look for dead owners, 100 ms to 10 min; 3 s by default.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Tries of a job at the most, first one included, when neither its message nor its definition says: 1 to 1,000, 3
    /// by default.
    /// </summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>When a job's own definition and message say nothing.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>After which a handler's token is cancelled; null (the default) for never.</summary>
    public TimeSpan? SoftTimeLimit { get; init; }

    /// <summary>After which an attempt ends as timed out; null (the default) for never.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>
    /// How long a stopping worker waits for running handlers before it cancels them; 25 s by default.
    /// </summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How long a stopping worker then waits for cancelled handlers before it leaves without them; 3 s by default.
    /// </summary>
    public TimeSpan CancelTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Log lines kept of each attempt, the newest ones; 200 by default, 0 for none.</summary>
    public int LogLinesMax { get; init; } = 200;

    /// <summary>Characters of log kept of each attempt; 64 Ki by default.</summary>
    public int LogCharactersMax { get; init; } = 64 * 1024;

    /// <summary>
    /// Bytes of a result at the most; a larger one is left out and the job says so. 1 MiB by default.
    /// </summary>
    public int ResultBytesMax { get; init; } = 1024 * 1024;

    /// <summary>How long ended jobs are kept: 7 days, dead letters 30 days, 1,000,000 rows by default.</summary>
    public RetentionPolicy Retention { get; init; } = new(TimeSpan.FromDays(7), TimeSpan.FromDays(30), 1_000_000);

    /// <summary>How long the history of schedules is kept, zero or more; 7 days by default.</summary>
    public TimeSpan ScheduleRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Wait before a job that nobody here can run is offered again; 30 s by default.</summary>
    public TimeSpan UnknownJobDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often running attempts are looked at for time limits, progress and starts to write; 100 ms.
    /// </summary>
    internal TimeSpan WatchInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often one job's progress is written at the most; 1 s.</summary>
    internal TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);
}

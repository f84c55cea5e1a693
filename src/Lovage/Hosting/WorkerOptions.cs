using System.Diagnostics.CodeAnalysis;
using Lovage.Execution;

namespace Lovage;

/// <summary>How one worker works, as in the section <c>Lovage:Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>
    /// The queues, in the order in which they are served. Empty (the default): <see cref="LovageOptions.DefaultQueue"/>
    /// and the queues that the registered jobs name.
    /// </summary>
    [SuppressMessage("Usage", "CA2227", Justification = "A worker's queues are assigned: worker.Queues = [\"mail\"].")]
    public IList<string> Queues { get; set; } = [];

    /// <summary>
    /// Attempts at the same time, 1 to 10,000. Null (the default): twice the number of processors, at least 4.
    /// </summary>
    public int? Concurrency { get; set; }

    /// <summary>Jobs fetched ahead of free slots at the most, 0 to 1,000; 500 by default.</summary>
    public int PrefetchMax { get; set; } = 500;

    /// <summary>
    /// How long the right to run lasts unless renewed, 1 s to 1 h; 30 s by default. It is renewed three times in that
    /// span.
    /// </summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long to wait for a hint before looking again, 10 ms to 1 min; 2 s by default, jittered by half either way.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often to look for dead owners, 100 ms to 10 min; 3 s by default.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Tries at the most for a job that says nothing itself, first one included, 1 to 1,000; 3 by default.
    /// </summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>
    /// After which a handler's token is cancelled, for a job that says nothing itself, 1 ms to 3,653 days; null (the
    /// default) for never.
    /// </summary>
    public TimeSpan? SoftTimeLimit { get; set; }

    /// <summary>
    /// After which an attempt ends as timed out, for a job that says nothing itself, 1 ms to 3,653 days; null (the
    /// default) for never.
    /// </summary>
    public TimeSpan? TimeLimit { get; set; }

    /// <summary>
    /// How long a stopping worker waits for running handlers before it cancels them, 0 to 1 day; 25 s by default. With
    /// <see cref="CancelTime"/> it should fit the host's ShutdownTimeout.
    /// </summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How long a stopping worker then waits for cancelled handlers before it leaves without them, 0 to 1 h; 3 s by
    /// default.
    /// </summary>
    public TimeSpan CancelTime { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Log lines kept of each attempt, the newest ones, 0 to 10,000; 200 by default.</summary>
    public int LogLinesMax { get; set; } = 200;

    /// <summary>Characters of log kept of each attempt, 0 to 16,777,216; 65,536 by default.</summary>
    public int LogCharactersMax { get; set; } = 64 * 1024;

    /// <summary>
    /// Bytes of a result at the most, 0 to 268,435,456; a larger one is left out and the job says so. 1,048,576 (1 MiB)
    /// by default.
    /// </summary>
    public int ResultBytesMax { get; set; } = 1024 * 1024;

    /// <summary>
    /// Wait before a job that nobody here can run is offered again, 100 ms to 1 day; 30 s by default.
    /// </summary>
    public TimeSpan UnknownJobDelay { get; set; } = TimeSpan.FromSeconds(30);

    internal WorkerOptions Copy()
    {
        var copy = (WorkerOptions)MemberwiseClone();
        copy.Queues = [.. Queues];
        return copy;
    }

    internal WorkerSettings Settings(LovageOptions options, JobRegistry jobs) => new()
    {
        Queues = Queues.Count > 0
            ? [.. Queues.Distinct(StringComparer.Ordinal)]
            : [.. jobs.Jobs.Select(static job => job.Queue)
                .OfType<string>()
                .Order(StringComparer.Ordinal)
                .Prepend(options.DefaultQueue)
                .Distinct(StringComparer.Ordinal)],
        Concurrency = Concurrency ?? new WorkerSettings().Concurrency,
        PrefetchMax = PrefetchMax,
        Lease = Lease,
        PollInterval = PollInterval,
        SweepInterval = SweepInterval,
        MaxAttempts = MaxAttempts,
        SoftTimeLimit = SoftTimeLimit,
        TimeLimit = TimeLimit,
        DrainTime = DrainTime,
        CancelTime = CancelTime,
        LogLinesMax = LogLinesMax,
        LogCharactersMax = LogCharactersMax,
        ResultBytesMax = ResultBytesMax,
        Retention = new RetentionPolicy(options.Retention.Finished, options.Retention.Dead, options.Retention.RowsMax),
        ScheduleRetention = options.Retention.Schedules,
        UnknownJobDelay = UnknownJobDelay,
    };
}

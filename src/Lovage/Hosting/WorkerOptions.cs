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
    /// Attempts at the same time, 1 to 10,000. Null (the default): five times the number of processors,
    /// at least 10, which suits handlers that wait for others. Handlers that compute need fewer.
    /// </summary>
    public int? Concurrency { get; set; }

    /// <inheritdoc cref="WorkerSettings.PrefetchMax"/>
    public int PrefetchMax { get; set; } = WorkerRules.PrefetchMax.Default;

    /// <inheritdoc cref="WorkerSettings.Lease"/>
    public TimeSpan Lease { get; set; } = WorkerRules.Lease.Default;

    /// <inheritdoc cref="WorkerSettings.PollInterval"/>
    public TimeSpan PollInterval { get; set; } = WorkerRules.PollInterval.Default;

    /// <inheritdoc cref="WorkerSettings.SweepInterval"/>
    public TimeSpan SweepInterval { get; set; } = WorkerRules.SweepInterval.Default;

    /// <inheritdoc cref="WorkerSettings.MaxAttempts"/>
    public int MaxAttempts { get; set; } = WorkerRules.MaxAttempts.Default;

    /// <inheritdoc cref="WorkerSettings.SoftTimeLimit"/>
    public TimeSpan? SoftTimeLimit { get; set; }

    /// <inheritdoc cref="WorkerSettings.TimeLimit"/>
    public TimeSpan? TimeLimit { get; set; }

    /// <inheritdoc cref="WorkerSettings.DrainTime"/>
    public TimeSpan DrainTime { get; set; } = WorkerRules.DrainTime.Default;

    /// <inheritdoc cref="WorkerSettings.CancelTime"/>
    public TimeSpan CancelTime { get; set; } = WorkerRules.CancelTime.Default;

    /// <inheritdoc cref="WorkerSettings.LogLinesMax"/>
    public int LogLinesMax { get; set; } = WorkerRules.LogLinesMax.Default;

    /// <inheritdoc cref="WorkerSettings.LogCharactersMax"/>
    public int LogCharactersMax { get; set; } = WorkerRules.LogCharactersMax.Default;

    /// <inheritdoc cref="WorkerSettings.ResultBytesMax"/>
    public int ResultBytesMax { get; set; } = WorkerRules.ResultBytesMax.Default;

    /// <inheritdoc cref="WorkerSettings.UnwrittenMax"/>
    public int UnwrittenMax { get; set; } = WorkerRules.UnwrittenMax.Default;

    /// <inheritdoc cref="WorkerSettings.OfferLimit"/>
    public TimeSpan OfferLimit { get; set; } = WorkerRules.OfferLimit.Default;

    /// <inheritdoc cref="WorkerSettings.OfferDelayMax"/>
    public TimeSpan OfferDelayMax { get; set; } = WorkerRules.OfferDelayMax.Default;

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
        Concurrency = Concurrency ?? WorkerRules.Concurrency.Default,
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
        AuditRetention = options.Retention.Audit,
        OperationRetention = options.Retention.Operations,
        UnwrittenMax = UnwrittenMax,
        OfferLimit = OfferLimit,
        OfferDelayMax = OfferDelayMax,
    };
}

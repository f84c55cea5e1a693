using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// Reads records of jobs, pages, counts, attempts and counters. The public methods check; a storage writes the
/// protected ones.
/// </summary>
/// <remarks>Safe for use by several threads. It changes nothing, so every call can be repeated.</remarks>
[Experimental("LVGS001")]
public abstract class JobHistory
{
    /// <summary>Jobs that <see cref="CountAsync"/> counts at the most.</summary>
    public const int CountMax = 1_000_000;

    /// <summary>
    /// Jobs at the most in whose arguments a page or a count looks for <see cref="JobQuery.ArgumentText"/>.
    /// </summary>
    public const int ArgumentScanMax = 10_000;

    /// <summary>How long hours of statistics are kept; <see cref="JobStore.PruneAsync"/> removes older ones.</summary>
    public static TimeSpan StatisticsKept { get; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How long counts of failures are kept, and groups after their newest failure; <see cref="JobStore.PruneAsync"/>
    /// removes older ones.
    /// </summary>
    public static TimeSpan FailuresKept { get; } = TimeSpan.FromDays(7);

    /// <summary>Reads jobs.</summary>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A record for each, in order; null for an unknown one.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<JobRecord?>> FindAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        return FindCoreAsync(ids, cancellationToken);
    }

    /// <summary>Reads a page of jobs, newest first.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentException">
    /// The page size is out of range, or the place to continue from is not one that a page gave.
    /// </exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<JobPage> QueryAsync(JobQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query.Limit is < 1 or > JobBroker.BatchMax
            ? throw new ArgumentOutOfRangeException(
                nameof(query), query.Limit, $"A page holds 1 to {JobBroker.BatchMax} jobs.")
            : QueryCoreAsync(query, cancellationToken);
    }

    /// <summary>Counts jobs up to a bound.</summary>
    /// <param name="query">Which jobs; its page settings are ignored.</param>
    /// <param name="max">The bound, 1 to <see cref="CountMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<BoundedCount> CountAsync(JobQuery query, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, CountMax);
        return CountCoreAsync(query, max, cancellationToken);
    }

    /// <summary>Reads for each of several schedules the newest job that it has enqueued.</summary>
    /// <param name="schedules">The ids of 1 to <see cref="JobBroker.BatchMax"/> schedules.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>
    /// A job for each, in order; null for a schedule without one. It is the first one of a page of
    /// <see cref="JobQuery.ScheduleId"/>.
    /// </returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(schedules);
        return NewestOfSchedulesCoreAsync(schedules, cancellationToken);
    }

    /// <summary>Reads the attempts of a job, oldest first, at most the newest 1,000.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<AttemptRecord>> AttemptsAsync(JobId id, CancellationToken cancellationToken) =>
        AttemptsCoreAsync(id, cancellationToken);

    /// <summary>Reads the counters of all queues and job names.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<JobCounter>> CountersAsync(CancellationToken cancellationToken) =>
        CountersCoreAsync(cancellationToken);

    /// <summary>The filters that this storage answers without reading all jobs.</summary>
    public abstract JobQualifiers Qualifiers { get; }

    /// <summary>What happened by hour, queue and name, the oldest hour first.</summary>
    /// <param name="query">Which hours.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no statistics.</exception>
    public ValueTask<IReadOnlyList<JobStatistics>> StatisticsAsync(
        StatisticsQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return StatisticsCoreAsync(query, cancellationToken);
    }

    /// <summary>Reads failures by their cause, the group with the newest failure first.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is out of range.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now, or keeps no failures.</exception>
    public ValueTask<IReadOnlyList<FailureGroup>> FailuresAsync(
        FailureQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        JobBroker.CheckMax(query.Limit);
        return FailuresCoreAsync(query, cancellationToken);
    }

    /// <summary>Reads the jobs whose attempts have been running for the longest time, longest first.</summary>
    /// <param name="max">Jobs at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<JobRecord>> LongestRunningAsync(int max, CancellationToken cancellationToken)
    {
        JobBroker.CheckMax(max);
        return LongestRunningCoreAsync(max, cancellationToken);
    }

    /// <summary>
    /// Reads the newest lines of a job's running attempt, oldest first; none when no attempt runs. An ended attempt has
    /// its own in <see cref="AttemptRecord.Logs"/>.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<LogLine>> LiveLinesAsync(JobId id, CancellationToken cancellationToken) =>
        LiveLinesCoreAsync(id, cancellationToken);

    /// <summary>Reads jobs.</summary>
    /// <inheritdoc cref="FindAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken);

    /// <summary>Reads a page.</summary>
    /// <inheritdoc cref="QueryAsync"/>
    protected abstract ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken);

    /// <summary>Counts.</summary>
    /// <inheritdoc cref="CountAsync"/>
    protected abstract ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken);

    /// <summary>Reads the newest job of each schedule.</summary>
    /// <inheritdoc cref="NewestOfSchedulesAsync"/>
    protected abstract ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken);

    /// <summary>Reads attempts.</summary>
    /// <inheritdoc cref="AttemptsAsync"/>
    protected abstract ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken);

    /// <summary>Reads counters.</summary>
    /// <inheritdoc cref="CountersAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken);

    /// <summary>Reads statistics.</summary>
    /// <inheritdoc cref="StatisticsAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
        StatisticsQuery query, CancellationToken cancellationToken);

    /// <summary>Reads failures.</summary>
    /// <inheritdoc cref="FailuresAsync"/>
    protected abstract ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
        FailureQuery query, CancellationToken cancellationToken);

    /// <summary>Reads the longest running jobs.</summary>
    /// <inheritdoc cref="LongestRunningAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
        int max, CancellationToken cancellationToken);

    /// <summary>Reads the lines of a running attempt.</summary>
    /// <inheritdoc cref="LiveLinesAsync"/>
    protected abstract ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
        JobId id, CancellationToken cancellationToken);
}

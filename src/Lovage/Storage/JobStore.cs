using Lovage.Diagnostics;
using Lovage.Storage.Outbox;

namespace Lovage.Storage;

/// <summary>
/// Keeps what is known of jobs: outcomes, attempts, logs, progress, counters. Outcomes are written by
/// <see cref="SettleAsync"/> and by nothing else. The public methods check, measure and send hints; a storage writes
/// the protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads. A call that fails with a <see cref="StorageException"/> may or may not have been
/// carried out; every call can be repeated.
/// </remarks>
public abstract class JobStore
{
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?> _system;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="signals">Where hints go.</param>
    /// <param name="time">Measures durations.</param>
    protected JobStore(string system, SignalBus signals, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _system = new("messaging.system", system);
        Signals = signals;
    }

    /// <summary>Where hints go.</summary>
    protected SignalBus Signals { get; }

    /// <summary>
    /// Turns the store's outbox on, for a broker apart from it (<see cref="JobBroker.SettlesWithStore"/> is false).
    /// From then on every job is delivered by that broker.
    /// </summary>
    /// <returns>The outbox; null (the default) when this store has none, so that it cannot stand beside such a
    /// broker.</returns>
    public virtual JobOutbox? OpenOutbox() => null;

    /// <summary>
    /// Writes outcomes: the job's new state, its result, the attempt, the counters and the follow-up messages of each
    /// outcome in one transaction, which also removes the delivery where broker and store are one. An outcome with a
    /// stale token changes nothing.
    /// </summary>
    /// <remarks>
    /// A retry makes the job wait by the store's clock and counts one failure; one that is to be cancelled is cancelled
    /// instead, its attempt kept. Any outcome makes a job that came back from a dead owner an ordinary one again. A
    /// follow-up whose id is known is not published again. A repeated call is known until the job's next outcome.
    /// </remarks>
    /// <param name="outcomes">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; the outcomes may be written all the same.</param>
    /// <returns>A status for each, in order. A repeated call with the same token is <see cref="SettleStatus.Applied"/>
    /// again.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<SettleStatus>> SettleAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(outcomes);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i].Decision is JobDecision.Ignore or JobDecision.Release)
            {
                throw new ArgumentException(
                    $"{outcomes[i].Decision} is no outcome: leave the job alone, or release its claim.",
                    nameof(outcomes));
            }
        }

        var start = _time.GetTimestamp();
        var statuses = await SettleCoreAsync(outcomes, cancellationToken);
        if (LovageTelemetry.OperationDuration.Enabled)
        {
            LovageTelemetry.OperationDuration.Record(
                _time.GetElapsedTime(start).TotalSeconds, _system, new("messaging.operation.name", "settle"));
        }

        var listener = Signals.HasListener(SignalKind.JobEnded);
        var more = false;
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (statuses[i] != SettleStatus.Applied)
            {
                continue;
            }

            var outcome = outcomes[i];
            if (outcome.Decision == JobDecision.Retry)
            {
                more = true;
            }
            else if (listener)
            {
                Signals.Send(new Signal(SignalKind.JobEnded, null, outcome.Id));
            }

            more |= outcome.FollowUps.Count > 0;
        }

        if (more)
        {
            Signals.Send(new Signal(SignalKind.JobsReady));
        }

        return statuses;
    }

    /// <summary>Writes starts.</summary>
    /// <param name="starts">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>For each, in order, whether the lease is still held; a start whose lease is lost is not written and
    /// must not run.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<bool>> RecordStartsAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(starts);
        return RecordStartsCoreAsync(starts, cancellationToken);
    }

    /// <summary>Writes how far running jobs are; reports under a stale token change nothing.</summary>
    /// <param name="updates">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask ReportProgressAsync(IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(updates);
        return ReportProgressCoreAsync(updates, cancellationToken);
    }

    /// <summary>
    /// Cancels: what no worker holds ends at once and durably; for what one holds the wish is stored.
    /// </summary>
    /// <remarks>
    /// The attempt's own final outcome wins over the wish; when the claim ends without one (retry, release, dead
    /// owner), the job is cancelled then.
    /// </remarks>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A status for each, in order.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<CancelStatus>> CancelAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        var statuses = await CancelCoreAsync(ids, reason, cancellationToken);
        for (var i = 0; i < ids.Count; i++)
        {
            if (statuses[i] is CancelStatus.Cancelled or CancelStatus.Requested)
            {
                Signals.Send(new Signal(
                    statuses[i] == CancelStatus.Cancelled ? SignalKind.JobEnded : SignalKind.CancelRequested,
                    null,
                    ids[i]));
            }
        }

        return statuses;
    }

    /// <summary>
    /// Puts ended jobs back into their queues as if they were new: ready at once, no retries, no deaths, no result, no
    /// expiry that has passed, counted as enqueued once more. Their history is kept; those that have not ended, or are
    /// gone, are passed over.
    /// </summary>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were put back.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<int> RequeueAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        var count = await RequeueCoreAsync(ids, cancellationToken);
        Signals.Send(new Signal(SignalKind.JobsReady));
        return count;
    }

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
    /// <exception cref="ArgumentException">The page size is out of range, or the place to continue from is not one that
    /// a page gave.</exception>
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
    /// <param name="query">Which; its page settings are not looked at.</param>
    /// <param name="max">The bound, 1 to 1,000,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<BoundedCount> CountAsync(JobQuery query, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, 1_000_000);
        return CountCoreAsync(query, max, cancellationToken);
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

    /// <summary>Removes ended jobs that are older than the policy says, with their attempts.</summary>
    /// <param name="policy">What is kept.</param>
    /// <param name="max">Jobs at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed; <paramref name="max"/> means that there may be more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<int> PruneAsync(RetentionPolicy policy, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, JobBroker.BatchMax);
        return PruneCoreAsync(policy, max, cancellationToken);
    }

    /// <summary>Writes what <see cref="SettleAsync"/> promises.</summary>
    /// <inheritdoc cref="SettleAsync"/>
    protected abstract ValueTask<IReadOnlyList<SettleStatus>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken);

    /// <summary>Writes starts.</summary>
    /// <inheritdoc cref="RecordStartsAsync"/>
    protected abstract ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken);

    /// <summary>Writes progress.</summary>
    /// <inheritdoc cref="ReportProgressAsync"/>
    protected abstract ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken);

    /// <summary>Cancels.</summary>
    /// <inheritdoc cref="CancelAsync"/>
    protected abstract ValueTask<IReadOnlyList<CancelStatus>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken);

    /// <summary>Puts back.</summary>
    /// <inheritdoc cref="RequeueAsync"/>
    protected abstract ValueTask<int> RequeueCoreAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken);

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

    /// <summary>Reads attempts.</summary>
    /// <inheritdoc cref="AttemptsAsync"/>
    protected abstract ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken);

    /// <summary>Reads counters.</summary>
    /// <inheritdoc cref="CountersAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken);

    /// <summary>Removes.</summary>
    /// <inheritdoc cref="PruneAsync"/>
    protected abstract ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken);
}

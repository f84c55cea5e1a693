using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// Writes outcomes, starts, progress, and changes that a person asks for. Only <see cref="SettleAsync"/> writes
/// outcomes. The public methods check, measure and send signals; a storage writes the protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads. After a <see cref="StorageException"/> the caller does not know whether the storage
/// carried out the call. Every call can be repeated. <see cref="JobHistory"/> reads.
/// </remarks>
[Experimental("LVGS001")]
public abstract class JobStore
{
    private readonly StorageMeter _meter;
    private readonly StorageHints _hints;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="signals">Sends signals.</param>
    /// <param name="time">Measures durations.</param>
    /// <param name="server">The server that the storage calls; null for none, or when it is not always the same
    /// one.</param>
    protected JobStore(
        string system, SignalBus signals, TimeProvider time, StorageServer? server = null)
    {
        ArgumentNullException.ThrowIfNull(signals);
        _meter = new StorageMeter(system, time, server);
        _hints = new StorageHints(signals);
        Signals = signals;
    }

    /// <summary>Sends signals.</summary>
    protected SignalBus Signals { get; }

    /// <summary>
    /// Writes outcomes: the job's new state, its result, the attempt, the counters and the follow-up messages of each
    /// outcome in one transaction, which also ends the claim. An outcome with a stale token changes nothing.
    /// </summary>
    /// <remarks>
    /// A retry makes the job wait by the storage's clock and counts one failure. A retry of a job that is to be
    /// cancelled makes it cancelled, its attempt kept and its follow-ups unpublished. Any outcome makes an orphan an
    /// ordinary job again. A follow-up whose id is known is not published again. The storage recognises a repeated call
    /// until the job's next outcome.
    /// </remarks>
    /// <param name="outcomes">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; the outcomes may be written all the same.</param>
    /// <returns>A result for each, in order. A repeated call with the same token is <see cref="SettleStatus.Applied"/>
    /// again.</returns>
    /// <exception cref="ArgumentException">One is no outcome: <see cref="JobDecision.Ignore"/> or
    /// <see cref="JobDecision.Release"/>.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<SettleResult>> SettleAsync(
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

        var start = _meter.Start();
        var results = await SettleCoreAsync(outcomes, cancellationToken);
        _meter.Stop("settle", start);
        var more = false;
        for (var i = 0; i < outcomes.Count; i++)
        {
            more |= _hints.Settled(outcomes[i], results[i]);
        }

        if (more)
        {
            _hints.Published(null);
        }

        return results;
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
        return ReportProgressCoreAsync(
            updates.Any(static update => update.Lines is not { Count: <= ProgressUpdate.LiveLinesMax })
                ? [.. updates.Select(static update => update with { Lines = Newest(update.Lines) })]
                : updates,
            cancellationToken);
    }

    /// <summary>
    /// Cancels jobs. A job that no worker holds ends at once and durably. For a job that a worker holds the storage
    /// keeps the request.
    /// </summary>
    /// <remarks>
    /// The attempt's own final outcome wins over the request. When the claim ends without one (retry, release, decline,
    /// dead owner), the job is cancelled then.
    /// </remarks>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<CancelResult>> CancelAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        var results = await CancelCoreAsync(ids, reason, cancellationToken);
        for (var i = 0; i < ids.Count; i++)
        {
            if (results[i].Status == CancelStatus.Cancelled)
            {
                _hints.Ended(ids[i]);
            }
            else if (results[i].Status == CancelStatus.Requested)
            {
                _hints.CancelRequested(ids[i]);
            }
        }

        return results;
    }

    /// <summary>
    /// Puts ended jobs back into their queues as if they were new: ready at once, without retries, deaths, offers, a
    /// result, or an expiry that has passed. The counters count them as enqueued once more. Their history is kept.
    /// </summary>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order; <see cref="ChangeStatus.NotPossible"/> for a job that has not
    /// ended.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ChangeResult>> RequeueAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        return TellReadyAsync(RequeueCoreAsync(ids, cancellationToken));
    }

    /// <summary>Deletes ended jobs with their attempts.</summary>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order; <see cref="ChangeStatus.NotPossible"/> for a job that has not ended:
    /// cancel it first.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ChangeResult>> DeleteAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        return DeleteCoreAsync(ids, cancellationToken);
    }

    /// <summary>Makes delayed jobs ready now, retries included: each joins the back of its queue.</summary>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order; <see cref="ChangeStatus.NotPossible"/> for a job that is not
    /// delayed.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ChangeResult>> RunNowAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        return TellReadyAsync(RunNowCoreAsync(ids, cancellationToken));
    }

    /// <summary>
    /// Moves jobs that no worker holds to another queue, another priority, or both. A ready job joins the back there, a
    /// delayed one keeps its due time. The counters of queue and name move with the job.
    /// </summary>
    /// <param name="ids">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="target">Where to.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order; <see cref="ChangeStatus.NotPossible"/> for a job that a worker holds or
    /// that has ended.</returns>
    /// <exception cref="ArgumentException">The queue's name is not allowed, the priority is out of range, or neither is
    /// given.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<ChangeResult>> MoveAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(ids);
        ArgumentNullException.ThrowIfNull(target);
        var results = await MoveCoreAsync(ids, target.Checked(), cancellationToken);
        _hints.Moved();
        return results;
    }

    /// <summary>Removes ended jobs that are older than the policy says, with their attempts.</summary>
    /// <remarks>
    /// Hours of statistics go after <see cref="JobHistory.StatisticsKept"/>, failures after
    /// <see cref="JobHistory.FailuresKept"/>, whatever the policy says.
    /// </remarks>
    /// <param name="policy">What is kept.</param>
    /// <param name="max">Jobs at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed; <paramref name="max"/> means that there may be more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<int> PruneAsync(RetentionPolicy policy, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(policy);
        JobBroker.CheckMax(max);
        return PruneCoreAsync(policy, max, cancellationToken);
    }

    /// <summary>Writes what <see cref="SettleAsync"/> promises.</summary>
    /// <inheritdoc cref="SettleAsync"/>
    protected abstract ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
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
    protected abstract ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken);

    /// <summary>Puts back.</summary>
    /// <inheritdoc cref="RequeueAsync"/>
    protected abstract ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken);

    /// <summary>Deletes.</summary>
    /// <inheritdoc cref="DeleteAsync"/>
    protected abstract ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken);

    /// <summary>Makes ready.</summary>
    /// <inheritdoc cref="RunNowAsync"/>
    protected abstract ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken);

    /// <summary>Moves.</summary>
    /// <inheritdoc cref="MoveAsync"/>
    protected abstract ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken);

    /// <summary>Removes.</summary>
    /// <inheritdoc cref="PruneAsync"/>
    protected abstract ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken);

    private async ValueTask<IReadOnlyList<ChangeResult>> TellReadyAsync(ValueTask<IReadOnlyList<ChangeResult>> change)
    {
        var results = await change;
        _hints.Published(null);
        return results;
    }

    private static IReadOnlyList<LogLine> Newest(IReadOnlyList<LogLine>? lines) =>
        [.. (lines ?? []).TakeLast(ProgressUpdate.LiveLinesMax)];
}

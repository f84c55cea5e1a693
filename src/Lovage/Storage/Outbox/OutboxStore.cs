namespace Lovage.Storage.Outbox;

/// <summary>The store, with the broker apart from it served after each step that makes something to deliver.</summary>
internal sealed class OutboxStore(JobStorage storage, OutboxBroker broker, TimeProvider time)
    : JobStore("lovage_outbox", storage.Signals, time)
{
    private readonly JobStore _store = storage.Store;

    protected override async ValueTask<IReadOnlyList<SettleStatus>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        var statuses = await _store.SettleAsync(outcomes, cancellationToken);
        await broker.FinishAsync(outcomes, statuses, cancellationToken);
        return statuses;
    }

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken) =>
        _store.RecordStartsAsync(starts, cancellationToken);

    protected override ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) =>
        _store.ReportProgressAsync(updates, cancellationToken);

    protected override ValueTask<IReadOnlyList<CancelStatus>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
        _store.CancelAsync(ids, reason, cancellationToken);

    protected override async ValueTask<int> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var count = await _store.RequeueAsync(ids, cancellationToken);
        await broker.FlushIfPossibleAsync(cancellationToken);
        return count;
    }

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        _store.FindAsync(ids, cancellationToken);

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken) =>
        _store.QueryAsync(query, cancellationToken);

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query,
        int max,
        CancellationToken cancellationToken) => _store.CountAsync(query, max, cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) => _store.AttemptsAsync(id, cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        _store.CountersAsync(cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy,
        int max,
        CancellationToken cancellationToken) => _store.PruneAsync(policy, max, cancellationToken);
}

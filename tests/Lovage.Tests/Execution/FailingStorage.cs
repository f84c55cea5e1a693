using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>A storage whose outcome writes fail as a test says; all else is the inner one's.</summary>
internal sealed class FailingStorage(
    JobStorage inner, TimeProvider time, Func<IReadOnlyList<Settlement>, Exception?> fault) : JobStorage
{
    public override string Description => "failing";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => inner.Broker;

    public override JobStore Store { get; } = new FailingStore(inner, time, fault);

    public override SignalBus Signals => inner.Signals;

    public override JobTransactions? Transactions => InTransaction;

    internal JobTransactions? InTransaction { get; init; }

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => inner.DisposeAsync();

    private sealed class FailingStore(
        JobStorage inner,
        TimeProvider time,
        Func<IReadOnlyList<Settlement>, Exception?> fault) : JobStore("failing", inner.Signals, time)
    {
        protected override ValueTask<IReadOnlyList<SettleStatus>> SettleCoreAsync(
            IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken) =>
            fault(outcomes) is { } error ? throw error : inner.Store.SettleAsync(outcomes, cancellationToken);

        protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
            IReadOnlyList<JobStart> starts,
            CancellationToken cancellationToken) => inner.Store.RecordStartsAsync(starts, cancellationToken);

        protected override ValueTask ReportProgressCoreAsync(
            IReadOnlyList<ProgressUpdate> updates,
            CancellationToken cancellationToken) => inner.Store.ReportProgressAsync(updates, cancellationToken);

        protected override ValueTask<IReadOnlyList<CancelStatus>> CancelCoreAsync(
            IReadOnlyList<JobId> ids,
            string? reason,
            CancellationToken cancellationToken) => inner.Store.CancelAsync(ids, reason, cancellationToken);

        protected override ValueTask<int> RequeueCoreAsync(
            IReadOnlyList<JobId> ids,
            CancellationToken cancellationToken) => inner.Store.RequeueAsync(ids, cancellationToken);

        protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
            IReadOnlyList<JobId> ids,
            CancellationToken cancellationToken) => inner.Store.FindAsync(ids, cancellationToken);

        protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken) =>
            inner.Store.QueryAsync(query, cancellationToken);

        protected override ValueTask<BoundedCount> CountCoreAsync(
            JobQuery query,
            int max,
            CancellationToken cancellationToken) => inner.Store.CountAsync(query, max, cancellationToken);

        protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
            JobId id, CancellationToken cancellationToken) => inner.Store.AttemptsAsync(id, cancellationToken);

        protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(
            CancellationToken cancellationToken) => inner.Store.CountersAsync(cancellationToken);

        protected override ValueTask<int> PruneCoreAsync(
            RetentionPolicy policy,
            int max,
            CancellationToken cancellationToken) => inner.Store.PruneAsync(policy, max, cancellationToken);
    }
}

using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>A storage whose outcome writes fail as a test says; all else is the inner one's.</summary>
internal sealed class FailingStorage(
    JobStorage inner, TimeProvider time, Func<IReadOnlyList<Settlement>, Exception?> fault) : JobStorage
{
    private FailingStore? _store;

    public override string Description => "failing";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => inner.Broker;

    public override JobStore Store => _store ??= new FailingStore(inner, time, fault, AfterStart);

    public override JobHistory? History => inner.History;

    public override SignalBus Signals => inner.Signals;

    public override JobTransactions? Transactions => InTransaction;

    internal JobTransactions? InTransaction { get; init; }

    /// <summary>Runs after the inner storage has written starts, before the worker hears of it.</summary>
    internal Func<ValueTask> AfterStart { get; init; } = static () => default;

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => inner.DisposeAsync();

    private sealed class FailingStore(
        JobStorage inner,
        TimeProvider time,
        Func<IReadOnlyList<Settlement>, Exception?> fault,
        Func<ValueTask> afterStart) : JobStore("failing", inner.Signals, time)
    {
        protected override ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
            IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken) =>
            fault(outcomes) is { } error ? throw error : inner.Store.SettleAsync(outcomes, cancellationToken);

        protected override async ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
            IReadOnlyList<JobStart> starts,
            CancellationToken cancellationToken)
        {
            var written = await inner.Store.RecordStartsAsync(starts, cancellationToken);
            await afterStart();
            return written;
        }

        protected override ValueTask ReportProgressCoreAsync(
            IReadOnlyList<ProgressUpdate> updates,
            CancellationToken cancellationToken) => inner.Store.ReportProgressAsync(updates, cancellationToken);

        protected override ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
            IReadOnlyList<JobId> ids,
            string? reason,
            CancellationToken cancellationToken) => inner.Store.CancelAsync(ids, reason, cancellationToken);

        protected override ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
            IReadOnlyList<JobId> ids,
            CancellationToken cancellationToken) => inner.Store.RequeueAsync(ids, cancellationToken);

        protected override ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
            IReadOnlyList<JobId> ids,
            CancellationToken cancellationToken) => inner.Store.DeleteAsync(ids, cancellationToken);

        protected override ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
            IReadOnlyList<JobId> ids,
            CancellationToken cancellationToken) => inner.Store.RunNowAsync(ids, cancellationToken);

        protected override ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
            IReadOnlyList<JobId> ids,
            JobMove target,
            CancellationToken cancellationToken) => inner.Store.MoveAsync(ids, target, cancellationToken);

        protected override ValueTask<int> PruneCoreAsync(
            RetentionPolicy policy,
            int max,
            CancellationToken cancellationToken) => inner.Store.PruneAsync(policy, max, cancellationToken);
    }
}

using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>
/// A storage that lets a test step in before and after the calls that a bulk operation is made of; all else is the
/// inner one's.
/// </summary>
internal sealed class HookedStorage(JobStorage inner, TimeProvider time) : JobStorage
{
    private HookedStore? _store;
    private HookedHistory? _history;
    private HookedOperations? _operations;

    public override string Description => "hooked";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => inner.Broker;

    public override JobStore Store => _store ??= new HookedStore(this, inner, time);

    public override JobHistory? History => _history ??= new HookedHistory(this, inner.History!);

    public override OperationStore? Operations => _operations ??= new HookedOperations(this, inner);

    public override SignalBus Signals => inner.Signals;

    /// <summary>What is done around a call, by its name, such as <c>requeue</c>, and whether it was made.</summary>
    internal Func<string, bool, Task> Hook { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>How often a job was changed, whether its caller heard of it or not.</summary>
    internal Dictionary<JobId, int> Changes { get; init; } = [];

    /// <summary>Calls, by name.</summary>
    internal Dictionary<string, int> Calls { get; } = [];

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => inner.DisposeAsync();

    private async ValueTask<T> AroundAsync<T>(string name, Func<ValueTask<T>> call)
    {
        Calls[name] = Calls.GetValueOrDefault(name) + 1;
        await Hook(name, false);
        var result = await call();
        await Hook(name, true);
        return result;
    }

    private void Count(IReadOnlyList<JobId> ids, Func<int, bool> isChanged)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            if (isChanged(i))
            {
                Changes[ids[i]] = Changes.GetValueOrDefault(ids[i]) + 1;
            }
        }
    }

    private sealed class HookedHistory(HookedStorage storage, JobHistory inner) : JobHistory
    {
        protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
            IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => inner.FindAsync(ids, cancellationToken);

        protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken) =>
            storage.AroundAsync("query", () => inner.QueryAsync(query, cancellationToken));

        protected override ValueTask<BoundedCount> CountCoreAsync(
            JobQuery query, int max, CancellationToken cancellationToken) =>
            inner.CountAsync(query, max, cancellationToken);

        protected override ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
            IReadOnlyList<string> schedules, CancellationToken cancellationToken) =>
            inner.NewestOfSchedulesAsync(schedules, cancellationToken);

        protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
            JobId id, CancellationToken cancellationToken) => inner.AttemptsAsync(id, cancellationToken);

        protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(
            CancellationToken cancellationToken) => inner.CountersAsync(cancellationToken);

        public override JobQualifiers Qualifiers => inner.Qualifiers;

        protected override ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
            StatisticsQuery query, CancellationToken cancellationToken) =>
            inner.StatisticsAsync(query, cancellationToken);

        protected override ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
            FailureQuery query, CancellationToken cancellationToken) => inner.FailuresAsync(query, cancellationToken);

        protected override ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
            int max, CancellationToken cancellationToken) => inner.LongestRunningAsync(max, cancellationToken);

        protected override ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
            JobId id, CancellationToken cancellationToken) => inner.LiveLinesAsync(id, cancellationToken);
    }

    private sealed class HookedOperations(HookedStorage storage, JobStorage inner) : OperationStore(inner.Signals)
    {
        private readonly OperationStore _inner = inner.Operations!;

        protected override ValueTask<BulkOperation> AddCoreAsync(
            BulkOperation operation, CancellationToken cancellationToken) =>
            _inner.AddAsync(operation, cancellationToken);

        protected override ValueTask<BulkOperation?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
            storage.AroundAsync("find", () => _inner.FindAsync(id, cancellationToken));

        protected override ValueTask<IReadOnlyList<BulkOperation>> ListCoreAsync(
            long? before, int max, CancellationToken cancellationToken) =>
            _inner.ListAsync(before, max, cancellationToken);

        protected override ValueTask<BulkOperation?> TakeCoreAsync(
            string owner, TimeSpan lease, CancellationToken cancellationToken) =>
            storage.AroundAsync("take", () => _inner.TakeAsync(owner, lease, cancellationToken));

        protected override ValueTask<BulkOperation?> ReportCoreAsync(
            string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken) =>
            storage.AroundAsync("report", () => _inner.ReportAsync(owner, operation, lease, cancellationToken));

        protected override ValueTask<BulkOperation?> CancelCoreAsync(string id, CancellationToken cancellationToken) =>
            _inner.CancelAsync(id, cancellationToken);

        protected override ValueTask<int> PruneCoreAsync(
            TimeSpan age, int max, CancellationToken cancellationToken) =>
            _inner.PruneAsync(age, max, cancellationToken);
    }

    private sealed class HookedStore(HookedStorage storage, JobStorage inner, TimeProvider time)
        : JobStore("hooked", inner.Signals, time)
    {
        protected override ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
            IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken) =>
            inner.Store.SettleAsync(outcomes, cancellationToken);

        protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
            IReadOnlyList<JobStart> starts, CancellationToken cancellationToken) =>
            inner.Store.RecordStartsAsync(starts, cancellationToken);

        protected override ValueTask ReportProgressCoreAsync(
            IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) =>
            inner.Store.ReportProgressAsync(updates, cancellationToken);

        protected override ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
            IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
            storage.AroundAsync("cancel", async () =>
            {
                var results = await inner.Store.CancelAsync(ids, reason, cancellationToken);
                storage.Count(ids, i => results[i].Status is CancelStatus.Cancelled or CancelStatus.Requested);
                return results;
            });

        protected override ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
            IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
            ChangeAsync("requeue", ids, () => inner.Store.RequeueAsync(ids, cancellationToken));

        protected override ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
            IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
            ChangeAsync("delete", ids, () => inner.Store.DeleteAsync(ids, cancellationToken));

        protected override ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
            IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
            inner.Store.RunNowAsync(ids, cancellationToken);

        protected override ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
            IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken) =>
            ChangeAsync("move", ids, () => inner.Store.MoveAsync(ids, target, cancellationToken));

        protected override ValueTask<int> PruneCoreAsync(
            RetentionPolicy policy, int max, CancellationToken cancellationToken) =>
            inner.Store.PruneAsync(policy, max, cancellationToken);

        private ValueTask<IReadOnlyList<ChangeResult>> ChangeAsync(
            string name, IReadOnlyList<JobId> ids, Func<ValueTask<IReadOnlyList<ChangeResult>>> change) =>
            storage.AroundAsync(name, async () =>
            {
                var results = await change();
                storage.Count(ids, i => results[i].Status == ChangeStatus.Changed);
                return results;
            });
    }
}

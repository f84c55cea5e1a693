using Lovage.Protocol;

namespace Lovage.Storage.Outbox;

/// <summary>
/// The store's schedules, with the broker apart from it served after each step that enqueues: in a process without
/// workers nobody else would do it soon.
/// </summary>
internal sealed class OutboxSchedules(ScheduleStore schedules, OutboxBroker broker, SignalBus signals)
    : ScheduleStore(signals)
{
    protected override ValueTask<long?> SaveCoreAsync(ScheduleRecord schedule, CancellationToken cancellationToken) =>
        schedules.SaveAsync(schedule, cancellationToken);

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
        schedules.RemoveAsync(id, cancellationToken);

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        schedules.FindAsync(id, cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken) =>
        schedules.ListAsync(after, limit, cancellationToken);

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        schedules.CountAsync(cancellationToken);

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken) =>
        schedules.DueAsync(max, cancellationToken);

    protected override async ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
    {
        var statuses = await schedules.RecordAsync(firings, cancellationToken);
        await broker.FlushIfPossibleAsync(cancellationToken);
        return statuses;
    }

    protected override async ValueTask<bool> RunCoreAsync(
        string id, JobMessage job, CancellationToken cancellationToken)
    {
        var done = await schedules.RunAsync(id, job, cancellationToken);
        await broker.FlushIfPossibleAsync(cancellationToken);
        return done;
    }

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken) =>
        schedules.HistoryAsync(id, limit, cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
        schedules.PruneAsync(keep, max, cancellationToken);

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner,
        TimeSpan lease,
        CancellationToken cancellationToken) => schedules.TryLeadAsync(owner, lease, cancellationToken);

    protected override ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        schedules.ResignAsync(owner, cancellationToken);
}

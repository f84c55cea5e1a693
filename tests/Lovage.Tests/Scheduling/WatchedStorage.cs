using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// One node's way to a storage that other nodes share. A test sees its calls to the schedules, and can act before each
/// or let it fail.
/// </summary>
internal sealed class WatchedStorage : JobStorage
{
    private readonly JobStorage _inner;
    private readonly WatchedSchedules _schedules;

    /// <param name="inner">What the nodes share.</param>
    /// <param name="signals">The node's hints: those of the storage, or others for a node that hears nothing.</param>
    internal WatchedStorage(JobStorage inner, SignalBus signals)
    {
        _inner = inner;
        Signals = signals;
        _schedules = new WatchedSchedules(this, inner.Schedules!, signals);
    }

    public override string Description => "watched";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => _inner.Broker;

    public override JobStore Store => _inner.Store;

    public override JobHistory? History => _inner.History;

    public override ScheduleStore? Schedules => HasSchedules ? _schedules : null;

    public override SignalBus Signals { get; }

    /// <summary>False for a storage that keeps no schedules.</summary>
    internal bool HasSchedules { get; set; } = true;

    /// <summary>The calls so far, by name.</summary>
    internal List<string> Calls { get; } = [];

    /// <summary>Called before each call, with its name; what it throws is what the call throws.</summary>
    internal Action<string>? Before { get; set; }

    /// <summary>
    /// What the node sees of a stored schedule, such as one whose trigger it cannot compute; null for what is stored.
    /// </summary>
    internal Func<ScheduleRecord, ScheduleRecord>? Seen { get; set; }

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

    internal int Count(string call) => Calls.Count(made => made == call);

    protected override ValueTask DisposeCoreAsync() => default;

    private T Call<T>(string name, Func<T> call)
    {
        Calls.Add(name);
        Before?.Invoke(name);
        return call();
    }

    private ScheduleRecord See(ScheduleRecord record) => Seen?.Invoke(record) ?? record;

    internal sealed class Deaf : SignalBus;

    private sealed class WatchedSchedules(WatchedStorage watch, ScheduleStore inner, SignalBus signals)
        : ScheduleStore("watched", signals, TimeProvider.System)
    {
        protected override ValueTask<long?> SaveCoreAsync(
            ScheduleRecord schedule, CancellationToken cancellationToken) =>
            watch.Call("save", () => inner.SaveAsync(schedule, cancellationToken));

        protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
            watch.Call("remove", () => inner.RemoveAsync(id, cancellationToken));

        protected override async ValueTask<ScheduleRecord?> FindCoreAsync(
            string id, CancellationToken cancellationToken) =>
            await watch.Call("find", () => inner.FindAsync(id, cancellationToken)) is { } found
                ? watch.See(found)
                : null;

        protected override async ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
            string? after, int limit, CancellationToken cancellationToken) =>
            [.. (await watch.Call("list", () => inner.ListAsync(after, limit, cancellationToken))).Select(watch.See)];

        protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
            watch.Call("count", () => inner.CountAsync(cancellationToken));

        protected override async ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken)
        {
            var due = await watch.Call("due", () => inner.DueAsync(max, cancellationToken));
            return due with
            {
                Schedules = [.. due.Schedules.Select(one => one with { Schedule = watch.See(one.Schedule) })],
            };
        }

        protected override ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
            IReadOnlyList<Firing> firings, CancellationToken cancellationToken) =>
            watch.Call("record", () => inner.RecordAsync(firings, cancellationToken));

        protected override ValueTask<bool> RunCoreAsync(
            string id,
            JobMessage job,
            CancellationToken cancellationToken) => watch.Call("run", () => inner.RunAsync(id, job, cancellationToken));

        protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
            string id, int limit, CancellationToken cancellationToken) =>
            watch.Call("history", () => inner.HistoryAsync(id, limit, cancellationToken));

        protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
            watch.Call("prune", () => inner.PruneAsync(keep, max, cancellationToken));

        protected override ValueTask<bool> TryLeadCoreAsync(
            string owner, TimeSpan lease, CancellationToken cancellationToken) =>
            watch.Call("lead", () => inner.TryLeadAsync(owner, lease, cancellationToken));

        protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
            await watch.Call("resign", () => inner.ResignAsync(owner, cancellationToken));
    }
}

using Lovage.Protocol;
using Lovage.Simulation.Engine;
using Lovage.Storage;

namespace Lovage.Simulation.Schedules;

/// <summary>
/// A node's way to the schedules: calls take time, and while faults are on some fail before, some after what was asked
/// was done.
/// </summary>
internal sealed class FaultyScheduleStore(ScheduleWorld world, SimulatedProcess process, SignalBus signals)
    : ScheduleStore("simulation", signals, process.Time)
{
    private const double FaultRate = 0.05;

    protected override ValueTask<long?> SaveCoreAsync(ScheduleRecord schedule, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.SaveAsync(schedule, cancellationToken));

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.RemoveAsync(id, cancellationToken));

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.FindAsync(id, cancellationToken));

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.ListAsync(after, limit, cancellationToken));

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.CountAsync(cancellationToken));

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken) =>
        CallAsync(async () =>
        {
            var due = await world.Store.DueAsync(max, cancellationToken);
            return world.Bug == ScheduleBug.OwnClock ? due with { Now = process.Time.GetUtcNow() } : due;
        });

    protected override ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        var broken = new List<Firing>();
        foreach (var firing in firings)
        {
            broken.Add(await BreakAsync(firing, cancellationToken));
        }

        var now = world.StorageNow;
        var statuses = await world.Store.RecordAsync(broken, cancellationToken);
        for (var i = 0; i < broken.Count; i++)
        {
            if (statuses[i] == FireStatus.Recorded
                && broken[i].Ticks.FirstOrDefault(tick => tick.Through > now) is { } early)
            {
                world.Violate($"{broken[i].Id}: tick {early.Tick:O} was recorded at {now:O}.");
            }
        }

        return statuses;
    });

    protected override ValueTask<bool> RunCoreAsync(string id, JobMessage job, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.RunAsync(id, job, cancellationToken));

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.HistoryAsync(id, limit, cancellationToken));

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.PruneAsync(keep, max, cancellationToken));

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        CallAsync(() => world.Store.TryLeadAsync(owner, lease, cancellationToken));

    protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        await CallAsync(async () =>
        {
            await world.Store.ResignAsync(owner, cancellationToken);
            return true;
        });

    private async ValueTask<Firing> BreakAsync(Firing firing, CancellationToken cancellationToken)
    {
        switch (world.Bug)
        {
            case ScheduleBug.NextFromNow:
                var record = await world.Store.FindAsync(firing.Id, cancellationToken);
                return record is null
                    ? firing
                    : firing with
                    {
                        NextTick = Trigger.FromJson(record.Trigger)
                            .NextAfter(world.StorageNow > firing.NextTick ? world.StorageNow : firing.NextTick!.Value),
                    };
            case ScheduleBug.SilentMiss:
                return firing with { Ticks = [.. firing.Ticks.Where(static tick => tick.Status != TickStatus.Missed)] };
            default:
                return firing;
        }
    }

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(world.Random.NextDouble() * 30), process.Time);
        var fate = world.FaultsAreOn ? world.Random.NextDouble() : 1;
        if (fate < FaultRate / 2)
        {
            throw new StorageException("Failed before it was done.", isTransient: true);
        }

        var result = await call();
        if (fate < FaultRate)
        {
            throw new StorageException("Failed after it was done.", isTransient: true);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(world.Random.NextDouble() * 30), process.Time);
        return result;
    }
}

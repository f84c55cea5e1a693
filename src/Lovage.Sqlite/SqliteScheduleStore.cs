using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Schedules in the file, beside the jobs that they enqueue. A look for what is due only reads.</summary>
internal sealed class SqliteScheduleStore(
    Writer writer, Readers readers, StorageClock clock, SignalBus signals, TimeProvider time)
    : ScheduleStore("sqlite", signals, time)
{
    protected override async ValueTask<long?> SaveCoreAsync(
        ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        var (version, last) = await writer.DoAsync(new SaveOperation(schedule), cancellationToken);
        CheckNextTick(schedule, StorageTime.To(last));
        return version;
    }

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
        writer.DoAsync(new RemoveOperation(id), cancellationToken);

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ScheduleReading.Find(reader, id), cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ScheduleReading.List(reader, after, limit), cancellationToken);

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        readers.ReadAsync(ScheduleReading.Count, cancellationToken);

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken)
    {
        var now = clock.Now;
        return readers.ReadAsync(reader => ScheduleReading.Due(reader, now, max), cancellationToken);
    }

    protected override ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken) =>
        writer.DoAsync(new RecordOperation(firings), cancellationToken);

    protected override ValueTask<bool> RunCoreAsync(string id, JobMessage job, CancellationToken cancellationToken) =>
        writer.DoAsync(new RunOperation(id, job), cancellationToken);

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ScheduleReading.History(reader, id, limit), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new PruneTicksOperation(keep, max), cancellationToken);

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        writer.DoAsync(new LeadOperation(owner, lease), cancellationToken);

    protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        await writer.DoAsync(new ResignOperation(owner), cancellationToken);
}

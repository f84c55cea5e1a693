using Lovage.Protocol;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Schedules in the file, beside the jobs that they enqueue. A look for what is due reads only.</summary>
internal sealed class SqliteScheduleStore(SqliteStorage storage, SignalBus signals) : ScheduleStore(signals)
{
    protected override async ValueTask<long?> SaveCoreAsync(
        ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        var (version, last) = await storage.Writer.DoAsync(new SaveOperation(schedule), cancellationToken);
        CheckNextTick(schedule, StorageTime.To(last));
        return version;
    }

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new RemoveOperation(id), cancellationToken);

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        Read(reader => ScheduleReading.Find(reader, id), cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken) =>
        Read(reader => ScheduleReading.List(reader, after, limit), cancellationToken);

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        Read(ScheduleReading.Count, cancellationToken);

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken)
    {
        var now = storage.Clock.Now;
        return Read(reader => ScheduleReading.Due(reader, now, max), cancellationToken);
    }

    protected override ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new RecordOperation(firings), cancellationToken);

    protected override ValueTask<bool> RunCoreAsync(string id, JobMessage job, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new RunOperation(id, job), cancellationToken);

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken) =>
        Read(reader => ScheduleReading.History(reader, id, limit), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new PruneTicksOperation(keep, max), cancellationToken);

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new LeadOperation(owner, lease), cancellationToken);

    protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        await storage.Writer.DoAsync(new ResignOperation(owner), cancellationToken);

    private ValueTask<T> Read<T>(Func<Reader, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(storage.Readers.Read(read));
    }
}

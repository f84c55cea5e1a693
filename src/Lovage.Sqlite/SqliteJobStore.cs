using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Records and outcomes in the file. Reading is done at once on the caller's thread, over connections that can only
/// read.
/// </summary>
internal sealed class SqliteJobStore(SqliteStorage storage, SignalBus signals, TimeProvider time)
    : JobStore("sqlite", signals, time)
{
    protected override ValueTask<IReadOnlyList<SettleStatus>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new SettleOperation(outcomes), cancellationToken);

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new RecordStartsOperation(starts), cancellationToken);

    protected override async ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) =>
        await storage.Writer.DoAsync(new ReportProgressOperation(updates), cancellationToken);

    protected override ValueTask<IReadOnlyList<CancelStatus>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new CancelOperation(ids, reason), cancellationToken);

    protected override ValueTask<int> RequeueCoreAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new RequeueOperation(ids), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        Read(reader => JobReading.Find(reader, ids), cancellationToken);

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        var before = PageReading.Before(query);
        return Read(reader => PageReading.Page(reader, query, before), cancellationToken);
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken) =>
        Read(reader => PageReading.Count(reader, query, max), cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        Read(reader => JobReading.Attempts(reader, id), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        Read(QueueReading.Counters, cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new PruneOperation(policy, max), cancellationToken);

    private ValueTask<T> Read<T>(Func<Reader, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(storage.Readers.Read(read));
    }
}

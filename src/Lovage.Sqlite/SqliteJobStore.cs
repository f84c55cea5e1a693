using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Outcomes in the file, and what a person asks for.</summary>
internal sealed class SqliteJobStore(Writer writer, SignalBus signals, TimeProvider time)
    : JobStore("sqlite", signals, time)
{
    protected override ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken) =>
        writer.DoAsync(new SettleOperation(outcomes), cancellationToken);

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken) =>
        writer.DoAsync(new RecordStartsOperation(starts), cancellationToken);

    protected override async ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) =>
        await writer.DoAsync(new ReportProgressOperation(updates), cancellationToken);

    protected override ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
        writer.DoAsync(new CancelOperation(ids, reason), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        writer.DoAsync(new RequeueOperation(ids), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        writer.DoAsync(new DeleteOperation(ids), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        writer.DoAsync(new RunNowOperation(ids), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken) =>
        writer.DoAsync(new MoveOperation(ids, target), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new PruneOperation(policy, max), cancellationToken);
}

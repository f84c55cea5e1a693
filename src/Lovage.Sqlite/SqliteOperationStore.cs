using Lovage.Sqlite.Life;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Bulk operations in the file. Leases live by the host's monotonic clock, as those of jobs do.</summary>
internal sealed class SqliteOperationStore(Writer writer, Readers readers, StorageClock clock, SignalBus signals)
    : OperationStore(signals)
{
    protected override ValueTask<BulkOperation> AddCoreAsync(
        BulkOperation operation, CancellationToken cancellationToken) =>
        writer.DoAsync(new AddBulkOperation(operation), cancellationToken);

    protected override ValueTask<BulkOperation?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ConsoleReading.Operation(reader, id), cancellationToken);

    protected override ValueTask<IReadOnlyList<BulkOperation>> ListCoreAsync(
        long? before, int max, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ConsoleReading.Operations(reader, before, max), cancellationToken);

    protected override async ValueTask<BulkOperation?> TakeCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        var (boot, monotonic) = (clock.Boot, clock.Monotonic);
        return await readers.ReadAsync(
            reader => ConsoleReading.MayTake(reader, owner, boot, monotonic), cancellationToken)
            ? await writer.DoAsync(new TakeBulkOperation(owner, lease), cancellationToken)
            : null;
    }

    protected override ValueTask<BulkOperation?> ReportCoreAsync(
        string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken) =>
        writer.DoAsync(new ReportBulkOperation(owner, operation, lease), cancellationToken);

    protected override ValueTask<BulkOperation?> CancelCoreAsync(string id, CancellationToken cancellationToken) =>
        writer.DoAsync(new CancelBulkOperation(id), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new PruneByAgeOperation(AgedRows.EndedOperations, age, max), cancellationToken);
}

using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Writing;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>Bulk operations in the database. The server's clock judges the leases.</summary>
internal sealed class PostgreSqlOperationStore(Database database, ServerClock clock, SignalBus signals)
    : OperationStore(signals)
{
    private readonly BulkStatements _operations = new(database.Schema);

    protected override ValueTask<BulkOperation> AddCoreAsync(
        BulkOperation operation, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _operations.AddAsync(connection, operation, clock.Now), cancellationToken);

    protected override ValueTask<BulkOperation?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _operations.FindAsync(connection, id, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<BulkOperation>> ListCoreAsync(
        long? before, int max, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _operations.ListAsync(connection, before, max, cancellationToken), cancellationToken);

    protected override ValueTask<BulkOperation?> TakeCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _operations.TakeAsync(connection, owner, lease, clock.Now), cancellationToken);

    protected override ValueTask<BulkOperation?> ReportCoreAsync(
        string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _operations.ReportAsync(connection, owner, operation, lease, clock.Now), cancellationToken);

    protected override ValueTask<BulkOperation?> CancelCoreAsync(string id, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _operations.CancelAsync(connection, id, clock.Now), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _operations.PruneAsync(connection, age, max, clock.Now), cancellationToken);
}

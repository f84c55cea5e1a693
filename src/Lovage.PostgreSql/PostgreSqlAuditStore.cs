using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Writing;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>What people did, in the database.</summary>
internal sealed class PostgreSqlAuditStore(Database database, ServerClock clock) : AuditStore
{
    private readonly AuditStatements _audit = new(database.Schema);

    protected override async ValueTask AppendCoreAsync(
        IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken) =>
        await database.CallAsync(
            async connection =>
            {
                await _audit.AppendAsync(connection, records, clock.Now);
                return true;
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<AuditRecord>> ListCoreAsync(
        AuditQuery query, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _audit.ListAsync(connection, query, cancellationToken), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _audit.PruneAsync(connection, age, max, clock.Now), cancellationToken);
}

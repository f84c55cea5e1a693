using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Writing;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>The live workers of all processes, in the database.</summary>
internal sealed class PostgreSqlWorkerDirectory(Database database, ServerClock clock) : WorkerDirectory
{
    private readonly WorkerStatements _workers = new(database.Schema);

    protected override async ValueTask BeatCoreAsync(WorkerBeat beat, CancellationToken cancellationToken) =>
        await database.CallAsync(
            async connection =>
            {
                await _workers.BeatAsync(connection, beat, clock.Now);
                return true;
            },
            cancellationToken);

    protected override async ValueTask LeaveCoreAsync(WorkerOwner owner, CancellationToken cancellationToken) =>
        await database.CallAsync(
            async connection =>
            {
                await _workers.LeaveAsync(connection, owner);
                return true;
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<WorkerRecord>> ListCoreAsync(CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _workers.ListAsync(connection, clock.Now, cancellationToken), cancellationToken);
}

using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Writing;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>Commands for workers, in the database. The server's clock judges deadlines.</summary>
internal sealed class PostgreSqlControlChannel(Database database, ServerClock clock, SignalBus signals)
    : ControlChannel(signals)
{
    private readonly ControlStatements _control = new(database.Schema);

    protected override ValueTask<long> SendCoreAsync(ControlCommand command, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _control.SendAsync(connection, command, clock.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<ControlCommand>> ReadCoreAsync(
        string worker, long after, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _control.ReadAsync(connection, worker, after, clock.Now, cancellationToken),
            cancellationToken);

    protected override async ValueTask ReplyCoreAsync(
        long number, ControlReply reply, CancellationToken cancellationToken) =>
        await database.CallAsync(
            async connection =>
            {
                await _control.ReplyAsync(connection, number, reply, clock.Now);
                return true;
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<ControlReply>> RepliesCoreAsync(
        long number, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _control.RepliesAsync(connection, number, cancellationToken), cancellationToken);
}

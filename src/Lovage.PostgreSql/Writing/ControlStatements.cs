using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Writes and reads commands for workers and their replies.</summary>
internal sealed class ControlStatements(SchemaName schema)
{
    // $1: the time, $2: how long a command is kept after its deadline, $3 name, $4 target, $5 slots, $6 queue, $7
    // deadline. Comes back: its number.
    private const string Send = $"""
        WITH {Sql.Clock},
        old AS MATERIALIZED (
          SELECT c.number FROM lovage.command c WHERE c.until <= (SELECT now FROM clock) - $2 FOR UPDATE SKIP LOCKED),
        replies AS (DELETE FROM lovage.reply r USING old WHERE r.command = old.number),
        gone AS (DELETE FROM lovage.command c USING old WHERE c.number = old.number)
        INSERT INTO lovage.command(number, name, target, slots, queue, deadline, until)
        SELECT nextval('lovage.ticket'), $3, $4, $5, $6, $7, now + $7 FROM clock RETURNING number
        """;

    // $1: the time, $2: the worker, $3: the last number that it has seen. Comes back: commands, oldest first.
    private const string Read = $"""
        SELECT c.number, c.name, c.target, c.slots, c.queue, c.deadline FROM lovage.command c
        WHERE c.number > $3 AND (c.target IS NULL OR c.target = $2) AND c.until > {Sql.Now} ORDER BY c.number
        """;

    // $1: the time, $2: the command, $3 worker, $4 whether it is done, $5 text. Nothing comes back.
    private const string Reply = $"""
        INSERT INTO lovage.reply(command, worker, is_done, text)
        SELECT c.number, $3, $4, $5 FROM lovage.command c WHERE c.number = $2 AND c.until > {Sql.Now}
        ON CONFLICT (command, worker) DO NOTHING
        """;

    // $1: the command. Comes back: its replies.
    private const string Replies =
        "SELECT r.worker, r.is_done, r.text FROM lovage.reply r WHERE r.command = $1 ORDER BY r.worker";

    private readonly string _send = schema.Sql(Send);
    private readonly string _read = schema.Sql(Read);
    private readonly string _reply = schema.Sql(Reply);
    private readonly string _replies = schema.Sql(Replies);

    internal Task<long> SendAsync(NpgsqlConnection connection, ControlCommand command, long? now) =>
        connection.ScalarAsync<long>(
            new Statement(_send).Add(now).Add(ControlChannel.KeepTime.Ticks).Add(command.Name).Add(command.Target)
                .Add(command.Slots).Add(command.Queue).Add(command.Deadline.Ticks),
            CancellationToken.None);

    internal Task<IReadOnlyList<ControlCommand>> ReadAsync(
        NpgsqlConnection connection, string worker, long after, long? now, CancellationToken cancellationToken) =>
        ListAsync(
            connection, new Statement(_read).Add(now).Add(worker).Add(after), ControlColumns.Read, cancellationToken);

    internal Task ReplyAsync(NpgsqlConnection connection, long number, ControlReply reply, long? now) =>
        connection.ExecuteAsync(
            new Statement(_reply).Add(now).Add(number).Add(reply.Worker).Add(reply.IsDone).Add(reply.Text),
            CancellationToken.None);

    internal Task<IReadOnlyList<ControlReply>> RepliesAsync(
        NpgsqlConnection connection, long number, CancellationToken cancellationToken) =>
        ListAsync(connection, new Statement(_replies).Add(number), ControlColumns.ReadReply, cancellationToken);

    private static async Task<IReadOnlyList<T>> ListAsync<T>(
        NpgsqlConnection connection, Statement statement, Func<RowReader, T> read, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(statement, cancellationToken);
        var row = new Row(rows);
        var list = new List<T>();
        while (await rows.ReadAsync(cancellationToken))
        {
            list.Add(read(row));
        }

        return list;
    }
}

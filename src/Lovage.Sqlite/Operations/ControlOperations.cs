using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>Writes a command for workers, and removes old ones with their replies.</summary>
/// <remarks>
/// As with a claim, a command from before the host started again is void, and it need not be on the disk.
/// </remarks>
internal sealed class SendCommandOperation(ControlCommand command) : WriteOperation<long>
{
    /// <summary>?1 boot, ?2 the end of the oldest deadline that is kept, by the monotonic clock of that boot.</summary>
    private const string RemoveOld = "DELETE FROM lovage_command WHERE boot <> ?1 OR until <= ?2";

    private const string RemoveReplies =
        "DELETE FROM lovage_reply WHERE command NOT IN (SELECT number FROM lovage_command)";

    /// <summary>?1 number, ?2 name, ?3 target, ?4 slots, ?5 queue, ?6 deadline, ?7 boot, ?8 its end.</summary>
    private const string Insert = """
        INSERT INTO lovage_command(number, name, target, slots, queue, deadline, boot, until)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """;

    internal override bool IsDurable => false;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var removed = session.Statement(RemoveOld)
            .Bind(1, session.Boot)
            .Bind(2, session.Monotonic - ControlChannel.KeepTime.Ticks)
            .Run();
        if (removed > 0)
        {
            session.Statement(RemoveReplies).Run();
        }

        Result = session.NextTicket();
        session.Statement(Insert)
            .Bind(1, Result)
            .Bind(2, command.Name)
            .Bind(3, command.Target)
            .Bind(4, command.Slots)
            .Bind(5, command.Queue)
            .Bind(6, command.Deadline.Ticks)
            .Bind(7, session.Boot)
            .Bind(8, StorageTime.Add(session.Monotonic, command.Deadline))
            .Run();
    }
}

/// <summary>Writes a worker's reply, where the command is in time still.</summary>
internal sealed class ReplyOperation(long number, ControlReply reply) : WriteOperation<bool>
{
    /// <summary>?1 number, ?2 worker, ?3 whether it is done, ?4 text, ?5 boot, ?6 now by its monotonic clock.</summary>
    private const string Insert = """
        INSERT INTO lovage_reply(command, worker, is_done, text)
        SELECT number, ?2, ?3, ?4 FROM lovage_command WHERE number = ?1 AND boot = ?5 AND until > ?6
        ON CONFLICT (command, worker) DO NOTHING
        """;

    internal override bool IsDurable => false;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session) => Result = session.Statement(Insert)
        .Bind(1, number)
        .Bind(2, reply.Worker)
        .Bind(3, reply.IsDone ? 1 : 0)
        .Bind(4, reply.Text)
        .Bind(5, session.Boot)
        .Bind(6, session.Monotonic)
        .Run() > 0;
}

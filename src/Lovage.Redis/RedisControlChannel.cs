using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Redis;

/// <summary>Commands for workers, and their replies, in Redis.</summary>
internal sealed class RedisControlChannel(RedisServer server, SignalBus signals) : ControlChannel(signals)
{
    protected override async ValueTask<long> SendCoreAsync(ControlCommand command, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(3);
        arguments.Add(TextRow.Write(
            null, command.Name, command.Target, command.Slots, command.Queue, command.Deadline.Ticks));
        arguments.Add(RedisTime.From(command.Deadline));
        arguments.Add(RedisTime.From(KeepTime));
        return (long)(await server.RunAsync(RedisScript.Command, arguments, cancellationToken)).Value();
    }

    protected override async ValueTask<IReadOnlyList<ControlCommand>> ReadCoreAsync(
        string worker, long after, CancellationToken cancellationToken)
    {
        var open = (await server.RunAsync(RedisScript.Commands, server.Arguments(0), cancellationToken)).Values();
        var commands = new List<ControlCommand>();
        for (var i = 0; i + 1 < open.Length; i += 2)
        {
            using var row = TextRow.Read(open[i + 1].ToString());
            var command = ControlColumns.Read(row) with { Number = (long)open[i] };
            if (command.Number > after && (command.Target is null || command.Target == worker))
            {
                commands.Add(command);
            }
        }

        return commands;
    }

    protected override async ValueTask ReplyCoreAsync(
        long number, ControlReply reply, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(3);
        arguments.Add(number);
        arguments.Add(reply.Worker);
        arguments.Add(TextRow.Write(reply.Worker, reply.IsDone, reply.Text));
        await server.RunAsync(RedisScript.Reply, arguments, cancellationToken);
    }

    protected override async ValueTask<IReadOnlyList<ControlReply>> RepliesCoreAsync(
        long number, CancellationToken cancellationToken)
    {
        var replies = await server.CallAsync(
            database => database.HashGetAllAsync(server.Names.Key("replies:", number)), cancellationToken);
        return
        [
            .. replies.Select(static reply => Read(reply.Value.ToString()))
                .OrderBy(static reply => reply.Worker, StringComparer.Ordinal),
        ];
    }

    private static ControlReply Read(string text)
    {
        using var row = TextRow.Read(text);
        return ControlColumns.ReadReply(row);
    }
}

using Lovage.Sqlite.Life;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Commands for workers in the file. Deadlines live by the host's monotonic clock.</summary>
internal sealed class SqliteControlChannel(Writer writer, Readers readers, StorageClock clock, SignalBus signals)
    : ControlChannel(signals)
{
    protected override ValueTask<long> SendCoreAsync(ControlCommand command, CancellationToken cancellationToken) =>
        writer.DoAsync(new SendCommandOperation(command), cancellationToken);

    protected override ValueTask<IReadOnlyList<ControlCommand>> ReadCoreAsync(
        string worker, long after, CancellationToken cancellationToken)
    {
        var (boot, monotonic) = (clock.Boot, clock.Monotonic);
        return readers.ReadAsync(
            reader => ConsoleReading.Commands(reader, worker, after, boot, monotonic), cancellationToken);
    }

    protected override async ValueTask ReplyCoreAsync(
        long number, ControlReply reply, CancellationToken cancellationToken) =>
        await writer.DoAsync(new ReplyOperation(number, reply), cancellationToken);

    protected override ValueTask<IReadOnlyList<ControlReply>> RepliesCoreAsync(
        long number, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ConsoleReading.Replies(reader, number), cancellationToken);
}

using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Claims jobs in the file. No reply is lost within a process, so that the numbers of looks are not needed.
/// </summary>
internal sealed class SqliteReceiver(JobBroker broker, Writer writer, Readers readers, ReceiverOptions options)
    : JobReceiver(broker, options)
{
    protected override ValueTask<LookResult> ReceiveCoreAsync(
        long look, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new ReceiveOperation(Options, max), cancellationToken);

    /// <remarks>
    /// Every commit of another process wakes this look, and it is nearly always in vain: it reads on the caller's
    /// thread and troubles the writer only when there is an orphan.
    /// </remarks>
    protected override ValueTask<Delivery?> ReceiveOrphanCoreAsync(long look, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return readers.With(reader => QueueReading.HasOrphan(reader, Options.Queues))
            ? writer.DoAsync(new ReceiveOrphanOperation(Options), cancellationToken)
            : new((Delivery?)null);
    }
}

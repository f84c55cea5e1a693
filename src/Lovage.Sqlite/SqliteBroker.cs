using Lovage.Protocol;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Queues and leases in the file.</summary>
internal sealed class SqliteBroker(SqliteStorage storage, SignalBus signals, TimeProvider time)
    : JobBroker("sqlite", signals, time)
{
    protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new PublishOperation(messages), cancellationToken);

    protected override ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new ReceiveOperation(request), cancellationToken);

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new RenewOperation(tokens, lease), cancellationToken);

    protected override async ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        var (count, cancelled) = await storage.Writer.DoAsync(new ReleaseOperation(tokens), cancellationToken);
        foreach (var id in cancelled)
        {
            Signals.Send(new Signal(SignalKind.JobEnded, null, id));
        }

        return count;
    }

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) =>
        storage.Writer.DoAsync(new ReclaimOperation(deadOwners, max), cancellationToken);

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(storage.Readers.Read(QueueReading.Owners));
    }

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) =>
        await storage.Writer.DoAsync(new PauseOperation(queue, reason), cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await storage.Writer.DoAsync(new PauseOperation(queue, null), cancellationToken);

    protected override async ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken)
    {
        await PromoteAsync(cancellationToken);
        var now = storage.Clock.Now;
        return storage.Readers.Read(reader => QueueReading.Queues(reader, now));
    }

    protected override async ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken)
    {
        await PromoteAsync(cancellationToken);
        return storage.Readers.Read(reader => QueueReading.Peek(reader, queue, max));
    }

    /// <summary>
    /// Due jobs are made ready by whoever looks first; the rows are touched only when there are some.
    /// </summary>
    private async ValueTask PromoteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = storage.Clock.Now;

        // While the app has a transaction open nothing can be written, and the one that asks may be the one that has it
        // open: what is due is seen as waiting for its time.
        if (!storage.IsLent && storage.Readers.Read(reader => QueueReading.HasDue(reader, now)))
        {
            await storage.Writer.DoAsync(new PromoteOperation(), cancellationToken);
        }
    }
}

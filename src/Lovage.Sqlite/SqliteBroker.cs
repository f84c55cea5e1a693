using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>Queues and leases in the file.</summary>
/// <param name="writer">Writes.</param>
/// <param name="readers">Read.</param>
/// <param name="loans">Knows the transaction that is lent now.</param>
/// <param name="isShared">True when the app writes to the file too.</param>
/// <param name="clock">Judges what is due.</param>
/// <param name="signals">Sends signals.</param>
/// <param name="time">Measures durations.</param>
internal sealed class SqliteBroker(
    Writer writer,
    Readers readers,
    Loans loans,
    bool isShared,
    StorageClock clock,
    SignalBus signals,
    TimeProvider time)
    : JobBroker("sqlite", signals, time)
{
    /// <summary>Many times what the writer needs while the app has no transaction open.</summary>
    private static readonly TimeSpan SharedLimit = TimeSpan.FromMilliseconds(100);

    protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        writer.DoAsync(new PublishOperation(messages), cancellationToken);

    protected override JobReceiver OpenReceiverCore(ReceiverOptions options) =>
        new SqliteReceiver(this, writer, readers, options);

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
        writer.DoAsync(new RenewOperation(tokens, lease), cancellationToken);

    protected override ValueTask<ReleaseResult> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) =>
        writer.DoAsync(new ReleaseOperation(tokens), cancellationToken);

    protected override ValueTask<ReleaseResult> DeclineCoreAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken) =>
        writer.DoAsync(new DeclineOperation(offers, limit), cancellationToken);

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new ReclaimOperation(deadOwners, max), cancellationToken);

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        readers.ReadAsync(QueueReading.Owners, cancellationToken);

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) =>
        await writer.DoAsync(new PauseOperation(queue, reason), cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await writer.DoAsync(new PauseOperation(queue, null), cancellationToken);

    protected override ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
        string queue, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new PurgeOperation(queue, max), cancellationToken);

    protected override async ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken)
    {
        await PromoteAsync(cancellationToken);
        var now = clock.Now;
        return readers.Read(reader => QueueReading.Queues(reader, now));
    }

    protected override async ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken)
    {
        await PromoteAsync(cancellationToken);
        return readers.Read(reader => QueueReading.Peek(reader, queue, max));
    }

    /// <summary>Makes due jobs ready before a look at them; nothing is written when none is due.</summary>
    private async ValueTask PromoteAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = clock.Now;

        // While the app has a transaction open nothing else can be written, and the caller may be the one that has it
        // open: a due job then shows as waiting for its time. Of one on a connection of the app's own only the wait for
        // the writer tells.
        if (loans.IsLent || !readers.Read(reader => QueueReading.HasDue(reader, now)))
        {
            return;
        }

        if (isShared)
        {
            await Task.WhenAny(TryPromoteAsync(), Task.Delay(SharedLimit, TimeProvider.System, cancellationToken));
        }
        else
        {
            await writer.DoAsync(new PromoteOperation(), cancellationToken);
        }
    }

    private async Task TryPromoteAsync()
    {
        try
        {
            await writer.DoAsync(new PromoteOperation(), CancellationToken.None);
        }
        catch (StorageException)
        {
            // The job goes on waiting, and a worker of its queue makes it ready.
        }
    }
}

using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>What became of a transaction in which an outcome was written.</summary>
public enum TransactionFate
{
    /// <summary>It was committed: the outcome is written for good.</summary>
    Committed = 0,

    /// <summary>
    /// It was rolled back, or the lease has passed to another worker: no trace of the outcome is left.
    /// </summary>
    RolledBack = 1,

    /// <summary>It is still open.</summary>
    Open = 2,
}

/// <summary>
/// Publishes and settles inside a transaction that belongs to the caller. Other connections see the writes when the
/// caller commits. After a rollback no trace is left. The public methods check and measure; a storage writes the
/// protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads, but one transaction is for one thread at a time, as its library demands. After a
/// failed call the caller can only roll back. Meters count at the write, whether or not the transaction commits.
/// </remarks>
[Experimental("LVGS001")]
public abstract class JobTransactions
{
    private readonly StorageMeter _meter;
    private readonly StorageHints _hints;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="signals">Sends signals.</param>
    /// <param name="time">Measures durations.</param>
    /// <param name="server">The server that the storage calls; null for none, or when it is not always the same
    /// one.</param>
    protected JobTransactions(
        string system, SignalBus signals, TimeProvider time, StorageServer? server = null)
    {
        ArgumentNullException.ThrowIfNull(signals);
        _meter = new StorageMeter(system, time, server);
        _hints = new StorageHints(signals);
    }

    /// <summary>
    /// How long a worker waits for a transaction that a handler left open before it goes on without its outcome; 2 s by
    /// default.
    /// </summary>
    public virtual TimeSpan OpenLimit => TimeSpan.FromSeconds(2);

    /// <summary>Begins a transaction on a connection of the storage's own, for a storage that takes no other.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">It cannot begin now, or this storage takes transactions of the caller's own
    /// connections; the message says which.</exception>
    public ValueTask<DbTransaction> BeginAsync(CancellationToken cancellationToken) =>
        BeginCoreAsync(cancellationToken);

    /// <summary>
    /// Stores messages as <see cref="JobBroker.PublishAsync"/> does, inside the transaction. Where the storage can, the
    /// commit sends a signal to waiting workers.
    /// </summary>
    /// <param name="transaction">A transaction that is open, of the same database.</param>
    /// <param name="messages">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <returns>A status for each, in order. A status other than <see cref="PublishStatus.Accepted"/> leaves the
    /// transaction as good as it was.</returns>
    /// <exception cref="ArgumentException">The transaction belongs to another database, or to another library than this
    /// storage's; nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended; nothing was written.</exception>
    /// <exception cref="StorageException">The storage cannot take them now.</exception>
    public async ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        JobBroker.CheckBatch(messages);
        cancellationToken.ThrowIfCancellationRequested();
        using var activity = _meter.StartSend(messages);
        var start = _meter.Start();
        var results = await PublishCoreAsync(transaction, messages, cancellationToken);
        _meter.Stop("send", start);
        _meter.Sent(messages.Count);
        return results;
    }

    /// <summary>
    /// Writes one outcome as <see cref="JobStore.SettleAsync"/> does, its lease token checked, inside the transaction.
    /// </summary>
    /// <remarks>
    /// Until the transaction ends, no other call can renew, cancel or settle the claim; such a call may wait for the
    /// end. No signal is sent.
    /// </remarks>
    /// <param name="transaction">A transaction that is open, of the same database.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <returns><see cref="SettleStatus.Stale"/> when the lease is lost; nothing was written then.</returns>
    /// <exception cref="ArgumentException">The transaction belongs to another database, or to another library than this
    /// storage's; nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended; nothing was written.</exception>
    /// <exception cref="StorageException">The storage cannot take it now.</exception>
    public async ValueTask<SettleResult> SettleAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(outcome);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _meter.Start();
        var result = await SettleCoreAsync(transaction, outcome, cancellationToken);
        _meter.Stop("settle", start);
        return result;
    }

    /// <summary>
    /// Finds out what became of an outcome that <see cref="SettleAsync"/> has written. It uses a connection of the
    /// storage's own and waits for no lock.
    /// </summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<TransactionFate> LookAsync(Settlement outcome, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var fate = await LookCoreAsync(outcome, cancellationToken);
        if (fate == TransactionFate.Committed)
        {
            // The commit itself sent no signal to other processes that the job has ended.
            _hints.Ended(outcome.Id);
        }

        return fate;
    }

    /// <summary>Begins a transaction; refuses unless it is overridden.</summary>
    /// <inheritdoc cref="BeginAsync"/>
    protected virtual ValueTask<DbTransaction> BeginCoreAsync(CancellationToken cancellationToken) =>
        throw new StorageException(
            "This storage takes transactions of your own connections to its database: open one with "
                + "BeginTransactionAsync of your connection or DbContext, and pass it to EnqueueAsync.",
            isTransient: false);

    /// <summary>Writes what <see cref="PublishAsync"/> promises.</summary>
    /// <inheritdoc cref="PublishAsync"/>
    protected abstract ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="SettleAsync"/> promises.</summary>
    /// <inheritdoc cref="SettleAsync"/>
    protected abstract ValueTask<SettleResult> SettleCoreAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken);

    /// <summary>Looks.</summary>
    /// <inheritdoc cref="LookAsync"/>
    protected abstract ValueTask<TransactionFate> LookCoreAsync(
        Settlement outcome, CancellationToken cancellationToken);

    /// <summary>The capability of a storage, or an error that says what to do.</summary>
    internal static JobTransactions Of(JobStorage storage) => storage.Transactions is { } transactions
        ? transactions
        : throw new StorageException(
            $"The storage {storage.Description} cannot take part in a transaction of yours. Use one that can (sqlite: "
                + "or postgres:), or call EnqueueAsync without the transaction, after its commit.",
            isTransient: false);
}

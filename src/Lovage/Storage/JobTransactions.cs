using System.Data.Common;
using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>What became of a transaction in which an outcome was written.</summary>
public enum TransactionFate
{
    /// <summary>It was committed: the outcome is written for good.</summary>
    Committed = 0,

    /// <summary>It was rolled back, or the lease has passed to somebody else: nothing of it is left.</summary>
    RolledBack = 1,

    /// <summary>It is still open.</summary>
    Open = 2,
}

/// <summary>
/// Publishes and settles inside a transaction that belongs to the caller: what is written is seen by others when the
/// caller commits, and never was when he rolls back. The public methods check and measure; a storage writes the
/// protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads, but a transaction is used by one at a time, as its own library has it. A call that
/// fails leaves a transaction that can only be rolled back. What is counted by meters is counted when it is written,
/// whatever becomes of the transaction.
/// </remarks>
public abstract class JobTransactions
{
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?> _system;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="time">Measures durations.</param>
    protected JobTransactions(string system, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _system = new("messaging.system", system);
    }

    /// <summary>
    /// How long a worker waits for a transaction that a handler left open before it goes on without its outcome; 2 s by
    /// default.
    /// </summary>
    public virtual TimeSpan OpenLimit => TimeSpan.FromSeconds(2);

    /// <summary>
    /// Begins a transaction on a connection of the storage's own, for a storage that only takes such.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">It cannot begin now, or this storage takes transactions of the caller's own
    /// connections; the message says which.</exception>
    public ValueTask<DbTransaction> BeginAsync(CancellationToken cancellationToken) =>
        BeginCoreAsync(cancellationToken);

    /// <summary>
    /// Stores messages as <see cref="JobBroker.PublishAsync"/> does, inside the transaction. Those who wait for jobs
    /// are told at the commit, where the storage can do so.
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
    public async ValueTask<IReadOnlyList<PublishStatus>> PublishAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        JobBroker.CheckBatch(messages);
        cancellationToken.ThrowIfCancellationRequested();
        using var activity = LovageTelemetry.Source.StartActivity($"send {messages[0].Queue}", ActivityKind.Client);
        activity?.SetTag(_system.Key, _system.Value)
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.operation.name", "send")
            .SetTag("messaging.destination.name", messages[0].Queue)
            .SetTag("messaging.batch.message_count", messages.Count);
        var start = _time.GetTimestamp();
        var statuses = await PublishCoreAsync(transaction, messages, cancellationToken);
        Measure("send", start);
        LovageTelemetry.Sent.Add(messages.Count, _system);
        return statuses;
    }

    /// <summary>
    /// Writes one outcome as <see cref="JobStore.SettleAsync"/> does, its lease token checked, inside the transaction.
    /// </summary>
    /// <remarks>
    /// Until the transaction ends nobody else can renew, cancel or settle the claim, and whoever tries may wait for it.
    /// No hint is sent.
    /// </remarks>
    /// <param name="transaction">A transaction that is open, of the same database.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <returns><see cref="SettleStatus.Stale"/> when the lease is lost; nothing was written then.</returns>
    /// <exception cref="ArgumentException">The transaction belongs to another database, or to another library than this
    /// storage's; nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended; nothing was written.</exception>
    /// <exception cref="StorageException">The storage cannot take it now.</exception>
    public async ValueTask<SettleStatus> SettleAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(outcome);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _time.GetTimestamp();
        var status = await SettleCoreAsync(transaction, outcome, cancellationToken);
        Measure("settle", start);
        return status;
    }

    /// <summary>
    /// Finds out, over a connection of the storage's own and without waiting for anybody, what became of an outcome
    /// that <see cref="SettleAsync"/> has written.
    /// </summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<TransactionFate> LookAsync(Settlement outcome, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return LookCoreAsync(outcome, cancellationToken);
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
    protected abstract ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="SettleAsync"/> promises.</summary>
    /// <inheritdoc cref="SettleAsync"/>
    protected abstract ValueTask<SettleStatus> SettleCoreAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken);

    /// <summary>Looks.</summary>
    /// <inheritdoc cref="LookAsync"/>
    protected abstract ValueTask<TransactionFate> LookCoreAsync(
        Settlement outcome, CancellationToken cancellationToken);

    /// <summary>The capability of a storage, or an error that says what to do.</summary>
    internal static JobTransactions Of(JobStorage storage) =>
        storage.Broker.SettlesWithStore && storage.Transactions is { } transactions
            ? transactions
            : throw new StorageException(
                $"The storage {storage.Description} cannot take part in a transaction of yours. Use one that can "
                    + "(sqlite: or postgres:), or call EnqueueAsync without the transaction, after its commit.",
                isTransient: false);

    private void Measure(string operation, long start)
    {
        if (LovageTelemetry.OperationDuration.Enabled)
        {
            LovageTelemetry.OperationDuration.Record(
                _time.GetElapsedTime(start).TotalSeconds, _system, new("messaging.operation.name", operation));
        }
    }
}

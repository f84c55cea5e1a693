using System.Diagnostics.CodeAnalysis;
using Lovage.Storage.Columns;

namespace Lovage.Storage;

/// <summary>
/// Keeps bulk operations and lends each to one process at a time. The public methods check and send signals; a storage
/// writes the protected ones.
/// </summary>
/// <remarks>Safe for use by several threads. The storage's clock judges the leases.</remarks>
[Experimental("LVGS001")]
public abstract class OperationStore
{
    private readonly SignalBus _signals;

    /// <summary>For storages.</summary>
    /// <param name="signals">Sends signals.</param>
    protected OperationStore(SignalBus signals)
    {
        ArgumentNullException.ThrowIfNull(signals);
        _signals = signals;
    }

    /// <summary>
    /// True (the default) when other processes may add operations, so that signals alone do not tell of each.
    /// </summary>
    public virtual bool IsShared => true;

    /// <summary>Stores a new operation. Its time of creation is the storage's, and nothing of it is done yet.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="cancellationToken">Gives up waiting; the operation may be stored all the same.</param>
    /// <exception cref="ArgumentException">The filter is too long.</exception>
    /// <returns>The operation as it is stored. A known id gives the operation that is stored under it.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<BulkOperation> AddAsync(BulkOperation operation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(operation);
        JobQueryJson.Check(operation.Filter);
        var stored = await AddCoreAsync(
            Cut(operation) with
            {
                Number = 0,
                CreatedAt = default,
                ReportedAt = null,
                FinishedAt = null,
                State = BulkState.Running,
                Done = 0,
                Skipped = 0,
                Error = null,
                Next = null,
                CancelRequested = false,
            },
            cancellationToken);
        Changed();
        return stored;
    }

    /// <summary>Reads an operation; null when it is not known.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<BulkOperation?> FindAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        return FindCoreAsync(id, cancellationToken);
    }

    /// <summary>Reads a page of operations, newest first.</summary>
    /// <param name="before">
    /// The lowest <see cref="BulkOperation.Number"/> of the page before; null for the first page.
    /// </param>
    /// <param name="max">Operations at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<BulkOperation>> ListAsync(
        long? before, int max, CancellationToken cancellationToken)
    {
        JobBroker.CheckMax(max);
        return ListCoreAsync(before, max, cancellationToken);
    }

    /// <summary>
    /// Lends the oldest running operation that no live process holds, or renews the caller's own lease. A look that
    /// finds nothing to lend costs one read.
    /// </summary>
    /// <param name="owner">Which process asks.</param>
    /// <param name="lease">For how long.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The operation that the process holds now; null when there is none.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<BulkOperation?> TakeAsync(string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        return TakeCoreAsync(owner, lease, cancellationToken);
    }

    /// <summary>
    /// Writes how far an operation is, as its state, counts, error and place say, and renews the lease. It changes
    /// nothing when the process no longer holds the operation.
    /// </summary>
    /// <param name="owner">Which process reports.</param>
    /// <param name="operation">The operation; an ended state ends the lease as well.</param>
    /// <param name="lease">For how long it goes on.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The operation as it is stored now; null when the process no longer holds it.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<BulkOperation?> ReportAsync(
        string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        var stored = await ReportCoreAsync(owner, Cut(operation), lease, cancellationToken);
        if (stored is { State: not BulkState.Running })
        {
            Changed();
        }

        return stored;
    }

    /// <summary>Asks to cancel an operation; one that no process holds is cancelled at once.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The operation as it is stored now; null when it is not known.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<BulkOperation?> CancelAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        var stored = await CancelCoreAsync(id, cancellationToken);
        Changed();
        return stored;
    }

    /// <summary>Removes operations that ended longer ago than a time, the oldest first.</summary>
    /// <param name="age">The time, such as 30 days.</param>
    /// <param name="max">Operations at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed; <paramref name="max"/> means that there may be more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<int> PruneAsync(TimeSpan age, int max, CancellationToken cancellationToken)
    {
        JobBroker.CheckMax(max);
        return PruneCoreAsync(age, max, cancellationToken);
    }

    /// <summary>Stores.</summary>
    /// <inheritdoc cref="AddAsync"/>
    protected abstract ValueTask<BulkOperation> AddCoreAsync(
        BulkOperation operation, CancellationToken cancellationToken);

    /// <summary>Reads one.</summary>
    /// <inheritdoc cref="FindAsync"/>
    protected abstract ValueTask<BulkOperation?> FindCoreAsync(string id, CancellationToken cancellationToken);

    /// <summary>Reads a page.</summary>
    /// <inheritdoc cref="ListAsync"/>
    protected abstract ValueTask<IReadOnlyList<BulkOperation>> ListCoreAsync(
        long? before, int max, CancellationToken cancellationToken);

    /// <summary>Lends.</summary>
    /// <inheritdoc cref="TakeAsync"/>
    protected abstract ValueTask<BulkOperation?> TakeCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Writes.</summary>
    /// <inheritdoc cref="ReportAsync"/>
    protected abstract ValueTask<BulkOperation?> ReportCoreAsync(
        string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Cancels.</summary>
    /// <inheritdoc cref="CancelAsync"/>
    protected abstract ValueTask<BulkOperation?> CancelCoreAsync(string id, CancellationToken cancellationToken);

    /// <summary>Removes.</summary>
    /// <inheritdoc cref="PruneAsync"/>
    protected abstract ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken);

    private static BulkOperation Cut(BulkOperation operation) => operation with
    {
        By = TextCut.Bare(operation.By, 200),
        Reason = operation.Reason is null ? null : TextCut.Bare(operation.Reason, 500),
        Error = operation.Error is null ? null : TextCut.Bare(operation.Error, 4_000),
    };

    private void Changed() => _signals.Send(new Signal(SignalKind.OperationsChanged));
}

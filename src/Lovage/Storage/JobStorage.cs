using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>A storage opened in this process, with its roles. Roles that are null are not supported.</summary>
/// <remarks>Safe for use by several threads once opened. Dispose it last, when no call is under way.</remarks>
[Experimental("LVGS001")]
public abstract class JobStorage : IAsyncDisposable
{
    private int _disposed;

    /// <summary>
    /// Describes the storage without credentials, for the start banner and the health check: <c>sqlite:lovage.db
    /// (SQLite 3.53.4, WAL, synchronous=FULL)</c>.
    /// </summary>
    public abstract string Description { get; }

    /// <summary>
    /// Settings of this storage that are unsafe in production, one sentence each; empty when all are safe.
    /// </summary>
    public abstract IReadOnlyList<string> Warnings { get; }

    /// <summary>Queues and leases.</summary>
    public abstract JobBroker Broker { get; }

    /// <summary>Outcomes, and changes that a person asks for.</summary>
    public abstract JobStore Store { get; }

    /// <summary>Records of jobs. Null (the default): the storage keeps none, and reading jobs is refused.</summary>
    public virtual JobHistory? History => null;

    /// <summary>The live workers. Null (the default): the storage keeps no list of them.</summary>
    public virtual WorkerDirectory? Workers => null;

    /// <summary>
    /// Schedules. Null (the default): the storage keeps none, and an app with schedules does not start.
    /// </summary>
    public virtual ScheduleStore? Schedules => null;

    /// <summary>Bulk operations. Null (the default): the storage keeps none.</summary>
    public virtual OperationStore? Operations => null;

    /// <summary>What people did. Null (the default): the storage keeps no records of it.</summary>
    public virtual AuditStore? Audit => null;

    /// <summary>Commands for workers. Null (the default): the storage carries none.</summary>
    public virtual ControlChannel? Control => null;

    /// <summary>Signals between processes.</summary>
    public abstract SignalBus Signals { get; }

    /// <summary>
    /// Writes inside a caller's own database transaction. Null (the default): the storage cannot, and enqueuing with a
    /// transaction is refused.
    /// </summary>
    public virtual JobTransactions? Transactions => null;

    /// <summary>
    /// For how long other programs have kept this process from writing, until now; zero while it can write, and on
    /// storages that do not know (the default). The health check reports a long time as degraded.
    /// </summary>
    public virtual TimeSpan BlockedFor => TimeSpan.Zero;

    /// <summary>
    /// Connects, checks that the storage can keep its promises, and brings its schema up to date. It is called first,
    /// and again only after a transient error.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageException">It cannot be used; the message says why and what to do.</exception>
    public abstract ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Asks the storage for a sign of life.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">It gives none.</exception>
    public abstract ValueTask PingAsync(CancellationToken cancellationToken);

    /// <summary>The records of jobs, or an error that says what to do.</summary>
    /// <exception cref="StorageException">This storage keeps none.</exception>
    internal JobHistory RequireHistory() => History ?? throw new StorageException(
        $"The storage {Description} keeps no records of jobs. Use one that does (sqlite:, postgres: or memory:).",
        isTransient: false);

    /// <summary>The schedules, or an error that says what to do.</summary>
    /// <exception cref="StorageException">This storage keeps none.</exception>
    internal ScheduleStore RequireSchedules() => Schedules ?? throw new StorageException(
        $"The storage '{Description}' keeps no schedules. Use one that does (sqlite:, postgres: or memory:), or leave "
            + "the schedules to another app.",
        isTransient: false);

    /// <summary>
    /// Closes the storage. A second call does nothing: the host closes the storage when the app has stopped, and the
    /// container disposes it later.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await DisposeCoreAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Closes; called once.</summary>
    protected abstract ValueTask DisposeCoreAsync();
}

/// <summary>Makes storages of one kind from their address, such as <c>sqlite:lovage.db</c>.</summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
[Experimental("LVGS001")]
public abstract class StorageProvider
{
    /// <summary>The schemes it answers to, such as <c>sqlite</c>.</summary>
    public abstract IReadOnlyList<string> Schemes { get; }

    /// <summary>Makes a storage without opening it.</summary>
    /// <param name="address">The whole address, scheme included.</param>
    /// <param name="time">The clock: leases, due times and waits.</param>
    /// <exception cref="ArgumentException">The address cannot be read; the message does not repeat
    /// credentials.</exception>
    public abstract JobStorage Create(string address, TimeProvider time);
}

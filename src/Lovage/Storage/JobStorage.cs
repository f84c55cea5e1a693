namespace Lovage.Storage;

/// <summary>A storage opened in this process: its broker, its store and its signals.</summary>
/// <remarks>Safe for use by several threads once opened. Dispose it last, when no call is under way.</remarks>
public abstract class JobStorage : IAsyncDisposable
{
    private int _disposed;

    /// <summary>
    /// What is used, for the start banner and the health check, without credentials: <c>sqlite:lovage.db (SQLite
    /// 3.53.4, WAL, synchronous=FULL)</c>.
    /// </summary>
    public abstract string Description { get; }

    /// <summary>
    /// What is unsafe in production about how this storage is used, one sentence each; empty when nothing is.
    /// </summary>
    public abstract IReadOnlyList<string> Warnings { get; }

    /// <summary>Queues and leases.</summary>
    public abstract JobBroker Broker { get; }

    /// <summary>Outcomes, and what a person asks for.</summary>
    public abstract JobStore Store { get; }

    /// <summary>
    /// Records of jobs; null (the default) for a storage that keeps none, on which reading jobs is refused.
    /// </summary>
    public virtual JobHistory? History => null;

    /// <summary>The live workers; null (the default) for a storage that keeps no list of them.</summary>
    public virtual WorkerDirectory? Workers => null;

    /// <summary>
    /// Schedules; null (the default) for a storage that keeps none, on which an app with schedules does not start.
    /// </summary>
    public virtual ScheduleStore? Schedules => null;

    /// <summary>Hints.</summary>
    public abstract SignalBus Signals { get; }

    /// <summary>
    /// Writing inside a caller's own database transaction; null (the default) for a storage that cannot, on which
    /// enqueuing with a transaction is refused.
    /// </summary>
    public virtual JobTransactions? Transactions => null;

    /// <summary>
    /// Connects, checks that the storage is fit for its promises, and brings its schema up to date. Called before
    /// anything else, and again only after it has failed with a transient error.
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

    /// <summary>
    /// Closes. Calling it again does nothing: the host closes a storage when the app has stopped, and the container
    /// that made it disposes it later.
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

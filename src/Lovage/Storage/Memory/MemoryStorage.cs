using Lovage.Storage.Memory.Life;
using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>
/// Jobs in the memory of this process: for tests, for development, and for work whose loss at a restart does no harm.
/// It is also the executable specification that other storages are measured by.
/// </summary>
/// <remarks>
/// Safe for use by several threads; one lock guards everything. Ended jobs are kept until
/// <see cref="JobStore.PruneAsync"/> removes them.
/// </remarks>
public sealed class MemoryStorage : JobStorage
{
    private readonly MemorySignals _signals = new();

    /// <summary>Makes an empty storage.</summary>
    /// <param name="time">The clock: its wall time judges due times and expiry, its timestamps judge leases.</param>
    public MemoryStorage(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var state = new MemoryState(time);
        var life = new JobLife(state);
        Broker = new MemoryBroker(state, life, _signals, time);
        Store = new MemoryJobStore(state, life, _signals, time);
        History = new MemoryJobHistory(state);
        Schedules = new MemoryScheduleStore(state, life, _signals, time);
        Workers = new MemoryWorkerDirectory(state);
        Operations = new MemoryOperationStore(state, _signals);
        Audit = new MemoryAuditStore(state);
        Control = new MemoryControlChannel(state, _signals);
    }

    /// <inheritdoc/>
    public override string Description => "memory";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings { get; } =
    [
        "Jobs are kept in memory: all of them are lost when this process ends.",
    ];

    /// <inheritdoc/>
    public override JobBroker Broker { get; }

    /// <inheritdoc/>
    public override JobStore Store { get; }

    /// <inheritdoc/>
    public override JobHistory? History { get; }

    /// <inheritdoc/>
    public override ScheduleStore? Schedules { get; }

    /// <inheritdoc/>
    public override WorkerDirectory? Workers { get; }

    /// <inheritdoc/>
    public override OperationStore? Operations { get; }

    /// <inheritdoc/>
    public override AuditStore? Audit { get; }

    /// <inheritdoc/>
    public override ControlChannel? Control { get; }

    /// <inheritdoc/>
    public override SignalBus Signals => _signals;

    /// <inheritdoc/>
    public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    protected override ValueTask DisposeCoreAsync() => default;

    private sealed class MemorySignals : SignalBus;
}

/// <summary>Makes memory storages from the address <c>memory:</c>.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. Each storage it makes is empty and shares nothing with others.
/// </remarks>
public sealed class MemoryStorageProvider : StorageProvider
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Schemes { get; } = ["memory"];

    /// <inheritdoc/>
    public override JobStorage Create(string address, TimeProvider time) =>
        address is "memory" or "memory:"
            ? new MemoryStorage(time)
            : throw new ArgumentException(
                "The memory storage has no settings: its address is 'memory:' and nothing else.", nameof(address));
}

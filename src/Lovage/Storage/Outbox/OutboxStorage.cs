namespace Lovage.Storage.Outbox;

/// <summary>
/// A storage made of a store and a broker apart from it, such as RabbitMQ beside PostgreSQL: what is to be delivered is
/// first written to the store's outbox, together with the outcome it follows from, then published, and only then is the
/// delivery that led to it acknowledged. A crash between two of these steps loses nothing: the outbox is emptied by
/// whoever comes next.
/// </summary>
/// <remarks>
/// Safe for use by several threads once opened. It owns the store it is given and disposes it; the broker is disposed
/// by whoever made it.
/// </remarks>
public sealed class OutboxStorage : JobStorage
{
    private readonly JobStorage _storage;

    /// <summary>Puts the two together.</summary>
    /// <param name="storage">Keeps records, outcomes and leases; its store must have an outbox.</param>
    /// <param name="broker">Carries the messages; one that does not settle with its store.</param>
    /// <param name="time">Measures waits.</param>
    /// <exception cref="StorageException">The store has no outbox, or the broker needs none; the message says what to
    /// add.</exception>
    public OutboxStorage(JobStorage storage, JobBroker broker, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(broker);
        if (broker.SettlesWithStore)
        {
            throw new StorageException(
                $"The broker {broker.GetType().Name} keeps its own outcomes and needs no store beside it. Use its "
                    + "storage alone.",
                isTransient: false);
        }

        var outbox = storage.Store.OpenOutbox() ?? throw new StorageException(
            $"The storage '{storage.Description}' has no outbox, which the broker {broker.GetType().Name} needs so "
                + "that no follow-up is lost in a crash. Use a store with an outbox, such as memory:, beside this "
                + "broker.",
            isTransient: false);
        _storage = storage;
        var ours = new OutboxBroker(storage, broker, outbox, time);
        Broker = ours;
        Store = new OutboxStore(storage, ours, time);
        Schedules = storage.Schedules is { } schedules ? new OutboxSchedules(schedules, ours, storage.Signals) : null;
        Description = $"{storage.Description} beside {broker.GetType().Name}";
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => _storage.Warnings;

    /// <inheritdoc/>
    public override JobBroker Broker { get; }

    /// <inheritdoc/>
    public override JobStore Store { get; }

    /// <inheritdoc/>
    public override ScheduleStore? Schedules { get; }

    /// <inheritdoc/>
    public override SignalBus Signals => _storage.Signals;

    /// <inheritdoc/>
    public override ValueTask OpenAsync(CancellationToken cancellationToken) => _storage.OpenAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask PingAsync(CancellationToken cancellationToken) => _storage.PingAsync(cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask DisposeCoreAsync() => _storage.DisposeAsync();
}

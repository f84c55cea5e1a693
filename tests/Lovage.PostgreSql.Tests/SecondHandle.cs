using Lovage.Storage;

namespace Lovage.PostgreSql.Tests;

/// <summary>A second storage on the same schema, as another process has it, opened when a test first uses it.</summary>
/// <remarks>Most tests never do, and each storage costs the server four connections.</remarks>
internal sealed class SecondHandle(Func<Task<JobStorage>> open) : JobStorage
{
    private readonly Lazy<JobStorage> _storage = new(() => Task.Run(open).GetAwaiter().GetResult());

    public override string Description => _storage.Value.Description;

    public override IReadOnlyList<string> Warnings => _storage.Value.Warnings;

    public override JobBroker Broker => _storage.Value.Broker;

    public override JobStore Store => _storage.Value.Store;

    public override JobHistory? History => _storage.Value.History;

    public override WorkerDirectory? Workers => _storage.Value.Workers;

    public override ScheduleStore? Schedules => _storage.Value.Schedules;

    public override SignalBus Signals => _storage.Value.Signals;

    public override JobTransactions? Transactions => _storage.Value.Transactions;

    public override ValueTask OpenAsync(CancellationToken cancellationToken) =>
        _storage.Value.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) =>
        _storage.Value.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() =>
        _storage.IsValueCreated ? _storage.Value.DisposeAsync() : default;
}

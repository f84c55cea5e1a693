using Lovage.Storage;

namespace Lovage.PostgreSql.Tests;

/// <summary>A storage that a test uses and does not close: the next test has it.</summary>
/// <param name="storage">The storage; it may be opened when a test first uses it.</param>
internal sealed class SharedHandle(Func<PostgreSqlStorage> storage) : JobStorage
{
    internal PostgreSqlStorage Storage => storage();

    public override string Description => Storage.Description;

    public override IReadOnlyList<string> Warnings => Storage.Warnings;

    public override JobBroker Broker => Storage.Broker;

    public override JobStore Store => Storage.Store;

    public override JobHistory? History => Storage.History;

    public override WorkerDirectory? Workers => Storage.Workers;

    public override ScheduleStore? Schedules => Storage.Schedules;

    public override OperationStore? Operations => Storage.Operations;

    public override AuditStore? Audit => Storage.Audit;

    public override ControlChannel? Control => Storage.Control;

    public override SignalBus Signals => Storage.Signals;

    public override JobTransactions? Transactions => Storage.Transactions;

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => Storage.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => Storage.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => default;
}

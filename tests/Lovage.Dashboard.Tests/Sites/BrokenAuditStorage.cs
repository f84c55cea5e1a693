using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Dashboard.Tests.Sites;

/// <summary>A storage in memory that takes no audit records.</summary>
internal sealed class BrokenAuditStorage(TimeProvider time) : JobStorage
{
    private readonly MemoryStorage _inner = new(time);

    public override string Description => "broken audit";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => _inner.Broker;

    public override JobStore Store => _inner.Store;

    public override JobHistory? History => _inner.History;

    public override WorkerDirectory? Workers => _inner.Workers;

    public override AuditStore? Audit { get; } = new BrokenAudit();

    public override SignalBus Signals => _inner.Signals;

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => _inner.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => _inner.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => _inner.DisposeAsync();

    /// <summary>Makes such storages.</summary>
    internal sealed class Provider : StorageProvider
    {
        public override IReadOnlyList<string> Schemes => ["brokenaudit"];

        public override JobStorage Create(string address, TimeProvider time) => new BrokenAuditStorage(time);
    }

    private sealed class BrokenAudit : AuditStore
    {
        protected override ValueTask AppendCoreAsync(
            IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken) =>
            throw new StorageException("The disk is full.", isTransient: true);

        protected override ValueTask<IReadOnlyList<AuditRecord>> ListCoreAsync(
            AuditQuery query, CancellationToken cancellationToken) => new([]);

        protected override ValueTask<int> PruneCoreAsync(
            TimeSpan age, int max, CancellationToken cancellationToken) => new(0);
    }
}

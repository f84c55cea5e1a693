using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>A storage that counts how often a worker looks for jobs; all else is the inner one's.</summary>
internal sealed class CountingStorage : JobStorage
{
    private readonly JobStorage _inner;
    private readonly CountingBroker _broker;

    internal CountingStorage(JobStorage inner, TimeProvider time)
    {
        _inner = inner;
        _broker = new CountingBroker(inner, time);
    }

    public override string Description => "counting";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => _broker;

    public override JobStore Store => _inner.Store;

    public override JobHistory? History => _inner.History;

    public override WorkerDirectory? Workers => _inner.Workers;

    public override SignalBus Signals => _inner.Signals;

    /// <summary>Looks for ordinary jobs.</summary>
    internal int Looks => _broker.Looks;

    /// <summary>Looks for orphans.</summary>
    internal int OrphanLooks => _broker.OrphanLooks;

    /// <summary>The queues of each receiver that was opened, in order.</summary>
    internal List<string> Opened => _broker.Opened;

    /// <summary>Called while a receiver is opened.</summary>
    internal Action WhenOpening
    {
        set => _broker.WhenOpening = value;
    }

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => _inner.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => _inner.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => _inner.DisposeAsync();

    private sealed class CountingBroker(JobStorage inner, TimeProvider time)
        : JobBroker("counting", inner.Signals, time)
    {
        internal int Looks { get; set; }

        internal int OrphanLooks { get; set; }

        internal List<string> Opened { get; } = [];

        internal Action WhenOpening { get; set; } = static () => { };

        protected override JobReceiver OpenReceiverCore(ReceiverOptions options)
        {
            Opened.Add(string.Join(',', options.Queues));
            WhenOpening();
            return new CountingReceiver(
                this, options, inner.Broker.OpenReceiver(options.Owner, options.Queues, options.Lease));
        }

        protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
            IReadOnlyList<JobMessage> messages,
            CancellationToken cancellationToken) => inner.Broker.PublishAsync(messages, cancellationToken);

        protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
            IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
            inner.Broker.RenewAsync(tokens, lease, cancellationToken);

        protected override ValueTask<ReleaseResult> ReleaseCoreAsync(
            IReadOnlyList<LeaseToken> tokens,
            CancellationToken cancellationToken) => inner.Broker.ReleaseAsync(tokens, cancellationToken);

        protected override ValueTask<ReleaseResult> DeclineCoreAsync(
            IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken) =>
            inner.Broker.DeclineAsync(offers, limit, cancellationToken);

        protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
            IReadOnlyList<string> deadOwners,
            int max,
            CancellationToken cancellationToken) => inner.Broker.ReclaimAsync(deadOwners, max, cancellationToken);

        protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
            inner.Broker.OwnersAsync(cancellationToken);

        protected override ValueTask PauseCoreAsync(string queue, string reason, CancellationToken cancellationToken) =>
            inner.Broker.PauseAsync(queue, reason, cancellationToken);

        protected override ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
            inner.Broker.ResumeAsync(queue, cancellationToken);

        protected override ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
            string queue, int max, CancellationToken cancellationToken) =>
            inner.Broker.PurgeAsync(queue, max, cancellationToken);

        protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
            inner.Broker.QueuesAsync(cancellationToken);

        protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
            string queue,
            int max,
            CancellationToken cancellationToken) => inner.Broker.PeekAsync(queue, max, cancellationToken);
    }

    private sealed class CountingReceiver(CountingBroker broker, ReceiverOptions options, JobReceiver inner)
        : JobReceiver(broker, options)
    {
        protected override async ValueTask<LookResult> ReceiveCoreAsync(
            long look, int max, CancellationToken cancellationToken)
        {
            broker.Looks++;
            var received = await inner.ReceiveAsync(max, TimeSpan.Zero, cancellationToken);
            return new LookResult(received.Deliveries, null, IsDrained: received.Deliveries.Count < max);
        }

        protected override async ValueTask<Delivery?> ReceiveOrphanCoreAsync(
            long look, CancellationToken cancellationToken)
        {
            broker.OrphanLooks++;
            var received = await inner.ReceiveOrphanAsync(TimeSpan.Zero, cancellationToken);
            return received.Deliveries.Count == 0 ? null : received.Deliveries[0];
        }

        protected override async ValueTask DisposeCoreAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeCoreAsync();
        }
    }
}

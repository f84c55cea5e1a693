using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>A storage that counts how often somebody looks for jobs; all is the inner one's.</summary>
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

    public override SignalBus Signals => _inner.Signals;

    internal int Looks => _broker.Looks;

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => _inner.OpenAsync(cancellationToken);

    public override ValueTask PingAsync(CancellationToken cancellationToken) => _inner.PingAsync(cancellationToken);

    protected override ValueTask DisposeCoreAsync() => _inner.DisposeAsync();

    private sealed class CountingBroker(JobStorage inner, TimeProvider time)
        : JobBroker("counting", inner.Signals, time)
    {
        internal int Looks { get; private set; }

        protected override async ValueTask<ReceiveResult> ReceiveCoreAsync(
            ReceiveRequest request, CancellationToken cancellationToken)
        {
            Looks++;
            var look = request with { Wait = TimeSpan.Zero };
            var deliveries = await inner.Broker.ReceiveAsync(look, cancellationToken);
            return new ReceiveResult(deliveries, look.Left?.NextDue, IsAll: look.Left is not null);
        }

        protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
            IReadOnlyList<JobMessage> messages,
            CancellationToken cancellationToken) => inner.Broker.PublishAsync(messages, cancellationToken);

        protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
            IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
            inner.Broker.RenewAsync(tokens, lease, cancellationToken);

        protected override ValueTask<int> ReleaseCoreAsync(
            IReadOnlyList<LeaseToken> tokens,
            CancellationToken cancellationToken) => inner.Broker.ReleaseAsync(tokens, cancellationToken);

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

        protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
            inner.Broker.QueuesAsync(cancellationToken);

        protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
            string queue,
            int max,
            CancellationToken cancellationToken) => inner.Broker.PeekAsync(queue, max, cancellationToken);
    }
}

using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Tests.Clients;

/// <summary>A storage whose writes a test sees and lets through one by one. It can do nothing else.</summary>
internal sealed class GatedStorage : JobStorage
{
    private readonly QuietSignals _signals = new();
    private readonly GatedBroker _broker;

    public GatedStorage(TimeProvider? time = null) => _broker = new GatedBroker(_signals, time ?? TimeProvider.System);

    public override string Description => "gated";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker => _broker;

    public override JobStore Store => throw new NotSupportedException();

    public override SignalBus Signals => _signals;

    public IReadOnlyList<Write> Writes
    {
        get
        {
            lock (_broker.Seen)
            {
                return [.. _broker.Seen];
            }
        }
    }

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

    /// <summary>The write of this number, once it has come.</summary>
    public async Task<Write> WriteAsync(int number)
    {
        while (true)
        {
            var seen = _broker.Came.Version;
            if (Writes.Count > number)
            {
                return Writes[number];
            }

            Assert.True(
                await _broker.Came.WaitAsync(
                    seen, TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken),
                $"write {number} never came");
        }
    }

    protected override ValueTask DisposeCoreAsync() => default;

    internal sealed class Write(IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        private readonly TaskCompletionSource<IReadOnlyList<PublishResult>> _answer = new(
            TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<JobMessage> Messages { get; } = messages;

        public CancellationToken CancellationToken { get; } = cancellationToken;

        public Task<IReadOnlyList<PublishResult>> Answer => _answer.Task;

        public void Accept() => _answer.SetResult([.. Messages.Select(static message =>
            new PublishResult(PublishStatus.Accepted, message.Id, JobState.Queued))]);

        public void Fail(Exception fault) => _answer.SetException(fault);
    }

    private sealed class QuietSignals : SignalBus;

    private sealed class GatedBroker(SignalBus signals, TimeProvider time) : JobBroker("gated", signals, time)
    {
        public List<Write> Seen { get; } = [];

        public WakeUp Came { get; } = new();

        protected override async ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
            IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
        {
            var write = new Write(messages, cancellationToken);
            lock (Seen)
            {
                Seen.Add(write);
            }

            Came.Pulse();
            return await write.Answer;
        }

        protected override JobReceiver OpenReceiverCore(ReceiverOptions options) => throw new NotSupportedException();

        protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
            IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask<ReleaseResult> ReleaseCoreAsync(
            IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override ValueTask<ReleaseResult> DeclineCoreAsync(
            IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
            IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask PauseCoreAsync(string queue, string reason, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
            string queue, int max, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
            string queue, int max, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

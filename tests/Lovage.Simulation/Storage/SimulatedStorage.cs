using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Simulation.Storage;

/// <summary>The one storage that all processes of a world share, below all faults.</summary>
internal sealed class SharedStorage
{
    internal SharedStorage(TimeProvider time)
    {
        State = new MemoryState(time);
        var signals = new NoSignals();
        Broker = new MemoryBroker(State, signals, time);
        Store = new MemoryStore(State, signals, time);
    }

    internal MemoryState State { get; }

    internal JobBroker Broker { get; }

    internal JobStore Store { get; }

    /// <summary>The memory storage answers at once.</summary>
    internal static T Now<T>(ValueTask<T> answer) =>
        answer.IsCompleted
            ? answer.GetAwaiter().GetResult()
            : throw new InvalidOperationException("The memory storage did not answer at once.");

    internal static void Now(ValueTask answer)
    {
        if (!answer.IsCompleted)
        {
            throw new InvalidOperationException("The memory storage did not answer at once.");
        }

        answer.GetAwaiter().GetResult();
    }

    private sealed class NoSignals : SignalBus;
}

/// <summary>Hints of one process: its own are heard at once, those of others late or never.</summary>
internal sealed class LossyBus(World world, Node node) : SignalBus
{
    internal void Hear(Signal signal) => Dispatch(signal);

    protected override void SendCore(Signal signal) => world.Broadcast(node, signal);
}

/// <summary>One process's view of the shared storage.</summary>
internal sealed class SimulatedStorage : JobStorage
{
    internal SimulatedStorage(World world, Node node)
    {
        var bus = new LossyBus(world, node);
        Bus = bus;
        Broker = new SimulatedBroker(world, node, bus);
        Store = new SimulatedStore(world, node, bus);
    }

    public override string Description => "simulated";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker { get; }

    public override JobStore Store { get; }

    public override SignalBus Signals => Bus;

    internal LossyBus Bus { get; }

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

    protected override ValueTask DisposeCoreAsync() => default;
}

/// <summary>
/// Passes calls on over the link, tells the oracle, and plants the bugs that the invariants must find.
/// </summary>
internal sealed class SimulatedBroker(World world, Node node, LossyBus bus)
    : JobBroker("simulation", bus, node.Process.Time)
{
    private readonly SharedStorage _shared = world.Storage;
    private readonly WakeUp _signalled = Signalled(bus);

    protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "publish",
            () =>
            {
                var statuses = SharedStorage.Now(_shared.Broker.PublishAsync(messages, CancellationToken.None));
                world.Oracle.Published(node, messages, statuses);
                return statuses;
            },
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = _signalled.Version;
            var result = await node.Link.CallAsync(
                "receive", () => Receive(request), mayRepeat: false, cancellationToken);
            if (world.Planted != PlantedBug.WakeUpWithoutPoll || result.Deliveries.Count > 0)
            {
                return result;
            }

            await _signalled.WaitAsync(seen, TimeSpan.FromDays(1), node.Process.Time, cancellationToken);
        }
    }

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "renew",
            () =>
            {
                var statuses = SharedStorage.Now(_shared.Broker.RenewAsync(tokens, lease, CancellationToken.None));
                if (world.Planted == PlantedBug.RenewRevivesLostLease)
                {
                    statuses = [.. statuses.Select(status => status == LeaseStatus.Lost ? LeaseStatus.Held : status)];
                }

                world.Oracle.Renewed(node, tokens, lease, statuses);
                return statuses;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "release",
            () =>
            {
                var count = world.Planted == PlantedBug.ReleasePenalises
                    ? ReleaseAsFailure(tokens)
                    : SharedStorage.Now(_shared.Broker.ReleaseAsync(tokens, CancellationToken.None));
                world.Oracle.Released(node, tokens, count);
                return count;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "reclaim",
            () =>
            {
                var result = SharedStorage.Now(_shared.Broker.ReclaimAsync(deadOwners, max, CancellationToken.None));
                world.Oracle.Reclaimed(node, deadOwners, max, result);
                return result;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "owners",
            () => SharedStorage.Now(_shared.Broker.OwnersAsync(CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "pause",
            () =>
            {
                SharedStorage.Now(_shared.Broker.PauseAsync(queue, reason, CancellationToken.None));
                world.Oracle.Paused(queue, isPaused: true);
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "resume",
            () =>
            {
                SharedStorage.Now(_shared.Broker.ResumeAsync(queue, CancellationToken.None));
                world.Oracle.Paused(queue, isPaused: false);
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "queues",
            () => SharedStorage.Now(_shared.Broker.QueuesAsync(CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "peek",
            () => SharedStorage.Now(_shared.Broker.PeekAsync(queue, max, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    private static WakeUp Signalled(LossyBus bus)
    {
        var wakeUp = new WakeUp();
        bus.Subscribe(_ => wakeUp.Pulse(), SignalKind.JobsReady);
        return wakeUp;
    }

    private ReceiveResult Receive(ReceiveRequest request)
    {
        var deliveries = SharedStorage.Now(
            _shared.Broker.ReceiveAsync(request with { Wait = TimeSpan.Zero }, CancellationToken.None));
        world.Oracle.Received(node, request, deliveries);
        if (deliveries.Count > 0)
        {
            if (world.Planted == PlantedBug.ClaimCountsAsStart)
            {
                SharedStorage.Now(_shared.Store.RecordStartsAsync(
                    [.. deliveries.Select(d => new JobStart(d.Token, d.Message.Id, d.ClaimedAt, Ahead: true))],
                    CancellationToken.None));
            }

            if (deliveries.Count == request.Max || deliveries.Any(static delivery => delivery.StartFirst))
            {
                return new ReceiveResult(deliveries, null, IsAll: false);
            }
        }

        TimeSpan? next = null;
        foreach (var queue in request.Queues)
        {
            var due = _shared.State.Queue(queue) is { PauseReason: null } open
                ? open.NextDue() - _shared.State.Now
                : null;
            next = next is null || due < next ? due : next;
        }

        return new ReceiveResult(deliveries, next, IsAll: true);
    }

    private int ReleaseAsFailure(IReadOnlyList<LeaseToken> tokens)
    {
        var count = 0;
        foreach (var token in tokens)
        {
            if (!_shared.State.TryFindClaim(token, out var job))
            {
                continue;
            }

            count++;
            var attempt = new AttemptRecord
            {
                Number = 1,
                End = AttemptEnd.Interrupted,
                StartedAt = _shared.State.Now,
                Duration = TimeSpan.Zero,
                Worker = "",
            };
            SharedStorage.Now(_shared.Store.SettleAsync([
                new Settlement { Token = token, Id = job.Message.Id, Decision = JobDecision.Retry, Attempt = attempt },
            ], CancellationToken.None));
        }

        return count;
    }
}

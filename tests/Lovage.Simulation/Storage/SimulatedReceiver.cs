using Lovage.Storage;

namespace Lovage.Simulation.Storage;

/// <summary>
/// Claims jobs over the link, tells the oracle, and plants the bugs that the invariants must find. A reply that is lost
/// on the way back leaves claims of which the node does not know; they come back when their leases end.
/// </summary>
internal sealed class SimulatedReceiver(
    SimulatedBroker broker, World world, Node node, LossyBus bus, ReceiverOptions options)
    : JobReceiver(broker, options)
{
    private readonly SharedStorage _shared = world.Storage;
    private readonly JobReceiver _claims = world.Storage.Broker.OpenReceiver(
        options.Owner, options.Queues, options.Lease);

    private readonly Signalled _ready = new(bus, SignalKind.JobsReady);
    private readonly Signalled _orphans = new(bus, SignalKind.OrphansReady);

    protected override async ValueTask<LookResult> ReceiveCoreAsync(
        long look, int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = _ready.WakeUp.Version;
            var result = await node.Link.CallAsync("receive", () => Receive(max), mayRepeat: false, cancellationToken);
            if (world.Planted != PlantedBug.WakeUpWithoutPoll || result.Deliveries.Count > 0)
            {
                return result;
            }

            await _ready.WakeUp.WaitAsync(seen, TimeSpan.FromDays(1), node.Process.Time, cancellationToken);
        }
    }

    protected override async ValueTask<Delivery?> ReceiveOrphanCoreAsync(
        long look, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = _orphans.WakeUp.Version;
            var orphan = await node.Link.CallAsync("orphan", ReceiveOrphan, mayRepeat: false, cancellationToken);
            if (world.Planted != PlantedBug.WakeUpWithoutPoll || orphan is not null)
            {
                return orphan;
            }

            await _orphans.WakeUp.WaitAsync(seen, TimeSpan.FromDays(1), node.Process.Time, cancellationToken);
        }
    }

    protected override async ValueTask DisposeCoreAsync()
    {
        _ready.Dispose();
        _orphans.Dispose();
        await _claims.DisposeAsync();
        await base.DisposeCoreAsync();
    }

    private LookResult Receive(int max)
    {
        var received = SharedStorage.Now(_claims.ReceiveAsync(max, TimeSpan.Zero, CancellationToken.None));
        world.Oracle.Received(node, Options, max, received.Deliveries);
        Plant(received.Deliveries);
        TimeSpan? next = null;
        foreach (var queue in Options.Queues)
        {
            var due = _shared.State.Queue(queue) is { PauseReason: null } open
                ? open.NextDue() - _shared.State.Now
                : null;
            next = next is null || due < next ? due : next;
        }

        return new LookResult(received.Deliveries, next, IsDrained: received.Deliveries.Count < max);
    }

    private Delivery? ReceiveOrphan()
    {
        var received = SharedStorage.Now(_claims.ReceiveOrphanAsync(TimeSpan.Zero, CancellationToken.None));
        world.Oracle.ReceivedOrphan(node, Options, received.Deliveries);
        Plant(received.Deliveries);
        return received.Deliveries.Count == 0 ? null : received.Deliveries[0];
    }

    private void Plant(IReadOnlyList<Delivery> deliveries)
    {
        if (world.Planted == PlantedBug.ClaimCountsAsStart && deliveries.Count > 0)
        {
            SharedStorage.Now(_shared.Store.RecordStartsAsync(
                [.. deliveries.Select(d => new JobStart(d.Token, d.Message.Id, d.ClaimedAt, Ahead: true))],
                CancellationToken.None));
        }
    }

    /// <summary>Signals of one kind, as long as it is not disposed.</summary>
    private sealed class Signalled : IDisposable
    {
        private readonly IDisposable _subscription;

        internal Signalled(LossyBus bus, SignalKind kind) => _subscription = bus.Subscribe(_ => WakeUp.Pulse(), kind);

        internal WakeUp WakeUp { get; } = new();

        public void Dispose() => _subscription.Dispose();
    }
}

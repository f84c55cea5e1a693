using Lovage.Storage;
using Lovage.Storage.Memory;
using Lovage.Storage.Memory.Life;
using Lovage.Storage.Memory.State;

namespace Lovage.Simulation.Storage;

/// <summary>The one storage that all processes of a world share, below all faults.</summary>
internal sealed class SharedStorage
{
    internal SharedStorage(TimeProvider time)
    {
        State = new MemoryState(time);
        var signals = new NoSignals();
        Life = new JobLife(State);
        Broker = new MemoryBroker(State, Life, signals, time);
        Store = new MemoryJobStore(State, Life, signals, time);
        History = new MemoryJobHistory(State);
        Workers = new MemoryWorkerDirectory(State);
    }

    internal MemoryState State { get; }

    internal JobLife Life { get; }

    internal JobBroker Broker { get; }

    internal JobStore Store { get; }

    internal JobHistory History { get; }

    internal WorkerDirectory Workers { get; }

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
        Store = new SimulatedJobStore(world, node, bus);
        History = new SimulatedJobHistory(world, node);
        Workers = new SimulatedWorkerDirectory(world, node);
    }

    public override string Description => "simulated";

    public override IReadOnlyList<string> Warnings => [];

    public override JobBroker Broker { get; }

    public override JobStore Store { get; }

    public override JobHistory? History { get; }

    public override WorkerDirectory? Workers { get; }

    public override SignalBus Signals => Bus;

    internal LossyBus Bus { get; }

    public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

    public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

    protected override ValueTask DisposeCoreAsync() => default;
}

using Lovage.Execution;
using Lovage.Simulation.Engine;
using Lovage.Simulation.Load;
using Lovage.Simulation.Storage;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lovage.Simulation;

/// <summary>One life of one process: a worker, or a client when it has no worker. A restart makes a new one.</summary>
internal sealed class Node
{
    internal Node(World world, int place, int life, bool isClient)
    {
        World = world;
        Place = place;
        Name = isClient ? "client" : $"n{place}.{life}";
        Process = new NodeProcess(this, world.Loop, Name, world.ClockOffset(place));
        Owner = new WorkerOwner(Host = world.HostOf(place), "0", place, life, Name);
        Link = new StorageLink(world, this);
        Storage = new SimulatedStorage(world, this);
        if (!isClient)
        {
            Worker = new JobWorker(
                Storage,
                new JobWorkerServices
                {
                    Jobs = Handlers.Registry,
                    Serializer = world.Serializer,
                    Scopes = new NoScopes(),
                    Time = Process.Time,
                    Random = new Random(world.Random.Next()),
                    Loggers = NullLoggerFactory.Instance,
                },
                world.WorkerSettings(place),
                Owner,
                new Probe(this),
                ownThreads: false);
        }
    }

    internal static Node OfCurrentProcess => ((NodeProcess)SimulatedProcess.Current).Node;

    internal World World { get; }

    internal int Place { get; }

    internal string Name { get; }

    internal string Host { get; }

    internal SimulatedProcess Process { get; }

    internal WorkerOwner Owner { get; }

    internal StorageLink Link { get; }

    internal SimulatedStorage Storage { get; }

    internal JobWorker? Worker { get; }

    /// <summary>When something last went wrong here: what was in flight then may be run again.</summary>
    internal long LastFault { get; private set; } = -1;

    /// <summary>When its stop began; -1 before.</summary>
    internal long StopBegun { get; private set; } = -1;

    /// <summary>
    /// When an attempt that ran here was last disturbed, by a fault or by the stop: only such an attempt may be run
    /// again.
    /// </summary>
    internal long LastDisturbed => Math.Max(LastFault, StopBegun);

    /// <summary>True once its worker said that it has stopped.</summary>
    internal bool HasStopped { get; private set; }

    /// <summary>True when a killer job ended it.</summary>
    internal bool WasKilledByJob { get; private set; }

    /// <summary>Something goes wrong here from now on for a while.</summary>
    internal void Disturb(TimeSpan span) => LastFault = Math.Max(LastFault, World.Loop.Now + span.Ticks);

    internal void Start() => Process.Start(() => Worker!.StartAsync(CancellationToken.None));

    /// <summary>Ends the process on the spot; it comes back as another a little later.</summary>
    internal void Crash(string why)
    {
        if (Process.IsDead)
        {
            return;
        }

        World.Trace.Add("crash", Name, why);
        WasKilledByJob = why == "killer";
        Disturb(TimeSpan.Zero);
        World.Oracle.Crashed(this);
        Process.Kill();
        World.Restart(this);
    }

    internal void Freeze(TimeSpan span)
    {
        if (Process.IsDead || Process.IsFrozen)
        {
            return;
        }

        World.Trace.Add("freeze", Name, $"{span}");
        World.Mark(Marker.Paused);
        Disturb(TimeSpan.Zero);
        Process.Freeze();
        World.Loop.After(span, Thaw);
    }

    /// <summary>Stops as on SIGTERM.</summary>
    internal void Stop(bool isForced)
    {
        if (Process.IsDead || StopBegun >= 0)
        {
            return;
        }

        StopBegun = World.Loop.Now;
        World.Trace.Add(isForced ? "stop-now" : "stop", Name, "");
        Process.Start(() => StopAsync(isForced));
    }

    internal void Thaw()
    {
        if (!Process.IsDead && Process.IsFrozen)
        {
            World.Trace.Add("thaw", Name, "");
            Disturb(TimeSpan.Zero);
            Process.Thaw();
        }
    }

    private async Task StopAsync(bool isForced)
    {
        try
        {
            await Worker!.StopAsync(new CancellationToken(canceled: isForced));
        }
        catch (Exception error)
        {
            World.Violate($"The stop of {Name} threw: {error}");
            return;
        }

        HasStopped = true;
        World.Trace.Add("stopped", Name, "");
        World.Oracle.Stopped(this);

        // What is still ready to run here may run on for a moment, as in a process that goes on without its worker.
        World.Loop.After(TimeSpan.FromSeconds(World.Random.Next(3)), () =>
        {
            Process.Kill();
            World.Restart(this);
        });
    }

    private sealed class NodeProcess(Node node, EventLoop loop, string name, TimeSpan clockOffset)
        : SimulatedProcess(loop, name, clockOffset)
    {
        internal Node Node { get; } = node;
    }

    /// <summary>Sees processes of its own host alone.</summary>
    private sealed class Probe(Node self) : OwnerProbe
    {
        internal override bool IsDead(WorkerOwner owner) =>
            self.World.Nodes.FirstOrDefault(node => node.Owner == owner) is { } other
                && other.Host == self.Host
                && other.Process.IsDead;
    }

    private sealed class NoScopes : IServiceScopeFactory
    {
        public IServiceScope CreateScope() => throw new NotSupportedException("Simulated handlers need no services.");
    }
}

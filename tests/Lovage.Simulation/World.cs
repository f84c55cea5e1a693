using System.Collections.Immutable;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Simulation.Engine;
using Lovage.Simulation.Load;
using Lovage.Simulation.Storage;
using Lovage.Storage;

namespace Lovage.Simulation;

/// <summary>One seed's world: its processes, its storage, what goes wrong in it, and the oracle that watches.</summary>
internal sealed class World
{
    private static readonly JobSerializer SharedSerializer = new();

    private readonly int[] _markers = new int[Enum.GetValues<Marker>().Length];
    private readonly WorkerSettings[] _workerSettings;
    private readonly string[] _hosts;
    private readonly TimeSpan[] _clockOffsets;
    private readonly int[] _lives;
    private readonly Workload _load;
    private readonly Client _client;
    private string? _violation;

    private World(int seed, PlantedBug planted, Action<string>? write)
    {
        Seed = seed;
        Planted = planted;
        Random = new Random(seed);
        Loop = new EventLoop(new Random(Random.Next()));
        Trace = new Trace(() => Loop.Now, write);
        Faults = FaultProfile.Draw(Random);
        var storageTime = new VirtualTime(Loop, null, TimeSpan.Zero);
        Storage = new SharedStorage(storageTime);
        _load = new Workload(Random, Settings, storageTime);
        Oracle = new Oracle(this, _load.Jobs);
        var places = Random.Next(1, 6);
        var sameHost = Random.Next(2) == 0;
        _lives = new int[places];
        _hosts = [.. Enumerable.Range(0, places).Select(place => sameHost ? "host" : $"host{place}")];
        _clockOffsets = [.. Enumerable.Range(0, places)
            .Select(_ => TimeSpan.FromSeconds(Random.Next(3) == 0 ? Random.Next(-600, 600) : 0))];
        _workerSettings = [.. Enumerable.Range(0, places)
            .Select(_ => Settings.Worker(Random.Next(1, 9), Random.Next(3) * 10, Shuffled()))];
        for (var place = 0; place < places; place++)
        {
            StartNode(place);
        }

        _client = new Client(this, _load);
        Plan();
    }

    internal int Seed { get; }

    internal PlantedBug Planted { get; }

    internal SimulationSettings Settings { get; } = new();

    internal Random Random { get; }

    internal EventLoop Loop { get; }

    internal Trace Trace { get; }

    internal FaultProfile Faults { get; }

    internal bool FaultsAreOn => !Faults.IsCalm && Loop.Now < Settings.FaultTime.Ticks;

    internal SharedStorage Storage { get; }

    internal Oracle Oracle { get; }

    internal JobSerializer Serializer => SharedSerializer;

    /// <summary>All processes that ever ran a worker, the newest of each place last.</summary>
    internal List<Node> Nodes { get; } = [];

    /// <summary>Runs a seed's world to its end.</summary>
    internal static SimulationResult Run(int seed, PlantedBug planted = PlantedBug.None, Action<string>? write = null)
    {
        var world = new World(seed, planted, write);
        world.Run();
        return new SimulationResult(seed, world.Trace.Hash, world._violation, [.. world._markers], world.Loop.Steps);
    }

    internal TimeSpan ClockOffset(int place) => place < 0 ? TimeSpan.Zero : _clockOffsets[place];

    internal string HostOf(int place) => place < 0 ? "client" : _hosts[place];

    internal WorkerSettings WorkerSettings(int place) => _workerSettings[place];

    internal void Mark(Marker marker) => _markers[(int)marker]++;

    /// <summary>Notes what must never be; the first one counts.</summary>
    internal void Violate(string what)
    {
        if (_violation is null)
        {
            _violation = $"at {TimeSpan.FromTicks(Loop.Now).TotalSeconds:0.000} s: {what}";
            Trace.Add("VIOLATION", "world", what);
        }
    }

    /// <summary>Lets the other processes hear a hint, or not.</summary>
    internal void Broadcast(Node from, Signal signal)
    {
        foreach (var node in Nodes.Append(_client.Node))
        {
            if (node == from || node.Process.IsDead)
            {
                continue;
            }

            if (FaultsAreOn && Random.NextDouble() < Faults.SignalLoss)
            {
                Mark(Marker.SignalLost);
                continue;
            }

            node.Process.Start(() =>
            {
                node.Storage.Bus.Hear(signal);
                return Task.CompletedTask;
            });
        }
    }

    /// <summary>Brings a process that ended back as another.</summary>
    internal void Restart(Node ended) =>
        Loop.After(Settings.RestartMax * Random.NextDouble(), () => StartNode(ended.Place));

    /// <summary>Adds what a workflow would: the next job, in the same settlement.</summary>
    internal Settlement WithFollowUps(Settlement outcome) =>
        outcome.Decision == JobDecision.Succeed && Oracle.Find(outcome.Id)?.Child is { } child
            ? outcome with { FollowUps = [child.Message] }
            : outcome;

    private ImmutableArray<string> Shuffled()
    {
        var queues = Workload.Queues.ToArray();
        Random.Shuffle(queues);
        return [.. queues];
    }

    private void StartNode(int place)
    {
        var started = new Node(this, place, ++_lives[place], isClient: false);
        Nodes.Add(started);
        Trace.Add("start", started.Name, "");
        started.Start();
    }

    private void Plan()
    {
        for (var i = 0; i < Faults.NodeFaults; i++)
        {
            var place = Random.Next(_lives.Length);
            var kind = Random.Next(10);
            var span = Settings.Lease * (0.5 + (Random.NextDouble() * (Random.Next(4) == 0 ? 9.5 : 1.5)));

            // Much happens while jobs arrive, so that is when a stop finds most to give back.
            var at = Random.Next(2) == 0
                ? _load.Submissions[Random.Next(_load.Submissions.Count)].At
                : Settings.FaultTime * Random.NextDouble() * 0.9;
            Loop.At(at, () => Strike(Nodes.Last(node => node.Place == place), kind, span));
        }

        if (!Faults.IsCalm && Random.Next(4) == 0)
        {
            var queue = Workload.Queues[Random.Next(Workload.Queues.Length)];
            Loop.At(Settings.FaultTime * Random.NextDouble() * 0.7, () => _client.Pause(queue, Settings.Lease));
        }

        Loop.At(Settings.FaultTime, () =>
        {
            Trace.Add("healed", "world", "");
            foreach (var node in Nodes)
            {
                node.Thaw();
            }
        });
    }

    private void Strike(Node node, int kind, TimeSpan span)
    {
        switch (kind)
        {
            case < 3:
                node.Crash("struck");
                break;
            case < 5:
                node.Freeze(span);
                break;
            case < 8:
                node.Stop(isForced: kind == 7 && span < Settings.Lease);
                break;
            default:
                span = span < Settings.Lease * 2 ? span : Settings.Lease * 2;
                Trace.Add("cut-off", node.Name, $"{span}");
                node.Link.CutOffUntil = TimeSpan.FromTicks(Loop.Now) + span;
                node.Disturb(span);
                break;
        }
    }

    private void Run()
    {
        var limit = Settings.FaultTime + (Settings.Lease * 3) + Settings.Retry.DelayMax + _load.LongestWork;
        var isDone = Loop.Run(
            () => _violation is not null || Loop.Escape is not null || (_client.IsDone && Oracle.OpenJobs == 0), limit);
        if (Loop.Escape is { } escape)
        {
            Violate($"Something left the simulation's thread: {escape}");
        }
        else if (!isDone)
        {
            Violate($"Not everything ended by {limit.TotalSeconds:0} s: {Oracle.DescribeOpen()}");
        }
        else if (_violation is null)
        {
            Oracle.CheckAtEnd();
        }
    }
}

/// <summary>What became of one seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Hash">Of its trace.</param>
/// <param name="Violation">What must never be and was; null when all held.</param>
/// <param name="Markers">How often each rare path was taken.</param>
/// <param name="Steps">Pieces of work run.</param>
internal sealed record SimulationResult(
    int Seed, ulong Hash, string? Violation, ImmutableArray<int> Markers, long Steps);

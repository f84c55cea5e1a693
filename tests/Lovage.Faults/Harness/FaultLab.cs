using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lovage.Faults.Node;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>
/// One test's storage, processes and journals. All of it is removed when the test ends, even by a failure.
/// </summary>
internal sealed class FaultLab : IAsyncDisposable
{
    private readonly StorageUnderTest _storage;
    private readonly string _folder;
    private readonly IHost _host;
    private readonly Producer _producer;
    private readonly FaultRecord _faults = new();
    private readonly List<NodeProcess> _nodes = [];
    private readonly JobInspector _inspector;

    private FaultLab(StorageUnderTest storage, string folder, IHost host)
    {
        _storage = storage;
        _folder = folder;
        _host = host;
        _producer = host.Services.GetRequiredService<Producer>();
        _inspector = host.Services.GetRequiredService<JobInspector>();
        Journal = new JournalReader(folder);
        Schedules = host.Services.GetRequiredService<ScheduleClient>();
    }

    /// <summary>True when the longer figures are asked for.</summary>
    internal static bool IsLong => Environment.GetEnvironmentVariable("LOVAGE_LONG_TESTS") == "1";

    internal JournalReader Journal { get; }

    /// <summary>Adds and reads schedules; the lab has no worker, so it fires none itself.</summary>
    internal ScheduleClient Schedules { get; }

    /// <summary>Where gates of held jobs are.</summary>
    internal string Gates => _folder;

    internal static async Task<FaultLab> OpenAsync(StorageUnderTest storage)
    {
        var folder = Directory.CreateTempSubdirectory("lovage-faults-").FullName;
        await storage.CreateAsync(folder);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.AddLovage(options =>
        {
            options.Storage = storage.Address;
            options.Limits.EnqueueTimeout = TimeSpan.FromSeconds(30);
        });
        builder.Services.AddSingleton(_ => new Journal(Path.Combine(folder, "lab.journal"))).AddSingleton<Producer>();
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new FaultLab(storage, folder, host);
    }

    internal NodeProcess StartWorker(WorkerShape shape) => Start("worker", shape.Arguments());

    internal NodeProcess StartProducer(int jobs, int batchSize) =>
        Start("producer", [$"--produce={jobs}", $"--batch={batchSize}"]);

    internal Task<IReadOnlyList<JobId>> EnqueueAsync(params IEnumerable<Job> jobs) =>
        _producer.EnqueueAsync(jobs, 1_000, TestContext.Current.CancellationToken);

    /// <summary>Enqueues again with the same ids what the storage could not answer for.</summary>
    internal Task<IReadOnlyList<JobId>> EnqueueSurelyAsync(params IEnumerable<Job> jobs) =>
        _producer.EnqueueSurelyAsync(jobs, 1_000, TestContext.Current.CancellationToken);

    /// <summary>How often a batch was enqueued again.</summary>
    internal int Repeats => _producer.Repeats;

    internal async Task<JobId> EnqueueOneAsync(Job job) => (await EnqueueAsync(job))[0];

    /// <summary>A job that ends when its gate is opened.</summary>
    internal Job Hold(WhenCancelled whenCancelled) => FaultJobs.Hold(_folder, (int)whenCancelled);

    /// <summary>Lets a held job end in one process.</summary>
    internal void OpenGate(JobId id, NodeProcess node) => File.Create(FaultJobs.Gate(_folder, id, node.Id)).Dispose();

    /// <summary>Waits; says at the deadline how the processes are.</summary>
    internal async Task UntilAsync(string what, TimeSpan limit, Func<bool> condition) =>
        await UntilAsync(what, limit, () => ValueTask.FromResult(condition()));

    internal async Task UntilAsync(string what, TimeSpan limit, Func<ValueTask<bool>> condition)
    {
        try
        {
            await Eventually.BecomesTrueAsync(what, limit, condition);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException(late.Message + Describe());
        }
    }

    /// <summary>
    /// Waits until processes have started to log, which a node does when its storage is open and its worker begins.
    /// </summary>
    internal Task UpAsync(params IReadOnlyList<NodeProcess> nodes) =>
        UntilAsync("all nodes are up", TimeSpan.FromSeconds(30), () => nodes.All(static node => node.Events.Count > 0));

    /// <summary>A fault of the server or of the way to it hits all workers, until <see cref="EndFault"/>.</summary>
    internal void BeginFault() => _nodes.ForEach(static node => node.Hit());

    /// <summary>Nothing that starts from now on bears the fault's marks.</summary>
    internal void EndFault() => _nodes.ForEach(static node => node.Recover());

    /// <summary>Waits until each of some workers has started a job that was not thought of before a moment.</summary>
    /// <returns>How long after that moment the last of them did.</returns>
    internal async Task<TimeSpan> ConsumingAgainAsync(long since, IReadOnlyList<NodeProcess> workers, TimeSpan limit)
    {
        var fresh = new HashSet<string>();
        var idle = workers.Select(static worker => worker.Id).ToHashSet();
        var (seen, last) = (0, since);
        await UntilAsync("all workers consume again", limit, () =>
        {
            var lines = Journal.Read();
            fresh.UnionWith(lines.Skip(seen)
                .Where(line => line.Word == "intent" && line.At > since)
                .Select(static line => line.Id));
            foreach (var line in lines.Skip(seen).Where(line => line.Word == "start"
                && line.At > since
                && fresh.Contains(line.Id)
                && idle.Contains(line.Process)))
            {
                idle.Remove(line.Process);
                last = Math.Max(last, line.At);
            }

            seen = lines.Count;
            return idle.Count == 0;
        });
        return Stopwatch.GetElapsedTime(since, last);
    }

    /// <summary>Waits until a process starts a job.</summary>
    internal async Task<JournalLine> StartedAsync(JobId id, NodeProcess? by = null, TimeSpan? limit = null)
    {
        JournalLine? found = null;
        await UntilAsync($"{id} is started by {by?.Name ?? "any"}", limit ?? TimeSpan.FromSeconds(30), () =>
            (found = Journal.Of(id, "start").FirstOrDefault(line => by is null || line.Process == by.Id)) is not null);
        return found!;
    }

    internal async Task<JobRecord> RecordAsync(JobId id) =>
        await _inspector.FindAsync(id, TestContext.Current.CancellationToken)
            ?? throw new InvalidOperationException($"{id} has no record.");

    internal ValueTask<IReadOnlyList<AttemptRecord>> AttemptsAsync(JobId id) =>
        _inspector.AttemptsAsync(id, TestContext.Current.CancellationToken);

    /// <summary>Waits until there is nothing to do.</summary>
    internal async Task QuiesceAsync(TimeSpan limit)
    {
        List<string> left = [];
        try
        {
            await UntilAsync("nothing is queued or running", limit, async () => (left = await LeftAsync()).Count == 0);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} Left: {string.Join(", ", left)}");
        }
    }

    /// <summary>Holds the journals against the storage. Call it when nothing runs.</summary>
    /// <param name="ends">How jobs are meant to end that cannot succeed.</param>
    internal async Task<Verdict> JudgeAsync(IReadOnlyDictionary<JobId, JobState>? ends = null)
    {
        ends ??= ImmutableDictionary<JobId, JobState>.Empty;
        var records = await RecordsAsync();
        return Verdict.Of(
            Journal.Read(),
            _faults.All,
            records,
            await _inspector.CountersAsync(),
            await LeftAsync(),
            ends,
            await FindBuriedAsync(records.Where(record => !ends.ContainsKey(record.Message.Id))));
    }

    /// <summary>
    /// Finds the dead letters of which faults ended each recorded start, as often as the promise says. Faults that hit
    /// at random may hit one job so often.
    /// </summary>
    private async Task<HashSet<string>> FindBuriedAsync(IEnumerable<JobRecord> records)
    {
        var hit = _faults.All.Select(static fault => fault.Process.ToString(CultureInfo.InvariantCulture)).ToHashSet();
        var buried = new HashSet<string>();
        foreach (var id in records.Where(static record => record.State == JobState.Dead)
            .Select(static record => record.Message.Id))
        {
            var starts = await AttemptsAsync(id);
            Print($"{id} is dead: {string.Join("; ", starts.Select(static start => $"{start.End} {start.Worker}"))}");
            if (starts.Count >= JobLifecycle.DeathsMax && starts.All(start =>
                start.End == AttemptEnd.OwnerDied && start.Worker.Split('/').Any(hit.Contains)))
            {
                buried.Add(id.Value);
            }
        }

        return buried;
    }

    /// <summary>All jobs that the storage keeps.</summary>
    internal async Task<IReadOnlyList<JobRecord>> RecordsAsync()
    {
        var records = new List<JobRecord>();
        string? after = null;
        do
        {
            var page = await _inspector.ListAsync(new JobQuery { Limit = JobBroker.BatchMax, After = after });
            records.AddRange(page.Jobs);
            after = page.Next;
        }
        while (after is not null);
        return records;
    }

    /// <summary>One line with the test's figures.</summary>
    internal static void Print(string figures) => TestContext.Current.TestOutputHelper!.WriteLine(figures);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }

        await _host.StopAsync();
        _host.Dispose();
        await _storage.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private NodeProcess Start(string role, IEnumerable<string> arguments)
    {
        var name = $"{role}-{_nodes.Count}";
        var node = new NodeProcess(
            name, _folder, [
                $"--journal={Path.Combine(_folder, name + ".journal")}",
                $"--Lovage:Storage={_storage.Address}",
                "--Lovage:Limits:EnqueueTimeout=00:00:30",
                .. arguments,
            ], _faults);
        _nodes.Add(node);
        return node;
    }

    private async Task<List<string>> LeftAsync()
    {
        var queues = await _inspector.QueuesAsync();
        var owners = await _host.Services.GetRequiredService<JobStorage>()
            .Broker
            .OwnersAsync(TestContext.Current.CancellationToken);
        return [.. queues.Where(static queue => queue.Ready + queue.Scheduled + queue.Claimed != 0)
            .Select(static queue => queue.ToString()), .. owners];
    }

    private string Describe()
    {
        var text = new StringBuilder();
        foreach (var node in _nodes.TakeLast(4))
        {
            text.AppendLine().AppendLine(
                $"{node.Name} (process {node.Id}): {(node.HasExited ? $"exited with {node.ExitCode}" : "running")}");
            text.AppendJoin('\n', node.Events.TakeLast(10)).AppendLine().Append(node.Output);
        }

        return text.ToString();
    }
}

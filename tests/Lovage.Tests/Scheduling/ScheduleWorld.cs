using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Lovage.Tests.Execution;
using Lovage.Tests.Spawning;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// Nodes of apps over one memory storage: their schedulers run on one thread, by a clock that stands still unless it is
/// moved.
/// </summary>
internal sealed class ScheduleWorld : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SteppedScheduler _scheduler = new();
    private readonly List<ScheduleNode> _nodes = [];

    internal ScheduleWorld() => Storage = new MemoryStorage(Time);

    internal static SchedulePolicy Always { get; } = new()
    {
        Misfire = MisfireRule.CatchUp,
        CatchUpMax = 1_000,
        Overlap = OverlapRule.Allow,
        OverlapMax = 1_000,
    };

    internal TestClock Time { get; } = new();

    /// <summary>The storage that all nodes share, without the faults that a test gives to single nodes.</summary>
    internal MemoryStorage Storage { get; }

    internal ScheduleStore Store => Storage.Schedules!;

    internal DateTimeOffset Now => Time.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A node that does nothing by itself yet.</summary>
    /// <param name="set">What its code says.</param>
    /// <param name="app">The app it is one of.</param>
    /// <param name="hears">False for one that no hint reaches, as from another process.</param>
    /// <param name="settings">Its configuration.</param>
    internal ScheduleNode Node(
        Func<LovageBuilder, LovageBuilder>? set = null,
        string app = "shop",
        bool hears = true,
        params (string Key, string Value)[] settings)
    {
        var node = new ScheduleNode(this, set, app, hears, settings);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A node that works.</summary>
    internal ScheduleNode Start(Func<LovageBuilder, LovageBuilder>? set = null, string app = "shop", bool hears = true)
    {
        var node = Node(set, app, hears);
        node.Start();
        return node;
    }

    /// <summary>Does something to its end, while the clock stands still.</summary>
    internal void Do(Func<Task> what)
    {
        var start = TimeProvider.System.GetTimestamp();
        var task = Task.Factory.StartNew(what, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler)
            .Unwrap();
        while (!task.IsCompleted)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "It never ends.");
            _scheduler.RunAll();
        }

        task.GetAwaiter().GetResult();
        _scheduler.RunAll();
    }

    internal void Advance(TimeSpan time)
    {
        var end = Time.Elapsed + time;
        _scheduler.RunAll();
        while (Time.NextTimer is { } next && Time.Elapsed + next <= end)
        {
            Time.Advance(next);
            _scheduler.RunAll();
        }

        Time.Advance(end - Time.Elapsed);
    }

    /// <summary>
    /// Stores a schedule as another process would, without a hint to any node that does not hear the storage's.
    /// </summary>
    internal async Task<ScheduleRecord> SaveAsync(
        string id, Trigger trigger, SchedulePolicy? policy = null, Func<ScheduleRecord, ScheduleRecord>? change = null)
    {
        trigger = trigger.WithAnchor(Now);
        var record = new ScheduleRecord
        {
            Id = id,
            Trigger = trigger.ToJson(),
            Job = new JobMessage { Id = default, Name = "report", Queue = "default", Body = JobBody.Empty },
            Policy = policy ?? new SchedulePolicy(),
            NextTick = trigger.NextAfter(Now),
        };
        Assert.NotNull(await Store.SaveAsync(change?.Invoke(record) ?? record, Cancel));
        return await FindAsync(id);
    }

    internal async Task<ScheduleRecord> FindAsync(string id) =>
        await Store.FindAsync(id, Cancel) ?? throw new InvalidOperationException($"There is no {id}.");

    /// <summary>Oldest first.</summary>
    internal async Task<IReadOnlyList<TickRecord>> HistoryAsync(string id) =>
        [.. (await Store.HistoryAsync(id, 1_000, Cancel)).Reverse()];

    /// <summary>Ends the job that has waited longest.</summary>
    internal async Task EndJobAsync()
    {
        var owner = new WorkerOwner("b", "0", 1, 1, "w");
        await using var receiver = Storage.Broker.OpenReceiver(owner, ["default"], TimeSpan.FromHours(1));
        var delivery = Assert.Single((await receiver.ReceiveAsync(1, TimeSpan.Zero, Cancel)).Deliveries);
        await Storage.Store.SettleAsync(
            [
                new Settlement
                {
                    Token = delivery.Token,
                    Id = delivery.Message.Id,
                    Decision = JobDecision.Succeed,
                    Attempt = new AttemptRecord
                    {
                        Number = 1,
                        End = AttemptEnd.Succeeded,
                        StartedAt = Now,
                        Duration = TimeSpan.Zero,
                        Worker = "w",
                    },
                },
            ],
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            node.Storage.Before = null;
            node.Stop();
            await node.DisposeAsync();
        }
    }
}

/// <summary>One process of an app.</summary>
internal sealed class ScheduleNode : IAsyncDisposable
{
    private readonly ScheduleWorld _world;
    private readonly IHost _host;

    internal ScheduleNode(
        ScheduleWorld world,
        Func<LovageBuilder, LovageBuilder>? set,
        string app,
        bool hears,
        (string Key, string Value)[] settings)
    {
        _world = world;
        Storage = new WatchedStorage(world.Storage, hears ? world.Storage.Signals : new WatchedStorage.Deaf());
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = app, EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(
            settings.Select(static setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.Logging.AddProvider(Log).SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddSingleton(new Random(1));
        var lovage = builder.AddLovage().UseTime(world.Time).UseStorage(Storage).AddWorker();
        set?.Invoke(lovage);
        _host = builder.Build();
        _host.Services.GetRequiredService<StorageGate>().Open();

        // What is wrong with the set-up is thrown here.
        _ = Schedules;
    }

    internal WatchedStorage Storage { get; }

    internal TestLog Log { get; } = new();

    internal IServiceProvider Services => _host.Services;

    private ScheduleSet Schedules => Services.GetRequiredService<ScheduleSet>();

    internal ScheduleClient Client => Services.GetRequiredService<ScheduleClient>();

    internal IEnumerable<string> Logged(int id) => Log.Of(id).Select(static line => line.Message);

    internal void Start() => _world.Do(() =>
    {
        Schedules.Start();
        return Task.CompletedTask;
    });

    /// <summary>Stops it in good order.</summary>
    internal void Stop() => _world.Do(Schedules.StopAsync);

    /// <summary>From now on it can reach nothing, as if it had been cut off.</summary>
    internal void Cut() =>
        Storage.Before = static _ => throw new StorageException("No route to the storage.", isTransient: true);

    public ValueTask DisposeAsync() => ((IAsyncDisposable)_host).DisposeAsync();
}

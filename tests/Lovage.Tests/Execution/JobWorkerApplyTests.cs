using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>What new settings do to a worker that runs.</summary>
public sealed class JobWorkerApplyTests
{
    private static readonly WorkerSettings Settings = new() { Concurrency = 2, PrefetchMax = 0 };

    private int _running;
    private int _most;

    [Fact]
    public void Apply_MoreSlots_RunMoreAtOnce()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed(() => world));
        Fill(world, 20);
        world.Start();
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, world.Worker.Status.Running);

        Apply(world, Settings with { Concurrency = 6 });
        Assert.Equal((6, 6), (world.Worker.Status.Running, world.Worker.Status.Concurrency));
    }

    [Fact]
    public void Apply_FewerSlots_LetsRunningAttemptsEndAndThenRunsFewer()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings with { Concurrency = 6 }, Timed(() => world));
        var ids = Fill(world, 20);
        world.Start();
        world.Advance(TimeSpan.FromSeconds(1));
        Apply(world, Settings with { Concurrency = 1 });
        Assert.Equal(6, world.Worker.Status.Running);
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, world.Worker.Status.Running);

        _most = 0;
        Assert.All(ids, id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        Assert.All(ids, id => Assert.Equal(1, world.Find(id).Attempts));
        Assert.Equal(1, _most);
    }

    [Fact]
    public void Apply_FewerAndMoreAgain_NeverRunsOverTheNumber()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings with { Concurrency = 6 }, Timed(() => world));
        var ids = Fill(world, 40);
        world.Start();
        for (var round = 0; round < 10; round++)
        {
            world.Advance(TimeSpan.FromSeconds(2));
            Apply(world, Settings with { Concurrency = round % 2 == 0 ? 1 : 6 });
        }

        Assert.All(ids, id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        Assert.Equal(6, _most);
        world.Rest();
        Assert.Equal(0, world.Worker.Status.Running);
    }

    [Fact]
    public void Apply_OtherQueues_ServesThemAndLeavesTheOld()
    {
        CountingStorage storage = null!;
        using var world = new WorkerWorld(
            Settings,
            [new JobDefinition("n", static _ => default)],
            null,
            wrap: (memory, time) => storage = new CountingStorage(memory, time));
        world.Start();
        Apply(world, Settings with { Queues = ["mail", "default"] });
        var mail = world.Enqueue("n", change: static message => message with { Queue = "mail" });
        Assert.Equal(JobState.Succeeded, world.UntilEnded(mail).State);

        Apply(world, Settings with { Queues = ["mail"] });
        var left = world.Enqueue("n");
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(JobState.Queued, world.Find(left).State);
        Assert.Equal(
            ["default", "mail", "mail,default"], storage.Opened.Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["mail"], Assert.Single(Live(world)).Queues);
    }

    [Fact]
    public void Apply_WhileTheWorkerOpensAReceiver_HoldsAtOnce()
    {
        CountingStorage storage = null!;
        var slow = Settings with { PollInterval = TimeSpan.FromMinutes(1) };
        using var world = new WorkerWorld(
            slow,
            [new JobDefinition("n", static _ => default)],
            null,
            wrap: (memory, time) => storage = new CountingStorage(memory, time));
        var mail = world.Enqueue("n", change: static message => message with { Queue = "mail" });
        var isFirst = true;
        storage.WhenOpening = () =>
        {
            if (isFirst)
            {
                isFirst = false;
                world.Worker.Apply(slow with { Queues = ["mail"] });
            }
        };

        world.Start();

        Assert.Equal((JobState.Succeeded, TimeSpan.Zero), (world.Find(mail).State, world.Elapsed));
    }

    [Fact]
    public void Apply_AtAnyMoment_HoldsAtOnce()
    {
        var slow = Settings with { PollInterval = TimeSpan.FromMinutes(1) };
        using var world = new WorkerWorld(slow, new JobDefinition("n", static _ => default));
        world.Start();
        for (var round = 0; round < 20; round++)
        {
            var queue = $"q{round}";
            var id = world.Enqueue("n", change: message => message with { Queue = queue });
            world.Advance(TimeSpan.FromSeconds(round * 7));
            var before = world.Elapsed;
            Apply(world, slow with { Queues = [queue] });
            Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
            Assert.InRange(world.Elapsed - before, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        }
    }

    [Fact]
    public void Apply_OrphanOfANewQueue_IsRun()
    {
        var gone = new WorkerOwner("boot", "0", 9, 9, "gone");
        using var world = new WorkerWorld(Settings, new JobDefinition("n", static _ => default));
        var id = world.Enqueue("n", change: static message => message with { Queue = "mail" });
        world.Do(async () =>
        {
            await using var receiver = world.Memory.Broker.OpenReceiver(gone, ["mail"], TimeSpan.FromHours(1));
            await receiver.ReceiveAsync(1, TimeSpan.Zero, CancellationToken.None);
            await world.Memory.Broker.ReclaimAsync([gone.Key], 10, CancellationToken.None);
        });
        world.Start();
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(JobState.Queued, world.Find(id).State);
        Apply(world, Settings with { Queues = ["mail"] });
        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
    }

    [Fact]
    public void Apply_Prefetch_HoldsThatManyAhead()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed(() => world));
        Fill(world, 20);
        world.Start();
        Assert.Equal(0, world.Worker.Status.Buffered);
        Apply(world, Settings with { PrefetchMax = 2 });
        Assert.Equal(2, world.Worker.Status.Buffered);
    }

    [Fact]
    public void Apply_TimeLimit_HoldsForWhatRuns()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with { MaxAttempts = 1 },
            new JobDefinition("long", async job =>
                await Task.Delay(TimeSpan.FromHours(1), world.Time, job.Context.CancellationToken)));
        world.Start();
        var id = world.Enqueue("long");
        world.Advance(TimeSpan.FromSeconds(5));
        Apply(world, Settings with { MaxAttempts = 1, TimeLimit = TimeSpan.FromSeconds(8) });
        Assert.Equal(JobState.Failed, world.UntilEnded(id).State);
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(8.2));
    }

    [Fact]
    public void Apply_ShorterLease_IsRenewedInTime()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with { Lease = TimeSpan.FromMinutes(10) },
            new JobDefinition("long", async _ => await Task.Delay(TimeSpan.FromMinutes(5), world.Time)));
        world.Start();
        world.Advance(TimeSpan.FromMinutes(1));
        Apply(world, Settings with { Lease = TimeSpan.FromSeconds(3) });
        var id = world.Enqueue("long");
        Assert.Equal((JobState.Succeeded, 1), (world.UntilEnded(id).State, world.Find(id).Attempts));
        Assert.Single(world.Attempts(id));
    }

    [Fact]
    public void Apply_NothingToServe_IsRefused()
    {
        using var world = new WorkerWorld(Settings);
        Assert.Throws<ArgumentException>(() => world.Worker.Apply(Settings with { Queues = [] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Worker.Apply(Settings with { Concurrency = 0 }));
        Assert.Equal(Settings, world.Worker.Settings);
    }

    [Fact]
    public void Directory_Worker_IsListedWhileItRunsAndLeaves()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed(() => world));
        world.Start();
        world.Enqueue("n");
        world.Advance(TimeSpan.FromSeconds(9));
        world.Enqueue("n");
        world.Advance(TimeSpan.FromSeconds(2));

        var live = Assert.Single(Live(world));
        Assert.Equal(
            (WorkerWorld.Owner.Key, Environment.MachineName, 2, 1, 1),
            (live.Owner, live.Host, live.Slots, live.Running, live.ProcessId));
        Assert.Equal(["default"], live.Queues);
        Assert.Equal(["n"], live.Names);

        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(Live(world));
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Empty(Live(world));
    }

    private static void Apply(WorkerWorld world, WorkerSettings settings) => world.Do(() =>
    {
        world.Worker.Apply(settings);
        return Task.CompletedTask;
    });

    private static IReadOnlyList<WorkerRecord> Live(WorkerWorld world)
    {
        IReadOnlyList<WorkerRecord> live = [];
        world.Do(async () => live = await world.Memory.Workers!.ListAsync(CancellationToken.None));
        return live;
    }

    private static List<JobId> Fill(WorkerWorld world, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => world.Enqueue("n"))];

    private JobDefinition Timed(Func<WorkerWorld> world) => new("n", async _ =>
    {
        _most = Math.Max(_most, ++_running);
        await Task.Delay(TimeSpan.FromSeconds(5), world().Time);
        _running--;
    });
}

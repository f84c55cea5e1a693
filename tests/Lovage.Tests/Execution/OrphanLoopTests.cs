using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>How a worker runs the jobs that came back from dead owners.</summary>
public sealed class OrphanLoopTests
{
    private static readonly WorkerOwner Gone = new("boot", "0", 9, 9, "gone");
    private static readonly WorkerSettings Settings = new() { Concurrency = 2, MaxAttempts = 1 };

    private readonly List<string> _events = [];
    private int _running;
    private int _most;

    [Fact]
    public void Orphans_Several_RunOneAtATime()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed("n", () => world, TimeSpan.FromSeconds(5)));
        var ids = Orphan(world, "n", 3);
        world.Start();

        Assert.All(ids, id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        Assert.All(ids, id => Assert.Equal(1, world.Find(id).Attempts));
        Assert.Equal(1, _most);
        Assert.Equal(["+n-1", "-n-1", "+n-2", "-n-2", "+n-3", "-n-3"], _events);
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(16));
    }

    [Fact]
    public void Orphans_OutcomeOfTheFirstIsUnwritten_TheNextWaits()
    {
        var isBroken = true;
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings,
            [Timed("n", () => world, TimeSpan.Zero)],
            null,
            wrap: (memory, _) => new FailingStorage(
                memory,
                TimeProvider.System,
                _ => isBroken ? new StorageException("away", isTransient: true) : null));
        Orphan(world, "n", 2);
        world.Start();
        world.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(["+n-1", "-n-1"], _events);

        isBroken = false;
        world.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(["+n-1", "-n-1", "+n-2", "-n-2"], _events);
    }

    [Fact]
    public void Orphans_FirstRunsAsLongAsALease_TheNextWaitsNoLonger()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed("n", () => world, TimeSpan.FromMinutes(10)));
        Orphan(world, "n", 2);
        world.Start();
        world.Advance(Settings.Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(["+n-1"], _events);
        world.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["+n-1", "+n-2"], _events);
        Assert.Equal(2, world.Worker.Status.Running);
    }

    [Fact]
    public void Orphan_EverySlotIsBusy_IsNotClaimedUntilOneIsFree()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with { Concurrency = 1, PrefetchMax = 0 },
            Timed("long", () => world, TimeSpan.FromMinutes(10)),
            Timed("n", () => world, TimeSpan.Zero));
        world.Start();
        var running = world.Enqueue("long");
        var orphan = Orphan(world, "n", 1)[0];
        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["+long-1"], _events);
        IReadOnlyList<Delivery> taken = [];
        world.Do(async () =>
        {
            await using var other = world.Memory.Broker.OpenReceiver(Gone, ["default"], TimeSpan.FromHours(1));
            taken = (await other.ReceiveOrphanAsync(TimeSpan.Zero, CancellationToken.None)).Deliveries;
            await world.Memory.Broker.ReleaseAsync([taken[0].Token], CancellationToken.None);
        });
        Assert.Equal(orphan, taken[0].Message.Id);

        Assert.Equal(JobState.Succeeded, world.UntilEnded(orphan).State);
        Assert.Equal(["+long-1", "-long-1", "+n-2", "-n-2"], _events);
        Assert.Equal((JobState.Succeeded, 1), (world.Find(running).State, _most));
    }

    [Fact]
    public void Orphans_BesideOrdinaryJobs_NeverRunOverTheConcurrency()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed("n", () => world, TimeSpan.FromSeconds(1)));
        var ids = Orphan(world, "n", 5).ToList();
        ids.AddRange(Enumerable.Range(0, 20).Select(_ => world.Enqueue("n")));
        world.Start();

        Assert.All(ids, id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        Assert.Equal(2, _most);

        // No slot stood still for the sake of the other kind.
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(12.5), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public void Orphan_NameIsUnknown_IsDeclined()
    {
        using var world = new WorkerWorld(Settings);
        var id = Orphan(world, "strange", 1)[0];
        world.Start();
        Assert.Equal((JobState.Scheduled, 0), (world.Find(id).State, world.Find(id).Attempts));
    }

    [Fact]
    public void Orphan_CancelledWhileItsStartIsWritten_EndsWithoutItsHandler()
    {
        WorkerWorld world = null!;
        JobId id = default;
        using var own = world = new WorkerWorld(
            Settings,
            [Timed("n", () => world, TimeSpan.Zero)],
            null,
            wrap: (memory, time) => new FailingStorage(memory, time, static _ => null)
            {
                AfterStart = async () =>
                {
                    await memory.Store.CancelAsync([id], "not needed", CancellationToken.None);
                    await Task.Delay(Settings.Lease / 2, time);
                },
            });
        id = Orphan(world, "n", 1)[0];
        world.Start();

        Assert.Equal(JobState.Cancelled, world.UntilEnded(id).State);
        Assert.Empty(_events);
    }

    [Fact]
    public void Idle_Worker_LooksForOrphansOnceAPoll()
    {
        CountingStorage storage = null!;
        using var world = new WorkerWorld(
            Settings, [], null, wrap: (memory, time) => storage = new CountingStorage(memory, time));
        world.Start();
        var before = (storage.Looks, storage.OrphanLooks);
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(storage.Looks - before.Looks, 20, 45);
        Assert.InRange(storage.OrphanLooks - before.OrphanLooks, 20, 45);
    }

    [Fact]
    public void Stop_OrphanRuns_IsWaitedFor()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed("n", () => world, TimeSpan.FromSeconds(10)));
        var ids = Orphan(world, "n", 2);
        world.Start();
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Equal((JobState.Succeeded, JobState.Queued), (world.Find(ids[0]).State, world.Find(ids[1]).State));
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(11));
    }

    private static List<JobId> Orphan(WorkerWorld world, string name, int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => world.Enqueue(name)).ToList();
        world.Do(async () =>
        {
            await using var receiver = world.Memory.Broker.OpenReceiver(Gone, ["default"], TimeSpan.FromHours(1));
            await receiver.ReceiveAsync(count, TimeSpan.Zero, CancellationToken.None);
            var result = await world.Memory.Broker.ReclaimAsync([Gone.Key], 100, CancellationToken.None);
            Assert.Equal(count, result.Orphaned);
        });
        return ids;
    }

    private JobDefinition Timed(string name, Func<WorkerWorld> world, TimeSpan time) => new(name, async job =>
    {
        _events.Add($"+{job.Context.Id}");
        _most = Math.Max(_most, ++_running);
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, world().Time);
        }

        _running--;
        _events.Add($"-{job.Context.Id}");
    });
}

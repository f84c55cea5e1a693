using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Spawning;

[Collection(AloneTests.Name)]
public sealed class SpawnMassTests
{
    private const int Tasks = 100_000;
    private const int FailEvery = 100;

    /// <summary>
    /// What may stay of a hundred thousand tasks: 80 bytes each. One that is kept takes several times as much.
    /// </summary>
    private const long BytesKeptMax = Tasks * 80;

    [Fact]
    public async Task Spawn_AHundredThousand_SurfacesEveryFailureAndKeepsNoMemory()
    {
        using var measured = new Measured();
        await using var world = await SpawnWorld.StartAsync(
            static lovage => lovage.Services.Configure<LoggerFilterOptions>(
                static options => options.MinLevel = LogLevel.Information),
            ("Lovage:Local:SpawnedMax", $"{Tasks}"));

        // The tables have grown to their size after the first; what the second leaves is kept.
        await MassAsync(world, measured);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await MassAsync(world, measured);
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;

        TestContext.Current.TestOutputHelper!.WriteLine($"{kept:N0} bytes kept after {Tasks:N0} tasks");
        Assert.True(kept < BytesKeptMax, $"{kept:N0} bytes are kept, {BytesKeptMax:N0} are allowed.");
        GC.KeepAlive(world);
    }

    [Fact]
    public async Task Spawn_ManyThreadsAtOnce_RunsExactlyWhatWasAccepted()
    {
        const int Threads = 8;
        const int Each = 2_000;
        await using var world = await SpawnWorld.StartAsync(null, ("Lovage:Local:SpawnedMax", "50"));
        var accepted = new ConcurrentQueue<int>();
        var ran = new ConcurrentQueue<int>();

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                var id = (thread * Each) + i;
                try
                {
                    world.Spawner.Spawn("many", () => ran.Enqueue(id));
                    accepted.Enqueue(id);
                }
                catch (QueueFullException)
                {
                    Thread.Yield();
                }
            }
        })));
        await world.IdleAsync();

        Assert.NotEmpty(accepted);
        Assert.Equal(accepted.Order(), ran.Order());
    }

    private static async Task MassAsync(SpawnWorld world, Measured measured)
    {
        var gate = new Signal();
        var ran = 0;
        for (var i = 0; i < Tasks; i++)
        {
            var place = i;
            _ = world.Spawner.Spawn("mass", async () =>
            {
                await gate.WhenSet;
                Interlocked.Increment(ref ran);
                if (place % FailEvery == 0)
                {
                    throw new InvalidOperationException($"{place}");
                }
            });
        }

        Assert.Equal(Tasks, world.Spawner.Running.Count);
        Assert.Throws<QueueFullException>(() => world.Spawner.Spawn("one too many", static () => { }));
        gate.Set();
        await world.IdleAsync();

        string[] expected = [.. Enumerable.Range(0, Tasks)
            .Where(static i => i % FailEvery == 0)
            .Select(static i => $"{i}")
            .Order(StringComparer.Ordinal)];
        Assert.Equal(Tasks, ran);
        Assert.Equal(
            expected, world.Failures.Select(static failure => failure.Exception.Message).Order(StringComparer.Ordinal));
        Assert.Equal(
            expected,
            world.Log.Of(TestLog.Failed).Select(static line => line.Error!.Message).Order(StringComparer.Ordinal));
        Assert.Equal(
            expected.Length,
            measured.Completed().Count(static line => line is "mass failure System.InvalidOperationException"));
        Assert.Equal(Tasks - expected.Length, measured.Completed().Count(static line => line is "mass success "));
        Assert.Equal(0, measured.Depth());
        Assert.Empty(world.Spawner.Running);
        world.Failures.Clear();
        world.Log.Clear();
        measured.Clear();
    }
}

namespace Lovage.Tests.Spawning;

[Collection(AloneTests.Name)]
public sealed class SpawnBoundTests
{
    [Fact]
    public async Task Spawn_Full_IsRefusedByTypeAndLeavesNothing()
    {
        using var measured = new Measured();
        var gate = new Signal();
        await using var world = await SpawnWorld.StartAsync(
            static lovage => lovage.AddJob(new JobDefinition("n", static _ => default)),
            ("Lovage:Local:SpawnedMax", "2"));
        SpawnedTask[] tasks =
        [
            world.Spawner.Spawn("first", () => gate.WhenSet),
            world.Spawner.Spawn("delayed", static () => { }, new SpawnOptions { Delay = TimeSpan.FromHours(1) }),
        ];

        var full = Assert.Throws<QueueFullException>(() => world.Spawner.Spawn("third", static () => { }));
        Assert.Throws<QueueFullException>(() => world.Spawner.Spawn(Job.Create("n")));

        Assert.Equal(("spawned", TimeSpan.FromSeconds(5)), (full.Queue, full.RetryAfter));
        Assert.Contains("Lovage:Local:SpawnedMax", full.Message, StringComparison.Ordinal);
        Assert.Equal(["first", "delayed"], world.Spawner.Running.Select(static task => task.Name));
        Assert.Equal((2, 2), (measured.Dropped("full"), measured.Depth()));
        tasks[1].Cancel();
        gate.Set();
        await world.IdleAsync();
        Assert.Equal(0, measured.Depth());
        await world.Spawner.Spawn("fourth", static () => { });
    }

    [Fact]
    public async Task Spawn_AppThatStopped_IsCountedAsDropped()
    {
        using var measured = new Measured();
        await using var world = await SpawnWorld.StartAsync();
        await world.StopAsync();

        Assert.Throws<AppStoppingException>(() => world.Spawner.Spawn("late", static () => { }));

        Assert.Equal((1, 0), (measured.Dropped("shutdown"), measured.Depth()));
    }

    [Fact]
    public async Task StopAsync_TasksLeftBehind_AreCountedAsDropped()
    {
        using var measured = new Measured();
        var (entered, gate) = (new Signal(), new Signal());
        await using var world = await SpawnWorld.StartAsync();
        _ = world.Spawner.Spawn("rude", () =>
        {
            entered.Set();
            return gate.WhenSet;
        });
        var polite = world.Spawner.Spawn("polite", static token => Task.Delay(Timeout.Infinite, token));
        await entered.WaitAsync();

        await world.StopOverBudgetAsync(polite.Completion);

        Assert.Equal(1, measured.Dropped("shutdown"));
        gate.Set();
    }
}

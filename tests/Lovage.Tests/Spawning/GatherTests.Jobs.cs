using System.Collections.Concurrent;

namespace Lovage.Tests.Spawning;

/// <content>This part gathers jobs.</content>
public sealed partial class GatherTests
{
    [Fact]
    public async Task WhenAllAsync_Jobs_RunWithTheirOwnRetriesAndReturnTheirResults()
    {
        await using var world = await SpawnWorld.StartAsync(
            static lovage => lovage.AddJob(new JobDefinition("square", static job =>
            {
                var reader = job.ReadArguments();
                var x = reader.Read<int>("x");
                if (x == 2 && job.Context.Attempt == 1)
                {
                    throw new TimeoutException("once");
                }

                job.SetResult(x * x);
                return default;
            })
            {
                Retry = new RetryPolicy { MaxAttempts = 2, Backoff = Backoff.Fixed, Delay = TimeSpan.FromMinutes(3) },
            }));

        var gathering = world.Spawner.WhenAllAsync(
            Enumerable.Range(1, 3).Select(static x => Job.Create<int>("square", x)), cancellationToken: Cancel);
        Assert.Equal(TimeSpan.FromMinutes(3), await world.AdvanceToNextTimerAsync());

        Assert.Equal(new[] { 1, 4, 9 }, await gathering);
        Assert.Contains(
            "Task square (spawned) failed",
            Assert.Single(world.Log.Of(TestLog.Retried)).Message,
            StringComparison.Ordinal);
        Assert.Empty(world.Failures);
    }

    [Fact]
    public async Task WhenAllAsync_JobWithADelay_WaitsForIt()
    {
        await using var world = await SpawnWorld.StartAsync(static lovage => lovage.AddJob(
            new JobDefinition("n", static job => { job.SetResult(1); return default; })));

        var gathering = world.Spawner.WhenAllAsync(
            [Job.Create<int>("n"), Job.Create<int>("n") with { Delay = TimeSpan.FromMinutes(4) }],
            cancellationToken: Cancel);

        Assert.Equal(TimeSpan.FromMinutes(4), await world.AdvanceToNextTimerAsync());
        Assert.Equal(new[] { 1, 1 }, await gathering);
    }

    [Fact]
    public async Task WhenAllAsync_JobThatFailsOrIsUnknown_IsNamedAndThrown()
    {
        await using var world = await SpawnWorld.StartAsync(static lovage => lovage
            .AddJob(new JobDefinition("fails", static _ => throw new TimeoutException("no")) { MaxAttempts = 1 })
            .AddJob(new JobDefinition("n", static _ => default)));

        await Assert.ThrowsAsync<TimeoutException>(() => world.Spawner.WhenAllAsync(
            [Job.Create<int>("n"), Job.Create<int>("fails")], cancellationToken: Cancel));
        await Assert.ThrowsAsync<UnknownJobException>(
            () => world.Spawner.WhenAllAsync([Job.Create<int>("unknown")], cancellationToken: Cancel));

        Assert.Equal(["fails", "unknown"], world.Failures.Select(static failure => failure.Name));
        Assert.Empty(world.Spawner.Running);
    }
}

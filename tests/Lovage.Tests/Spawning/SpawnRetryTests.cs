namespace Lovage.Tests.Spawning;

/// <summary>Tries again in the same process, on a clock moved by hand.</summary>
public sealed class SpawnRetryTests
{
    private static readonly RetryPolicy Minutely = new()
    {
        MaxAttempts = 3,
        Backoff = Backoff.Fixed,
        Delay = TimeSpan.FromMinutes(1),
    };

    private int _tries;

    [Fact]
    public async Task Spawn_DelayOfLessThanAMillisecond_WaitsOnceAndRuns()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn(
            "soon", static () => Task.FromResult(1), new SpawnOptions { Delay = TimeSpan.FromTicks(100) });

        Assert.Equal(TimeSpan.FromMilliseconds(1), await world.AdvanceToNextTimerAsync());

        Assert.Equal(1, await task.Completion.WaitAsync(SpawnWorld.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Spawn_WithoutAPolicy_IsTriedOnce()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("once", FailAsync);

        await world.IdleAsync();

        Assert.Equal((SpawnedTaskState.Failed, 1, 1), (task.State, task.Attempt, _tries));
        Assert.Empty(world.Log.Of(TestLog.Retried));
    }

    [Fact]
    public async Task Spawn_PolicyAndATaskThatRecovers_WaitsAsThePolicySays()
    {
        await using var world = await SpawnWorld.StartAsync();
        var start = world.Time.GetTimestamp();
        var policy = Minutely with { Delays = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)] };
        var task = world.Spawner.Spawn(
            "recovers",
            async () => ++_tries < 3 ? throw new TimeoutException($"try {_tries}") : await Task.FromResult(_tries),
            new SpawnOptions { Retry = policy });

        Assert.Equal(TimeSpan.FromMinutes(1), await world.NextTimerAsync());
        Assert.Equal((SpawnedTaskState.Waiting, 1), (task.State, task.Attempt));
        Assert.Null(task.Exception);
        await world.AdvanceToNextTimerAsync();
        Assert.Equal(TimeSpan.FromMinutes(5), await world.AdvanceToNextTimerAsync());

        Assert.Equal(3, await task);
        Assert.Equal((SpawnedTaskState.Succeeded, 3), (task.State, task.Attempt));
        Assert.Equal(TimeSpan.FromMinutes(6), world.Time.GetElapsedTime(start));
        Assert.Equal(["try 1", "try 2"], world.Log.Of(TestLog.Retried).Select(static line => line.Error!.Message));
        Assert.Contains(
            "(attempt 1 of 3) and is tried again in 60.0 s",
            world.Log.Of(TestLog.Retried).First().Message,
            StringComparison.Ordinal);
        Assert.Empty(world.Failures);
    }

    [Fact]
    public async Task Spawn_PolicyAndATaskThatNeverRecovers_FailsWithTheLastErrorOnce()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("hopeless", FailAsync, new SpawnOptions { Retry = Minutely });

        await world.AdvanceToNextTimerAsync();
        await world.AdvanceToNextTimerAsync();
        await world.IdleAsync();

        Assert.Equal((SpawnedTaskState.Failed, 3, "try 3"), (task.State, task.Attempt, task.Exception?.Message));
        Assert.Equal((3, 3), (_tries, Assert.Single(world.Failures).Attempts));
        Assert.Equal(2, world.Log.Of(TestLog.Retried).Count());
        Assert.Single(world.Log.Of(TestLog.Failed));
    }

    [Fact]
    public async Task Spawn_PolicyWithoutANumber_TriesThreeTimes()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("default", FailAsync, new SpawnOptions { Retry = new RetryPolicy() });

        Assert.InRange(await world.AdvanceToNextTimerAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.InRange(await world.AdvanceToNextTimerAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        await world.IdleAsync();

        Assert.Equal((SpawnedTaskState.Failed, 3), (task.State, _tries));
    }

    [Fact]
    public async Task Spawn_PolicyForSomeErrors_RetriesThoseOnly()
    {
        await using var world = await SpawnWorld.StartAsync();
        var policy = Minutely with { RetryOn = [typeof(IOException)] };
        var task = world.Spawner.Spawn("picky", FailAsync, new SpawnOptions { Retry = policy });

        await world.IdleAsync();

        Assert.Equal((SpawnedTaskState.Failed, 1), (task.State, _tries));
    }

    [Fact]
    public async Task Spawn_RetryAsked_WaitsAsLongAsAskedWhateverThePolicySays()
    {
        await using var world = await SpawnWorld.StartAsync();
        var policy = Minutely with { NeverRetryOn = [typeof(RetryException)], MaxAttempts = 2 };
        var task = world.Spawner.Spawn(
            "asks",
            () => ++_tries == 1 ? throw Retry.After(TimeSpan.FromHours(2), "busy") : Task.CompletedTask,
            new SpawnOptions { Retry = policy });

        Assert.Equal(TimeSpan.FromHours(2), await world.AdvanceToNextTimerAsync());

        await task;
        Assert.Equal(2, _tries);
    }

    [Fact]
    public async Task Spawn_RejectOrBadArguments_AreNotRetried()
    {
        await using var world = await SpawnWorld.StartAsync();
        var options = new SpawnOptions { Retry = Minutely };
        var rejected = world.Spawner.Spawn("rejects", static () => throw Reject.Because("closed"), options);
        var bad = world.Spawner.Spawn(
            "bad", static () => throw new BadArgumentsException("bad", "x", "no number."), options);

        await world.IdleAsync();

        Assert.IsType<RejectException>(rejected.Exception);
        Assert.IsType<BadArgumentsException>(bad.Exception);
        Assert.Equal((1, 1), (rejected.Attempt, bad.Attempt));
        Assert.Equal(2, world.Failures.Count);
    }

    [Fact]
    public async Task Cancel_BetweenTwoTries_EndsItWithoutAnotherTry()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("cancelled", FailAsync, new SpawnOptions { Retry = Minutely });
        await world.NextTimerAsync();

        task.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await task);
        await world.IdleAsync();
        Assert.Equal((SpawnedTaskState.Cancelled, 1), (task.State, _tries));
        Assert.Empty(world.Failures);
    }

    [Fact]
    public async Task Spawn_DelayAndPolicy_WaitsForBoth()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn(
            "both",
            () => ++_tries == 1 ? throw new TimeoutException() : Task.CompletedTask,
            new SpawnOptions { Delay = TimeSpan.FromSeconds(7), Retry = Minutely });

        Assert.Equal(TimeSpan.FromSeconds(7), await world.AdvanceToNextTimerAsync());
        Assert.Equal(TimeSpan.FromMinutes(1), await world.AdvanceToNextTimerAsync());

        await task;
    }

    [Fact]
    public async Task Spawn_RetryAskedForMonths_IsWaitedFor()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn(
            "patient",
            () => ++_tries == 1 ? throw Retry.After(TimeSpan.FromDays(60)) : Task.CompletedTask,
            new SpawnOptions { Retry = Minutely });
        var start = world.Time.GetTimestamp();

        await world.NextTimerAsync();
        await world.MoveUntilAsync(task.Completion, TimeSpan.FromHours(6));

        Assert.True(world.Time.GetElapsedTime(start) >= TimeSpan.FromDays(60));
    }

    private async Task FailAsync()
    {
        await Task.Yield();
        throw new TimeoutException($"try {Interlocked.Increment(ref _tries)}");
    }
}

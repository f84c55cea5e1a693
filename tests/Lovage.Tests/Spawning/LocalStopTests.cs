namespace Lovage.Tests.Spawning;

/// <summary>
/// The app's stop and its tasks, on a clock moved by hand: 25 s to end, 3 s more once cancelled, unless set otherwise.
/// </summary>
public sealed class LocalStopTests
{
    private readonly Signal _entered = new();
    private readonly Signal _gate = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StopAsync_TasksThatEnd_AreWaitedForAndNotCancelled()
    {
        await using var world = await SpawnWorld.StartAsync();
        var cancelled = true;
        var task = world.Spawner.Spawn("ends", async token =>
        {
            _entered.Set();
            await _gate.WhenSet;
            cancelled = token.IsCancellationRequested;
        });
        var dedicated = world.Spawner.RunDedicatedAsync(
            token => _gate.WhenSet.Wait(SpawnWorld.Patience, token), Cancel);
        await _entered.WaitAsync();

        var stop = world.StopAsync();
        await world.Log.WaitForAsync(TestLog.Draining);
        world.Time.Advance(TimeSpan.FromSeconds(24));
        Assert.False(stop.IsCompleted);
        _gate.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.False(cancelled);
        Assert.Equal(SpawnedTaskState.Succeeded, task.State);
        Assert.True(await dedicated);
        Assert.Contains(
            "waiting for 2 tasks", Assert.Single(world.Log.Of(TestLog.Draining)).Message, StringComparison.Ordinal);
        Assert.Empty(world.Log.Of(TestLog.Cancelling));
    }

    [Fact]
    public async Task StopAsync_TasksOverTheBudget_AreCancelledAndTheRestIsNamed()
    {
        await using var world = await SpawnWorld.StartAsync(
            null, ("Lovage:Local:DrainTime", "00:00:10"), ("Lovage:Local:CancelTime", "00:00:02"));
        var polite = world.Spawner.Spawn("polite", static token => Task.Delay(Timeout.Infinite, token));
        var rude = world.Spawner.Spawn("rude", async _ =>
        {
            _entered.Set();
            await _gate.WhenSet;
        });
        var gathering = world.Spawner.WhenAllAsync("gathering", [1, 2], static async (item, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return item;
        }, cancellationToken: Cancel);
        var onThread = new Signal();
        var dedicated = world.Spawner.RunDedicatedAsync(token =>
        {
            onThread.Set();
            token.WaitHandle.WaitOne(SpawnWorld.Patience);
            token.ThrowIfCancellationRequested();
        }, Cancel, "dedicated call");
        await Task.WhenAll(_entered.WaitAsync(), onThread.WaitAsync());

        var took = await world.StopOverBudgetAsync(polite.Completion, gathering, dedicated);

        Assert.InRange(took, TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(13));
        Assert.Equal((SpawnedTaskState.Cancelled, SpawnedTaskState.Running), (polite.State, rude.State));
        var cancelling = Assert.Single(world.Log.Of(TestLog.Cancelling)).Message;
        Assert.All(
            ["polite", "rude", "gathering", "dedicated call"],
            name => Assert.Contains(name, cancelling, StringComparison.Ordinal));
        Assert.EndsWith(
            "1 tasks of this process that did not end in time; they are lost: rude",
            Assert.Single(world.Log.Of(TestLog.LeftBehind)).Message,
            StringComparison.Ordinal);
        _gate.Set();
        await rude;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StopAsync_CallbackOnATokenThatThrowsOrBlocks_HoldsUpNobody(bool throws)
    {
        using var block = new ManualResetEventSlim();
        await using var world = await SpawnWorld.StartAsync();
        var dedicated = world.Spawner.RunDedicatedAsync(token =>
        {
            token.Register(() =>
            {
                if (throws)
                {
                    throw new InvalidOperationException("callback");
                }

                block.Wait(SpawnWorld.Patience * 2, CancellationToken.None);
            });
            _entered.Set();
            token.WaitHandle.WaitOne(SpawnWorld.Patience);
        }, Cancel, "calls back");
        var polite = world.Spawner.Spawn("polite", static token => Task.Delay(Timeout.Infinite, token));
        await _entered.WaitAsync();

        await world.StopWhileTimeFliesAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => polite.Completion.WaitAsync(SpawnWorld.Patience, Cancel));
        Assert.Single(world.Log.Of(TestLog.Cancelling));
        block.Set();
        await dedicated;
    }

    [Fact]
    public async Task StopAsync_ManyNames_NamesTwentyAndCountsAlike()
    {
        await using var world = await SpawnWorld.StartAsync(
            null, ("Lovage:Local:DrainTime", "00:00:00"), ("Lovage:Local:CancelTime", "00:00:00"));
        var begun = 0;
        for (var i = 0; i < 30; i++)
        {
            _ = world.Spawner.Spawn($"name-{i / 10 * i}", () =>
            {
                if (Interlocked.Increment(ref begun) == 30)
                {
                    _entered.Set();
                }

                return _gate.WhenSet;
            });
        }

        // One that has not begun would be cancelled, and not be left behind.
        await _entered.WaitAsync();
        await world.StopWhileTimeFliesAsync();

        var left = Assert.Single(world.Log.Of(TestLog.LeftBehind)).Message;
        Assert.Contains("Leaving without 30 tasks", left, StringComparison.Ordinal);
        Assert.Contains("name-0 (10 times)", left, StringComparison.Ordinal);
        Assert.EndsWith(", ...", left, StringComparison.Ordinal);
        _gate.Set();
    }

    [Fact]
    public async Task StopAsync_HostOutOfPatience_SkipsTheWaits()
    {
        await using var world = await SpawnWorld.StartAsync();
        var polite = world.Spawner.Spawn("polite", async token =>
        {
            _entered.Set();
            await Task.Delay(Timeout.Infinite, token);
        });
        await _entered.WaitAsync();

        // No clock is moved.
        await world.StopAtOnceAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => polite.Completion.WaitAsync(SpawnWorld.Patience, Cancel));
    }

    [Fact]
    public async Task StopAsync_TaskWhoseTimeComesMeanwhile_StillRuns()
    {
        await using var world = await SpawnWorld.StartAsync();
        var soon = world.Spawner.Spawn(
            "soon", static () => Task.FromResult(1), new SpawnOptions { Delay = TimeSpan.FromSeconds(5) });
        await world.NextTimerAsync();

        var took = await world.StopWhileTimeFliesAsync();

        Assert.Equal(1, await soon);
        Assert.InRange(took, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(24));
    }

    [Fact]
    public async Task StopAsync_TasksThatCannotBeginInTime_AreCancelledAtOnceAndNamed()
    {
        await using var world = await SpawnWorld.StartAsync();
        var late = world.Spawner.Spawn("late", _entered.Set, new SpawnOptions { Delay = TimeSpan.FromHours(1) });
        var retried = world.Spawner.Spawn(
            "retried",
            static () => Task.FromException(new TimeoutException()),
            new SpawnOptions { Retry = new RetryPolicy { Delays = [TimeSpan.FromHours(1)] } });
        await world.Log.WaitForAsync(TestLog.Retried);
        await world.NextTimerAsync();

        // The clock stands still.
        await world.StopAsync().WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.Equal((SpawnedTaskState.Cancelled, SpawnedTaskState.Cancelled), (late.State, retried.State));
        Assert.False(_entered.IsSet);
        var named = string.Join('\n', world.Log.Of(TestLog.Cancelling)
            .Concat(world.Log.Of(TestLog.Cancelled))
            .Select(static line => line.Message));
        Assert.All(["late", "retried"], name => Assert.Contains(name, named, StringComparison.Ordinal));
    }

    [Fact]
    public async Task StopAsync_TaskThatFailsMeanwhileAndWouldWaitTooLong_IsNotWaitedFor()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("fails", async () =>
        {
            _entered.Set();
            await _gate.WhenSet;
            throw new TimeoutException();
        }, new SpawnOptions { Retry = new RetryPolicy { Delays = [TimeSpan.FromHours(1)] } });
        await _entered.WaitAsync();

        var stop = world.StopAsync();
        await world.Log.WaitForAsync(TestLog.Draining);
        _gate.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.Equal(SpawnedTaskState.Cancelled, task.State);
    }

    [Fact]
    public async Task Spawn_OfEveryKind_IsRefusedOnceTheAppStops()
    {
        await using var world = await SpawnWorld.StartAsync(
            static lovage => lovage.AddJob(new JobDefinition("n", static _ => default)));
        AppStoppingException? inside = null;
        var task = world.Spawner.Spawn("running", async () =>
        {
            _entered.Set();
            await _gate.WhenSet;
            inside = Assert.Throws<AppStoppingException>(() => world.Spawner.Spawn("from within", static () => { }));
        });
        await _entered.WaitAsync();
        var stop = world.StopAsync();
        await world.Log.WaitForAsync(TestLog.Draining);

        Assert.Throws<AppStoppingException>(() => world.Spawner.Spawn("delegate", static () => { }));
        Assert.Throws<AppStoppingException>(() => world.Spawner.Spawn(Job.Create("n")));
        await Assert.ThrowsAsync<AppStoppingException>(() => world.Spawner.WhenAllAsync(
            "items", [1], static (item, _) => Task.FromResult(item), cancellationToken: Cancel));
        await Assert.ThrowsAsync<AppStoppingException>(() => world.Spawner.RunDedicatedAsync(static () => 1, Cancel));
        Assert.Equal("running", Assert.Single(world.Spawner.Running).Name);
        _gate.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        await task;
        Assert.Contains("'from within' was refused", inside!.Message, StringComparison.Ordinal);
    }
}

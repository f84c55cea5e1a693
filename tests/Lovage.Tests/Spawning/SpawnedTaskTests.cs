namespace Lovage.Tests.Spawning;

public sealed class SpawnedTaskTests
{
    private static readonly AsyncLocal<string?> Flow = new();

    private readonly Signal _entered = new();
    private readonly Signal _gate = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task State_TaskThatSucceeds_GoesFromWaitingOverRunningToSucceeded()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("states", GatedAsync, new SpawnOptions { Delay = TimeSpan.FromMinutes(1) });

        Assert.Equal((SpawnedTaskState.Waiting, 0), (task.State, task.Attempt));
        Assert.False(Assert.Single(world.Spawner.Running).Started);
        Assert.Equal(TimeSpan.FromMinutes(1), await world.AdvanceToNextTimerAsync());
        await _entered.WaitAsync();
        Assert.Equal((SpawnedTaskState.Running, 1), (task.State, task.Attempt));
        Assert.Equal(
            new RunningTask(TaskKind.Spawned, "states", true, TimeSpan.FromMinutes(1), 1),
            Assert.Single(world.Spawner.Running));
        Assert.False(task.Completion.IsCompleted);
        _gate.Set();

        Assert.Equal("done", await task);
        Assert.Equal("done", await task.Completion);
        Assert.Equal((SpawnedTaskState.Succeeded, 1, "states"), (task.State, task.Attempt, task.Name));
        Assert.Null(task.Exception);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task Exception_TaskThatFails_IsThrownByAwaitAndKept()
    {
        await using var world = await SpawnWorld.StartAsync();
        var error = new InvalidOperationException("no");
        var task = world.Spawner.Spawn("fails", async () =>
        {
            await Task.Yield();
            throw error;
        });

        Assert.Same(error, await Assert.ThrowsAsync<InvalidOperationException>(async () => await task));
        Assert.Equal((SpawnedTaskState.Failed, error), (task.State, task.Exception));
        Assert.True(task.Completion.IsFaulted);
    }

    [Fact]
    public async Task Exception_ThrownBeforeTheFirstAwait_FailsTheTaskNotItsCaller()
    {
        await using var world = await SpawnWorld.StartAsync();

        var task = world.Spawner.Spawn(
            "fails", new Action(static () => throw new InvalidOperationException("at once")));

        Assert.Equal("at once", (await Assert.ThrowsAsync<InvalidOperationException>(() => task.Completion)).Message);
    }

    [Fact]
    public async Task State_OnceNothingIsUnfinished_IsFinal()
    {
        await using var world = await SpawnWorld.StartAsync();
        for (var round = 0; round < 200; round++)
        {
            var good = world.Spawner.Spawn("good", static () => { });
            var bad = world.Spawner.Spawn("bad", static () => Task.FromException(new InvalidOperationException("bad")));
            await world.IdleAsync();
            Assert.Equal(
                (SpawnedTaskState.Succeeded, SpawnedTaskState.Failed, "bad"),
                (good.State, bad.State, bad.Exception?.Message));
        }
    }

    [Fact]
    public async Task Running_OnceATaskIsAwaited_NoLongerListsItAndItsPlaceIsFree()
    {
        await using var world = await SpawnWorld.StartAsync(null, ("Lovage:Local:SpawnedMax", "1"));
        for (var round = 0; round < 500; round++)
        {
            await world.Spawner.Spawn("next", static () => Task.CompletedTask);
            Assert.Empty(world.Spawner.Running);
        }
    }

    [Fact]
    public async Task Cancel_BeforeItsDelayIsOver_NeverRunsIt()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("delayed", GatedAsync, new SpawnOptions { Delay = TimeSpan.FromHours(1) });
        await world.NextTimerAsync();

        task.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await task);
        Assert.Equal((SpawnedTaskState.Cancelled, 0), (task.State, task.Attempt));
        Assert.True(task.Completion.IsCanceled);
        Assert.Null(task.Exception);
        Assert.False(_entered.IsSet);
        await world.IdleAsync();
        Assert.Single(world.Log.Of(TestLog.Cancelled));
        Assert.Empty(world.Failures);
    }

    [Fact]
    public async Task Cancel_RightAfterSpawning_EitherNeverRunsItOrCancelsItsToken()
    {
        await using var world = await SpawnWorld.StartAsync();
        for (var round = 0; round < 200; round++)
        {
            var task = world.Spawner.Spawn("at once", static token => Task.Delay(Timeout.Infinite, token));
            task.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => task.Completion.WaitAsync(SpawnWorld.Patience, Cancel));
            Assert.Equal(SpawnedTaskState.Cancelled, task.State);
        }

        await world.IdleAsync();
        Assert.Empty(world.Failures);
    }

    [Fact]
    public async Task Cancel_WhileItRuns_CancelsItsToken()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("running", async token =>
        {
            _entered.Set();
            await Task.Delay(Timeout.Infinite, token);
        });
        await _entered.WaitAsync();

        task.Cancel();
        task.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await task);
        Assert.Equal(SpawnedTaskState.Cancelled, task.State);
    }

    [Fact]
    public async Task Cancel_TaskThatTakesNoNotice_SucceedsAllTheSame()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("stubborn", GatedAsync);
        await _entered.WaitAsync();

        task.Cancel();
        _gate.Set();

        Assert.Equal("done", await task);
        Assert.Equal(SpawnedTaskState.Succeeded, task.State);
    }

    [Fact]
    public async Task Cancel_AfterItsEnd_ChangesNothing()
    {
        await using var world = await SpawnWorld.StartAsync();
        var good = world.Spawner.Spawn("good", static () => Task.FromResult(5));
        var bad = world.Spawner.Spawn("bad", static () => Task.FromException(new InvalidOperationException("bad")));
        await world.IdleAsync();

        good.Cancel();
        bad.Cancel();

        Assert.Equal(5, await good);
        Assert.Equal((SpawnedTaskState.Succeeded, SpawnedTaskState.Failed), (good.State, bad.State));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad.Completion);
    }

    [Fact]
    public async Task Cancel_CallbackOnTheTokenThatThrows_HurtsNeitherCallerNorTask()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("callback", async token =>
        {
            token.Register(static () => throw new InvalidOperationException("callback"));
            _entered.Set();
            await Task.Delay(Timeout.Infinite, token);
        });
        await _entered.WaitAsync();

        task.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await task);
        Assert.Equal(SpawnedTaskState.Cancelled, task.State);
    }

    [Fact]
    public async Task Completion_TaskThatThrowsCancellationOfItsOwn_IsAFailure()
    {
        await using var world = await SpawnWorld.StartAsync();
        var task = world.Spawner.Spawn("own", static () => throw new OperationCanceledException("its own"));

        await world.IdleAsync();

        Assert.Equal(SpawnedTaskState.Failed, task.State);
        Assert.IsType<OperationCanceledException>(Assert.Single(world.Failures).Exception);
    }

    [Fact]
    public async Task Spawn_InAFlow_TakesNothingOfItAlong()
    {
        await using var world = await SpawnWorld.StartAsync();
        Flow.Value = "caller";

        Assert.Null(await world.Spawner.Spawn("flow", static () => Task.FromResult(Flow.Value)));
        Assert.Null(await world.Spawner.Spawn("flow", static async () =>
        {
            await Task.Yield();
            return Flow.Value;
        }));
        Assert.Equal("caller", Flow.Value);
    }

    [Fact]
    public async Task Delay_LongerThanATimerCanBe_IsWaitedFor()
    {
        await using var world = await SpawnWorld.StartAsync();
        var delay = TimeSpan.FromDays(100);
        var task = world.Spawner.Spawn("in a hundred days", static () => { }, new SpawnOptions { Delay = delay });
        var start = world.Time.GetTimestamp();

        await world.NextTimerAsync();
        world.Time.Advance(TimeSpan.FromDays(99));
        Assert.Equal(SpawnedTaskState.Waiting, task.State);
        await world.MoveUntilAsync(task.Completion, TimeSpan.FromHours(1));

        Assert.True(world.Time.GetElapsedTime(start) >= delay);
    }

    [Fact]
    public async Task Running_TasksOfAllKinds_AreListedOldestFirst()
    {
        await using var world = await SpawnWorld.StartAsync();
        _ = world.Spawner.Spawn("first", () => _gate.WhenSet);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        var dedicated = world.Spawner.RunDedicatedAsync(() =>
        {
            _entered.Set();
            _gate.WhenSet.Wait(SpawnWorld.Patience, CancellationToken.None);
        }, Cancel, "second");
        world.Time.Advance(TimeSpan.FromSeconds(1));
        var gathering = world.Spawner.WhenAllAsync("third", [1, 2], async (_, _) =>
        {
            await _gate.WhenSet;
            return 0;
        }, cancellationToken: Cancel);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        _ = world.Spawner.Spawn("fourth", static () => { }, new SpawnOptions { Delay = TimeSpan.FromSeconds(1) });
        await _entered.WaitAsync();

        var running = world.Spawner.Running;

        Assert.Equal(["first", "second", "third", "fourth"], running.Select(static task => task.Name));
        Assert.Equal(
            [TaskKind.Spawned, TaskKind.Dedicated, TaskKind.Spawned, TaskKind.Spawned],
            running.Select(static task => task.Kind));
        Assert.Equal([3, 2, 1, 0], running.Select(static task => task.Age.TotalSeconds));
        Assert.False(running[3].Started);
        _gate.Set();
        await dedicated;
        await gathering;
        await world.AdvanceToNextTimerAsync();
        await world.IdleAsync();
        Assert.Empty(world.Spawner.Running);
    }

    private async Task<string> GatedAsync()
    {
        _entered.Set();
        await _gate.WhenSet;
        return "done";
    }
}

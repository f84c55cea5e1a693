using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Spawning;

/// <summary>Spawned tasks while another service takes the time of the stop, as an open request does.</summary>
public sealed class StopBudgetTests
{
    private readonly Signal _entered = new();
    private readonly Signal _server = new();
    private readonly Signal _serverStops = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StopAsync_AnotherServiceStopsSlowly_AsksSpawnedTasksInTime(bool concurrently)
    {
        await using var world = await StartAsync(concurrently);
        var polite = world.Spawner.Spawn("polite", static token => Task.Delay(Timeout.Infinite, token));
        var dedicated = world.Spawner.RunDedicatedAsync(token =>
        {
            _entered.Set();
            token.WaitHandle.WaitOne(SpawnWorld.Patience);
            token.ThrowIfCancellationRequested();
        }, Cancel);
        await _entered.WaitAsync();

        var stop = world.StopAsync();
        await _serverStops.WaitAsync();
        world.Time.Advance(TimeSpan.FromSeconds(24));
        Assert.Empty(world.Log.Of(TestLog.Cancelling));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => polite.Completion.WaitAsync(SpawnWorld.Patience, Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => dedicated.WaitAsync(SpawnWorld.Patience, Cancel));
        Assert.False(stop.IsCompleted);
        Assert.Throws<AppStoppingException>(() => world.Spawner.Spawn("too late", static () => { }));
        _server.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.Single(world.Log.Of(TestLog.Cancelling));
        Assert.Empty(world.Log.Of(TestLog.LeftBehind));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Spawn_WhileAnotherServiceStops_IsAccepted(bool concurrently)
    {
        await using var world = await StartAsync(concurrently);
        var stop = world.StopAsync();
        await _serverStops.WaitAsync();

        Assert.Equal(1, await world.Spawner.Spawn("in time", static () => Task.FromResult(1)));
        Assert.Equal(2, await world.Spawner.RunDedicatedAsync(static () => 2, Cancel));
        _server.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.Throws<AppStoppingException>(() => world.Spawner.Spawn("too late", static () => { }));
    }

    [Fact]
    public async Task StopAsync_DrainTimeOverTheHostsBudget_KeepsTheCancelTimeFree()
    {
        await using var world = await StartAsync(
            concurrently: false, ("Lovage:Local:DrainTime", "00:05:00"), ("Lovage:Local:CancelTime", "00:00:10"));
        var polite = world.Spawner.Spawn("polite", static token => Task.Delay(Timeout.Infinite, token));
        var stop = world.StopAsync();
        await _serverStops.WaitAsync();

        // The host gives 30 s.
        world.Time.Advance(TimeSpan.FromSeconds(19));
        Assert.Empty(world.Log.Of(TestLog.Cancelling));
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => polite.Completion.WaitAsync(SpawnWorld.Patience, Cancel));
        _server.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);
    }

    [Fact]
    public async Task StopAsync_HostOutOfPatience_StillGivesAskedTasksTheirTime()
    {
        await using var world = await SpawnWorld.StartAsync();
        var ended = false;
        var asked = new Signal();
        var task = world.Spawner.Spawn("tidies up", async token =>
        {
            _entered.Set();
            await using var registered = token.Register(asked.Set);
            await asked.WhenSet;
            await _server.WhenSet;
            ended = true;
        });
        await _entered.WaitAsync();

        var stop = world.StopAtOnceAsync();
        await asked.WaitAsync();
        Assert.False(stop.IsCompleted);
        _server.Set();
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.True(ended);
        Assert.Empty(world.Log.Of(TestLog.LeftBehind));
        await task;
    }

    [Fact]
    public async Task StopAsync_HostOutOfPatience_LeavesTasksThatTakeLonger()
    {
        await using var world = await SpawnWorld.StartAsync();
        var rude = world.Spawner.Spawn("rude", () =>
        {
            _entered.Set();
            return _server.WhenSet;
        });
        await _entered.WaitAsync();

        var stop = world.StopAtOnceAsync();
        await world.Log.WaitForAsync(TestLog.Cancelling);
        Assert.Equal(TimeSpan.FromSeconds(3), await world.AdvanceToNextTimerAsync());
        await stop.WaitAsync(SpawnWorld.Patience, Cancel);

        Assert.Single(world.Log.Of(TestLog.LeftBehind));
        _server.Set();
        await rude;
    }

    private Task<SpawnWorld> StartAsync(bool concurrently, params (string Key, string Value)[] settings) =>
        SpawnWorld.StartAsync(
            lovage => lovage.Services.AddHostedService(_ => new Server(_serverStops, _server))
                .Configure<HostOptions>(options => options.ServicesStopConcurrently = concurrently),
            settings);

    /// <summary>Stops when the test says.</summary>
    private sealed class Server(Signal stops, Signal stopped) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            stops.Set();
            return stopped.WhenSet;
        }
    }
}

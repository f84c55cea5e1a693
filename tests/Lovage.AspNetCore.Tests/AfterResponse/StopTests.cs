using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>The app's stop: what was accepted is waited for, then cancelled, then named.</summary>
public sealed class StopTests
{
    private readonly ConcurrentQueue<string> _done = new();
    private readonly TestClock _time = new();
    private readonly Signal _entered = new();
    private readonly Signal _gate = new();
    private readonly Signal _late = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StopAsync_TasksThatEndInTime_AreWaitedFor()
    {
        await using var site = await StartAsync(app => app.MapGet("/", (BackgroundTasks background) =>
        {
            background.Add("gated", async (CancellationToken token) =>
            {
                _entered.Set();
                await _gate.WhenSet;
                _done.Enqueue($"gated {token.IsCancellationRequested}");
            });
            background.Add(
                "behind it", (CancellationToken token) => _done.Enqueue($"behind it {token.IsCancellationRequested}"));
        }));
        await site.GetAsync("/");
        await _entered.WaitAsync();

        var stop = site.App.StopAsync(Cancel);
        await site.Log.WaitForAsync(TestLog.Draining);
        Assert.False(stop.IsCompleted);
        _gate.Set();
        await stop.WaitAsync(TestSite.Patience, Cancel);

        Assert.Equal(["gated False", "behind it False"], _done);
        Assert.Empty(site.Log.Of(TestLog.Cancelling));
        Assert.Empty(site.Log.Of(TestLog.LeftBehind));
    }

    [Fact]
    public async Task StopAsync_RequestsInFlight_MayStillAddTasksAndTheyRun()
    {
        await using var site = await StartAsync(app => app.MapGet("/", async (BackgroundTasks background) =>
        {
            _entered.Set();
            await _gate.WhenSet;
            background.Add("late", async () =>
            {
                await Task.Yield();
                _done.Enqueue("late");
            });
            return "ok";
        }));
        var request = site.GetAsync("/");
        await _entered.WaitAsync();
        var stopping = new Signal();
        await using var began = site.App.Lifetime.ApplicationStopping.Register(stopping.Set);

        var stop = site.App.StopAsync(Cancel);
        await stopping.WaitAsync();
        _gate.Set();
        Assert.Equal((HttpStatusCode.OK, "ok"), await request);
        await stop.WaitAsync(TestSite.Patience, Cancel);

        Assert.Equal(["late"], _done);
    }

    [Fact]
    public async Task StopAsync_TasksOverTheBudget_AreCancelledThenLeftAndNamed()
    {
        var never = new Signal();
        await using var site = await StartAsync(app =>
        {
            app.MapGet("/polite", (BackgroundTasks background) =>
            {
                background.Add("polite", async (CancellationToken token) =>
                {
                    _entered.Set();
                    await never.WhenSet.WaitAsync(token);
                });
                background.Add("behind", () => _done.Enqueue("behind"));
            });
            app.MapGet("/rude", (BackgroundTasks background) =>
            {
                background.Add("rude", async (CancellationToken token) =>
                {
                    _gate.Set();
                    await never.WhenSet;
                });
                background.Add("behind the rude one", () => _done.Enqueue("behind the rude one"));
            });
        });
        await site.GetAsync("/polite");
        await site.GetAsync("/rude");
        await _entered.WaitAsync();
        await _gate.WaitAsync();

        var stop = site.App.StopAsync(Cancel);
        await site.Log.WaitForAsync(TestLog.Draining);
        while (_time.NextTimer is null)
        {
            await Task.Yield();
        }

        _time.Advance(_time.NextTimer.Value);
        await site.Log.WaitForAsync(TestLog.Cancelling);

        // The polite one ends on a thread that knows nothing of the clock.
        await site.Log.WaitForAsync(TestLog.Cancelled);
        await MoveUntilAsync(stop);

        Assert.Empty(_done);
        var cancelling = Assert.Single(site.Log.Of(TestLog.Cancelling)).Message;
        Assert.All(
            ["polite", "behind", "rude", "behind the rude one"],
            name => Assert.Contains(name, cancelling, StringComparison.Ordinal));
        Assert.Contains("polite", Assert.Single(site.Log.Of(TestLog.Cancelled)).Message, StringComparison.Ordinal);
        var left = Assert.Single(site.Log.Of(TestLog.LeftBehind)).Message;
        Assert.Contains("3 tasks", left, StringComparison.Ordinal);
        Assert.All(
            ["rude", "behind", "behind the rude one"], name => Assert.Contains(name, left, StringComparison.Ordinal));
        Assert.DoesNotContain("polite", left, StringComparison.Ordinal);
        never.Set();
    }

    [Fact]
    public async Task StopAsync_OnlyTasksThatNeverBegan_LeavesOnceWhatRunsHasEnded()
    {
        await using var site = await StartAsync(app => app.MapGet("/", (BackgroundTasks background) =>
        {
            background.Add("polite", async (CancellationToken token) =>
            {
                _entered.Set();
                await _gate.WhenSet.WaitAsync(token);
            });
            background.Add("never", () => _done.Enqueue("never"));
        }));
        await site.GetAsync("/");
        await _entered.WaitAsync();
        var start = _time.GetTimestamp();

        var stop = site.App.StopAsync(Cancel);
        await site.Log.WaitForAsync(TestLog.Draining);
        while (!site.Log.Of(TestLog.Cancelling).Any())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        // Nothing moves the clock any more: the stop does not sit out the time for what cannot begin.
        await stop.WaitAsync(TestSite.Patience, Cancel);
        Assert.Empty(_done);
        Assert.Contains("never", Assert.Single(site.Log.Of(TestLog.LeftBehind)).Message, StringComparison.Ordinal);
        Assert.True(_time.GetElapsedTime(start) >= TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task StopAsync_NothingRuns_SaysNothingAndRefusesAfterwards()
    {
        await using var site = await StartAsync(app => app.MapGet("/", () => "ok"));
        await site.GetAsync("/");

        await site.App.StopAsync(Cancel);

        Assert.Empty(site.Log.Of(TestLog.Draining));
        var refused = Assert.Throws<AppStoppingException>(
            () => site.App.Services.GetRequiredService<TaskSpawner>().Spawn("late", () => _done.Enqueue("late")));
        Assert.Contains("'late' was refused", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StopAsync_ClientKeepsItsStreamOpen_SpawnedTasksAreAskedInTimeAndEnd()
    {
        var tidied = false;
        await using var site = await StartAsync(app =>
        {
            app.MapGet("/stream", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("data: x\n\n");
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            });
            app.MapGet("/spawn", (TaskSpawner spawner) => spawner.Spawn("tidies up", async token =>
            {
                _entered.Set();
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                await Task.Yield();
                tidied = true;
                _gate.Set();
            }).State.ToString());
        });
        using var stream = await site.ConnectAsync();
        await stream.SendAsync("GET", "/stream");
        await stream.ReadSomeAsync();
        await site.GetAsync("/spawn");
        await _entered.WaitAsync();
        var stopping = new Signal();
        await using var began = site.App.Lifetime.ApplicationStopping.Register(stopping.Set);

        var stop = site.App.StopAsync(Cancel);
        await stopping.WaitAsync();
        _time.Advance(TimeSpan.FromSeconds(25));
        await _gate.WaitAsync();
        Assert.False(stop.IsCompleted);
        stream.Close(reset: true);
        await stop.WaitAsync(TestSite.Patience, Cancel);

        Assert.True(tidied);
        Assert.Single(site.Log.Of(TestLog.Cancelling));
        Assert.Empty(site.Log.Of(TestLog.LeftBehind));
    }

    [Fact]
    public async Task StopAsync_ClientKeepsItsStreamOpen_TasksAfterAResponseAreAskedBeforeTheHostGivesUp()
    {
        await using var site = await StartAsync(app =>
        {
            app.MapGet("/stream", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("data: x\n\n");
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            });
            app.MapGet("/add", (BackgroundTasks background) =>
                background.Add("polite", async (CancellationToken token) =>
                {
                    _entered.Set();
                    await Task.Delay(Timeout.Infinite, token);
                }));
            app.MapGet("/late", async (BackgroundTasks background) =>
            {
                _gate.Set();
                await _late.WhenSet;
                background.Add("late", () => _done.Enqueue("late"));
            });
        });
        using var stream = await site.ConnectAsync();
        await stream.SendAsync("GET", "/stream");
        await stream.ReadSomeAsync();
        await site.GetAsync("/add");
        await _entered.WaitAsync();
        var late = site.GetAsync("/late");
        await _gate.WaitAsync();
        var stopping = new Signal();
        await using var began = site.App.Lifetime.ApplicationStopping.Register(stopping.Set);

        // The host gives 30 s, of which cancelled tasks have the last 3.
        var stop = site.App.StopAsync(Cancel);
        await stopping.WaitAsync();
        _time.Advance(TimeSpan.FromSeconds(26));
        Assert.Empty(site.Log.Of(TestLog.Cancelling));
        _time.Advance(TimeSpan.FromSeconds(1));
        await site.Log.WaitForAsync(TestLog.Cancelled);

        // A request in flight may still add what then runs.
        _late.Set();
        Assert.Equal(HttpStatusCode.OK, (await late).Status);
        await site.Log.WaitForAsync(TestLog.Succeeded);
        Assert.False(stop.IsCompleted);
        stream.Close(reset: true);
        await stop.WaitAsync(TestSite.Patience, Cancel);

        Assert.Equal(["late"], _done);
        Assert.Contains("polite", Assert.Single(site.Log.Of(TestLog.Cancelling)).Message, StringComparison.Ordinal);
        Assert.Empty(site.Log.Of(TestLog.LeftBehind));
    }

    [Fact]
    public async Task StopAsync_ServicesStopConcurrently_RequestsInFlightStillAddTasks()
    {
        await using var site = await StartAsync(
            app => app.MapGet("/", async (BackgroundTasks background, TaskSpawner spawner) =>
            {
                _entered.Set();
                await _gate.WhenSet;
                background.Add("receipt", () => _done.Enqueue("receipt"));
                await spawner.Spawn("spawned", () => _done.Enqueue("spawned"));
                return await spawner.RunDedicatedAsync(static () => "paid");
            }),
            static builder => builder.Services
                .AddHostedService<Bystander>()
                .Configure<HostOptions>(static options => options.ServicesStopConcurrently = true));
        var request = site.GetAsync("/");
        await _entered.WaitAsync();

        var stop = site.App.StopAsync(Cancel);
        await site.App.Services.GetServices<IHostedService>().OfType<Bystander>().Single().Stopping.WaitAsync();
        _gate.Set();

        Assert.Equal((HttpStatusCode.OK, "paid"), await request);
        await stop.WaitAsync(TestSite.Patience, Cancel);
        Assert.Equal(["spawned", "receipt"], _done);
    }

    private Task<TestSite> StartAsync(Action<WebApplication> map, Action<WebApplicationBuilder>? set = null) =>
        TestSite.StartAsync(map, set: (builder, lovage) =>
        {
            lovage!.UseTime(_time);
            set?.Invoke(builder);
        });

    /// <summary>Added after Lovage: it is told to stop after Lovage was, when all are told at once.</summary>
    private sealed class Bystander : IHostedService
    {
        internal Signal Stopping { get; } = new();

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stopping.Set();
            return Task.CompletedTask;
        }
    }

    /// <summary>The clock moves on for as long as a caller waits.</summary>
    private async Task MoveUntilAsync(Task end)
    {
        while (!end.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await end;
    }
}

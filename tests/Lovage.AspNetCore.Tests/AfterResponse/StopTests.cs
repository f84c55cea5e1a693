using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>The app's stop: what was accepted is waited for, then cancelled, then named.</summary>
public sealed class StopTests
{
    private readonly ConcurrentQueue<string> _done = new();
    private readonly TestClock _time = new();
    private readonly Signal _entered = new();
    private readonly Signal _gate = new();

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

    private Task<TestSite> StartAsync(Action<WebApplication> map) =>
        TestSite.StartAsync(map, set: (_, lovage) => lovage!.UseTime(_time));

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

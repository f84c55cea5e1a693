using System.Collections.Concurrent;
using Lovage.Testing;
using Lovage.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Spawning;

/// <summary>An app with a clock to move by hand, what it logged and what it was told of failures.</summary>
internal sealed class SpawnWorld : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TestLog.Patience;

    private static readonly TimeSpan GreatStep = TimeSpan.FromMilliseconds(100);

    private readonly TestApp _app;

    private SpawnWorld(TestApp app, TestLog log, ConcurrentQueue<TaskFailure> failures)
    {
        _app = app;
        Log = log;
        Failures = failures;
        Spawner = app.Host.Services.GetRequiredService<TaskSpawner>();
    }

    public TaskSpawner Spawner { get; }

    public TestLog Log { get; }

    public ConcurrentQueue<TaskFailure> Failures { get; }

    public TestClock Time => _app.Time;

    public IServiceProvider Services => _app.Host.Services;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SpawnWorld> StartAsync(
        Action<LovageBuilder>? set = null, params (string Key, string Value)[] settings)
    {
        var log = new TestLog();
        var failures = new ConcurrentQueue<TaskFailure>();
        var app = await TestApp.StartAsync(
            lovage =>
            {
                lovage.Services.AddSingleton<ILoggerProvider>(log)
                    .Configure<LoggerFilterOptions>(static options => options.MinLevel = LogLevel.Debug);
                set?.Invoke(lovage);
                lovage.OnTaskFailure(failures.Enqueue);
            },
            settings);
        return new SpawnWorld(app, log, failures);
    }

    /// <summary>Waits until no task is unfinished.</summary>
    public Task IdleAsync() => Services.Jobs().WaitForBackgroundTasksAsync(Cancel).WaitAsync(Patience, Cancel);

    /// <summary>Waits until a timer is set, and for how long.</summary>
    public async Task<TimeSpan> NextTimerAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (Time.NextTimer is null)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "No timer is set.");
            await Task.Yield();
        }

        return Time.NextTimer.Value;
    }

    /// <summary>Moves the clock to its next timer.</summary>
    public async Task<TimeSpan> AdvanceToNextTimerAsync()
    {
        var wait = await NextTimerAsync();
        Time.Advance(wait);
        return wait;
    }

    public Task StopAsync() => _app.Host.StopAsync(CancellationToken.None);

    /// <summary>Stops the app; the clock moves on for as long as the stop waits.</summary>
    public Task<TimeSpan> StopWhileTimeFliesAsync() => MoveUntilAsync(StopAsync(), GreatStep);

    /// <summary>
    /// Stops the app with tasks that do not end by themselves: the clock moves to where they are cancelled, and moves
    /// on once the polite ones have ended.
    /// </summary>
    /// <param name="polite">What ends when it is cancelled, on a thread that knows nothing of the clock.</param>
    /// <returns>How far the clock was moved.</returns>
    public async Task<TimeSpan> StopOverBudgetAsync(params Task[] polite)
    {
        var start = Time.GetTimestamp();
        var stop = StopAsync();
        await Log.WaitForAsync(TestLog.Draining);
        await AdvanceToNextTimerAsync();
        await Log.WaitForAsync(TestLog.Cancelling);
        foreach (var task in polite)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience, Cancel));
        }

        await MoveUntilAsync(stop, GreatStep);
        return Time.GetElapsedTime(start);
    }

    /// <summary>Moves the clock on, step by step, until something has ended.</summary>
    /// <returns>How far it was moved.</returns>
    public async Task<TimeSpan> MoveUntilAsync(Task end, TimeSpan step)
    {
        var (start, real) = (Time.GetTimestamp(), TimeProvider.System.GetTimestamp());
        while (!end.IsCompleted)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(real) < Patience, "It never ends.");
            Time.Advance(step);

            // Threads that know nothing of the clock have a part in it: great steps must not run away from them.
            if (step >= GreatStep)
            {
                await Task.WhenAny(end, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancel));
            }
            else
            {
                await Task.Yield();
            }
        }

        await end;
        return Time.GetElapsedTime(start);
    }

    /// <summary>Stops the app without waiting for what runs.</summary>
    public Task StopAtOnceAsync() => _app.Host.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        // What is left running ends here, or the next test would count it among its own.
        await StopAtOnceAsync();
        await Services.Jobs()
            .WaitForBackgroundTasksAsync(CancellationToken.None)
            .WaitAsync(Patience, CancellationToken.None);
        await ((IAsyncDisposable)_app.Host).DisposeAsync();
    }
}

using System.Collections.Concurrent;
using Lovage.Storage;
using Lovage.Testing;
using Lovage.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Spawning;

/// <summary>An app with a clock to move by hand, what it logged and what it was told of failures.</summary>
internal sealed class SpawnWorld : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestApp _app;

    private SpawnWorld(TestApp app, TaskLog log, ConcurrentQueue<TaskFailure> failures)
    {
        _app = app;
        Log = log;
        Failures = failures;
        Spawner = app.Host.Services.GetRequiredService<TaskSpawner>();
    }

    public TaskSpawner Spawner { get; }

    public TaskLog Log { get; }

    public ConcurrentQueue<TaskFailure> Failures { get; }

    public FakeTimeProvider Time => _app.Time;

    public IServiceProvider Services => _app.Host.Services;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SpawnWorld> StartAsync(Action<LovageBuilder>? set = null, params (string Key, string Value)[] settings)
    {
        var log = new TaskLog();
        var failures = new ConcurrentQueue<TaskFailure>();
        var app = await TestApp.StartAsync(
            lovage =>
            {
                lovage.Services.AddSingleton<ILoggerProvider>(log).Configure<LoggerFilterOptions>(static options => options.MinLevel = LogLevel.Debug);
                set?.Invoke(lovage);
                lovage.OnTaskFailure(failures.Enqueue);
            },
            settings);
        return new SpawnWorld(app, log, failures);
    }

    /// <summary>Waits until no task is unfinished.</summary>
    public Task IdleAsync() => Services.Jobs().WaitForBackgroundTasksAsync(Cancel).WaitAsync(Patience, Cancel);

    /// <summary>Waits until somebody waits on the clock, and for how long.</summary>
    public async Task<TimeSpan> NextTimerAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (Time.NextTimer is null)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "Nobody waits on the clock.");
            await Task.Yield();
        }

        return Time.NextTimer.Value;
    }

    /// <summary>Moves the clock to where somebody waits for it.</summary>
    public async Task<TimeSpan> AdvanceToNextTimerAsync()
    {
        var wait = await NextTimerAsync();
        Time.Advance(wait);
        return wait;
    }

    public Task StopAsync() => _app.Host.StopAsync(CancellationToken.None);

    /// <summary>Stops the app; the clock moves on for as long as the stop waits.</summary>
    public Task<TimeSpan> StopWhileTimeFliesAsync() => MoveUntilAsync(StopAsync(), TimeSpan.FromMilliseconds(100));

    /// <summary>Stops the app with tasks that do not end by themselves: the clock moves to where they are cancelled, and moves on once the polite ones have ended.</summary>
    /// <param name="polite">What ends when it is cancelled, on a thread that knows nothing of the clock.</param>
    /// <returns>How far the clock was moved.</returns>
    public async Task<TimeSpan> StopOverBudgetAsync(params Task[] polite)
    {
        var start = Time.GetTimestamp();
        var stop = StopAsync();
        await Log.WaitForAsync(TaskLog.Draining);
        await AdvanceToNextTimerAsync();
        await Log.WaitForAsync(TaskLog.Cancelling);
        foreach (var task in polite)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience, Cancel));
        }

        await MoveUntilAsync(stop, TimeSpan.FromMilliseconds(100));
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
            await Task.Yield();
        }

        await end;
        return Time.GetElapsedTime(start);
    }

    /// <summary>Stops the app without waiting for what runs.</summary>
    public Task StopAtOnceAsync() => _app.Host.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        // A test that left something running has waited for all it wanted to see.
        await StopAtOnceAsync();
        await ((IAsyncDisposable)_app.Host).DisposeAsync();
    }
}

/// <summary>What was logged, to look at and to wait for.</summary>
internal sealed class TaskLog : ILoggerProvider, ILogger
{
    internal const int Succeeded = 4001;
    internal const int Retried = 4002;
    internal const int Failed = 4003;
    internal const int Cancelled = 4004;
    internal const int Draining = 4006;
    internal const int LeftBehind = 4007;
    internal const int HandlerFailed = 4008;
    internal const int Cancelling = 4009;

    private readonly ConcurrentQueue<Line> _lines = new();
    private readonly WakeUp _came = new();

    public IReadOnlyCollection<Line> Lines => _lines;

    public IEnumerable<Line> Of(int id) => _lines.Where(line => line.Id == id);

    public void Clear() => _lines.Clear();

    public async Task WaitForAsync(int id)
    {
        while (true)
        {
            var seen = _came.Version;
            if (Of(id).Any())
            {
                return;
            }

            Assert.True(await _came.WaitAsync(seen, SpawnWorld.Patience, TimeProvider.System, TestContext.Current.CancellationToken), $"Event {id} was never logged. {string.Join('\n', _lines)}");
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue(new Line(eventId.Id, logLevel, formatter(state, exception), exception));
        _came.Pulse();
    }

    public void Dispose()
    {
    }

    internal sealed record Line(int Id, LogLevel Level, string Message, Exception? Error);
}

/// <summary>Set once, waited for by many.</summary>
internal sealed class Signal
{
    private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it is set, however long that takes: for the app's side.</summary>
    public Task WhenSet => _set.Task;

    public bool IsSet => _set.Task.IsCompleted;

    public void Set() => _set.TrySetResult();

    /// <summary>For the test's side, which does not wait for ever.</summary>
    public Task WaitAsync() => _set.Task.WaitAsync(SpawnWorld.Patience, TestContext.Current.CancellationToken);
}

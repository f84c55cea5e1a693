using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Spawning;

/// <summary>Tests that read Lovage's meter or sum memory: nothing may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneTests
{
    public const string Name = "alone";
}

/// <summary>Where failures are told: log, meter, handlers and trace.</summary>
[Collection(AloneTests.Name)]
public sealed class SpawnFailureTests
{
    [Fact]
    public async Task Spawn_JobWithASensitiveArgument_LogsItsErrorWithoutTheValue()
    {
        var job = new JobDefinition("login", static _ => throw new InvalidOperationException("hunter2 is wrong"))
        {
            Parameters =
            [
                new("user", typeof(string), false), new("password", typeof(string), false) { IsSensitive = true },
            ],
        };
        await using var world = await SpawnWorld.StartAsync(lovage => lovage.AddJob(job));
        var task = world.Spawner.Spawn(
            Job.Create("login", "ada", "hunter2"), new SpawnOptions { Retry = new RetryPolicy { MaxAttempts = 1 } });
        await world.IdleAsync();

        var line = Assert.Single(world.Log.Of(TestLog.Failed));
        Assert.Contains("[hidden] is wrong", line.Error!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", line.Error.ToString(), StringComparison.Ordinal);

        // The caller gave the value, and gets what its own code threw.
        Assert.Equal("hunter2 is wrong", task.Exception!.Message);
    }

    [Fact]
    public async Task Spawn_TasksOfEveryEnd_AreLoggedAndCountedByOutcome()
    {
        using var measured = new Measured();
        await using var world = await SpawnWorld.StartAsync();
        var retry = new RetryPolicy { MaxAttempts = 2, Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(2) };
        await world.Spawner.Spawn("good", static () => Task.CompletedTask);
        var bad = world.Spawner.Spawn(
            "bad",
            static () => Task.FromException(new InvalidOperationException("bad")),
            new SpawnOptions { Retry = retry });
        await world.AdvanceToNextTimerAsync();
        await world.IdleAsync();
        var cancelled = world.Spawner.Spawn("cancelled", static token => Task.Delay(Timeout.Infinite, token));
        Assert.Equal(1, measured.Depth());
        cancelled.Cancel();
        await world.IdleAsync();

        Assert.Equal(0, measured.Depth());
        Assert.Equal(
            [
                "bad failure System.InvalidOperationException",
                "bad retry System.InvalidOperationException",
                "cancelled cancelled ",
                "good success ",
            ],
            measured.Completed().Order(StringComparer.Ordinal));
        Assert.Equal(4, measured.Durations);
        Assert.Equal(
            (LogLevel.Debug, "Task good (spawned) succeeded in 0.000 s (attempt 1)"),
            Assert.Single(world.Log.Of(TestLog.Succeeded)) is var good ? (good.Level, good.Message) : default);
        Assert.Equal(
            (LogLevel.Warning, bad.Exception!.GetType()),
            Assert.Single(world.Log.Of(TestLog.Retried)) is var retried
                ? (retried.Level, retried.Error!.GetType())
                : default);
        Assert.Equal(
            (LogLevel.Error, bad.Exception),
            Assert.Single(world.Log.Of(TestLog.Failed)) is var failed ? (failed.Level, failed.Error) : default);
        Assert.Contains("bad (spawned) failed", failed.Message, StringComparison.Ordinal);
        Assert.Contains("(attempt 2); it is not tried again", failed.Message, StringComparison.Ordinal);
        Assert.Equal(LogLevel.Information, Assert.Single(world.Log.Of(TestLog.Cancelled)).Level);
        Assert.Equal(new TaskFailure(TaskKind.Spawned, "bad", bad.Exception, 2), Assert.Single(world.Failures));
    }

    [Fact]
    public async Task Completed_ManyNames_AreCountedTogetherPastTheirBound()
    {
        using var measured = new Measured();
        await using var world = await SpawnWorld.StartAsync();
        for (var i = 0; i < 300; i++)
        {
            await world.Spawner.Spawn($"name-{i}", static () => { });
        }

        Assert.Equal(201, measured.Completed().Distinct().Count());
        Assert.Equal(
            100, measured.Completed().Count(static line => line.StartsWith("_other ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task OnTaskFailure_HandlerThatThrows_HidesNothingAndStopsNobody()
    {
        var seen = new ConcurrentQueue<string>();
        await using var world = await SpawnWorld.StartAsync(lovage => lovage
            .OnTaskFailure(failure => seen.Enqueue($"first {failure.Name}"))
            .OnTaskFailure(static _ => throw new TimeoutException("the handler"))
            .OnTaskFailure(failure => seen.Enqueue($"last {failure.Name}")));

        for (var i = 0; i < 3; i++)
        {
            var task = world.Spawner.Spawn(
                "fails", static () => Task.FromException(new InvalidOperationException("no")));
            Assert.Equal("no", (await Assert.ThrowsAsync<InvalidOperationException>(() => task.Completion)).Message);
        }

        Assert.Equal(["first fails", "last fails", "first fails", "last fails", "first fails", "last fails"], seen);
        Assert.Equal(3, world.Failures.Count);
        Assert.Equal(3, world.Log.Of(TestLog.HandlerFailed).Count(static line => line.Error is TimeoutException));
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task Spawn_LoggerThatThrows_EndsEveryTaskAllTheSame()
    {
        await using var world = await SpawnWorld.StartAsync(
            static lovage => lovage.Services.AddSingleton<ILoggerProvider>(new ThrowingLog()),
            ("Lovage:Local:SpawnedMax", "1"));
        var runs = 0;
        var policy = new SpawnOptions
        {
            Retry = new RetryPolicy { MaxAttempts = 3, Backoff = Backoff.Fixed, Delay = TimeSpan.Zero },
        };
        for (var i = 0; i < 3; i++)
        {
            await world.Spawner.Spawn("good", () => { runs++; }, policy);
            var bad = world.Spawner.Spawn(
                "bad", static () => Task.FromException(new InvalidOperationException("no")), policy);
            Assert.Equal("no", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad.Completion)).Message);
        }

        Assert.Equal((3, 3), (runs, world.Failures.Count));
        await world.IdleAsync();
    }

    [Fact]
    public async Task Spawn_MeterListenerThatThrows_EndsEveryTaskAndTellsTheRest()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, all) =>
        {
            if (instrument.Meter.Name == "Lovage" && instrument.Name is "lovage.local.completed")
            {
                all.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            static (_, _, _, _) => throw new InvalidOperationException("the listener"));
        listener.Start();
        await using var world = await SpawnWorld.StartAsync();

        await world.Spawner.Spawn("good", static () => { });
        var bad = world.Spawner.Spawn("bad", static () => Task.FromException(new TimeoutException("no")));

        await Assert.ThrowsAsync<TimeoutException>(() => bad.Completion);
        Assert.Single(world.Failures);
        Assert.Single(world.Log.Of(TestLog.Failed));
        await world.IdleAsync();
    }

    [Fact]
    public async Task Spawn_InATrace_ContinuesItAndNothingElse()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Lovage",
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var world = await SpawnWorld.StartAsync();
        using var caller = new Activity("caller").Start();
        Activity? inside = null;

        var task = world.Spawner.Spawn("traced", () =>
        {
            inside = Activity.Current;
            return Task.FromException(new TimeoutException());
        });
        await Assert.ThrowsAsync<TimeoutException>(() => task.Completion);
        await world.IdleAsync();

        var span = Assert.Single(spans);
        Assert.Equal(
            ("run traced", caller.TraceId, caller.SpanId, ActivityStatusCode.Error),
            (span.DisplayName, span.TraceId, span.ParentSpanId, span.Status));
        Assert.Equal(
            ("spawned", "traced", 1, "System.TimeoutException"),
            (
                span.GetTagItem("lovage.task.kind"),
                span.GetTagItem("lovage.task.name"),
                span.GetTagItem("lovage.task.attempt"),
                span.GetTagItem("error.type")));
        Assert.Same(span, inside);
        Assert.Same(caller, Activity.Current);
    }

    private sealed class ThrowingLog : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id is >= 4000 and < 5000)
            {
                throw new InvalidOperationException("the logger");
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>What Lovage's meter says of tasks of this process, from now on.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Instrument, long Value, Dictionary<string, object?> Tags)> _all = new();
    private int _durations;

    internal Measured()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Lovage"
                && instrument.Name.StartsWith("lovage.local.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) => _all.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary())));
        _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref _durations));
        _listener.Start();
    }

    internal int Durations => _durations;

    /// <summary>Name, outcome and error of each try.</summary>
    internal IReadOnlyList<string> Completed() =>
        [.. Of("lovage.local.completed").Select(
            static one =>
                $"{one.Tags["lovage.task.name"]} {one.Tags["lovage.task.outcome"]} "
                    + $"{one.Tags.GetValueOrDefault("error.type")}")];

    internal void Clear() => _all.Clear();

    internal long Depth() => Of("lovage.local.queue.depth").Sum(static one => one.Value);

    internal long Dropped(string reason) =>
        Of("lovage.local.dropped").Where(one => Equals(one.Tags["reason"], reason)).Sum(static one => one.Value);

    public void Dispose() => _listener.Dispose();

    private IEnumerable<(string Instrument, long Value, Dictionary<string, object?> Tags)> Of(string instrument) =>
        _all.Where(one => one.Instrument == instrument);
}

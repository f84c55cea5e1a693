using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lovage.Execution;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Hosting;

public sealed partial class StarvationWatchTests
{
    private const int Slow = 3020;
    private const int Starves = 3021;
    private const int Answers = 3022;

    [Fact]
    public void Look_PoolThatAnswers_SaysNothing()
    {
        var world = new World();
        for (var i = 0; i < 100; i++)
        {
            world.Look();
            world.Pool.Run();
        }

        Assert.Equal(100, world.Pool.Probes);
        Assert.Equal(99, world.Elapsed.TotalSeconds);
        Assert.Empty(world.Log);
        Assert.Equal((HealthStatus.Healthy, 0.0), (world.Health.Status, world.Health.Data["delay_seconds"]));
    }

    [Fact]
    public void Look_NothingWaits_LeavesThePoolAlone()
    {
        var world = new World();
        world.Pool.IsUsed = false;
        world.LookUntil(TimeSpan.FromMinutes(10));
        Assert.Equal(0, world.Pool.Probes);
        Assert.Equal((HealthStatus.Healthy, 0.0), (world.Health.Status, world.Health.Data["delay_seconds"]));

        world.Pool.IsUsed = true;
        world.LookUntil(world.Elapsed + TimeSpan.FromSeconds(6));
        Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);
    }

    [Fact]
    public void Look_StarvedAndNothingWaitsAnyMore_AsksBeforeItIsReady()
    {
        var world = new World();
        world.LookUntil(TimeSpan.FromSeconds(6));
        world.Pool.IsUsed = false;
        world.Pool.Run();
        world.Look();
        Assert.Equal((HealthStatus.Unhealthy, 2), (world.Health.Status, world.Pool.Probes));

        world.Pool.Run();
        world.Look();
        Assert.Equal((HealthStatus.Healthy, 2), (world.Health.Status, world.Pool.Probes));
    }

    [Fact]
    public void Look_WaitBelowTheLimit_WarnsAndStaysReady()
    {
        var world = new World();
        world.Running.Add(new RunningHandler("scan", HoldsThread: true, TimeSpan.FromSeconds(3)));
        world.LookUntil(TimeSpan.FromSeconds(4));

        var (id, level, text) = Assert.Single(world.Log);
        Assert.Equal((Slow, LogLevel.Warning), (id, level));
        Assert.StartsWith("The thread pool lets a work item wait for 2.0 s, ", text, StringComparison.Ordinal);
        Assert.Contains("Handlers that hold its threads: scan (1, for up to 3.0 s).", text, StringComparison.Ordinal);
        Assert.Equal((HealthStatus.Healthy, 4.0), (world.Health.Status, world.Health.Data["delay_seconds"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(5)]
    [InlineData(59.9)]
    public void Look_WaitReachesTheLimit_IsNotReadyAtThatMoment(double seconds)
    {
        var limit = TimeSpan.FromSeconds(seconds);
        var world = new World(limit);
        world.LookUntil(limit - TimeSpan.FromTicks(1));
        Assert.Equal(HealthStatus.Healthy, world.Health.Status);

        world.LookUntil(limit);

        Assert.Equal(limit, world.Elapsed);
        Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);
        Assert.Equal(LogLevel.Error, Assert.Single(world.Log, line => line.Id == Starves).Level);
        Assert.Equal(HealthStatus.Degraded, world.Watch.Health(HealthStatus.Degraded).Status);
    }

    [Fact]
    public void Look_StarvedPoolAnswersPromptlyAgain_IsReady()
    {
        var world = new World();
        world.LookUntil(TimeSpan.FromSeconds(7));
        Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);

        // This answer has come late, which says nothing of the next.
        world.Pool.Run();
        world.Look();
        Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);
        Assert.DoesNotContain(world.Log, line => line.Id == Answers);

        world.Pool.Run();
        world.Look();
        Assert.Equal(HealthStatus.Healthy, world.Health.Status);
        Assert.Equal(LogLevel.Information, Assert.Single(world.Log, line => line.Id == Answers).Level);
    }

    [Fact]
    public void Look_EveryAnswerIsLate_StaysNotReady()
    {
        var world = new World();
        for (var i = 0; i < 10; i++)
        {
            world.LookUntil(world.Elapsed + TimeSpan.FromSeconds(i == 0 ? 6 : 3));
            Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);
            world.Pool.Run();
        }
    }

    [Fact]
    public void Look_StarvedPool_IsGivenOneProbeOnly()
    {
        var world = new World();
        world.LookUntil(TimeSpan.FromMinutes(10));
        Assert.Equal(1, world.Pool.Probes);
    }

    [Fact]
    public void Look_LongStarvation_IsToldOnceAMinuteWithWhoBlocksThen()
    {
        var world = new World();
        world.Running.Add(new RunningHandler("first", HoldsThread: true, TimeSpan.FromSeconds(9)));
        world.LookUntil(TimeSpan.FromSeconds(64));
        world.Running[0] = world.Running[0] with { Name = "second" };
        world.LookUntil(TimeSpan.FromSeconds(150));

        Assert.Equal(
            [(Slow, "first"), (Starves, "first"), (Starves, "second"), (Starves, "second")],
            world.Log.Select(
                line => (line.Id, line.Text.Contains("first (1", StringComparison.Ordinal) ? "first" : "second")));
        Assert.Equal([2.0, 5.0, 65.0, 125.0], world.LogTimes);
    }

    [Fact]
    public void Look_StarvationThatComesAndGoes_IsToldOnceAMinute()
    {
        var world = new World();
        while (world.Elapsed < TimeSpan.FromSeconds(55))
        {
            world.LookUntil(world.Elapsed + TimeSpan.FromSeconds(6));
            Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);
            world.Pool.Run();
            world.Look();
            world.Pool.Run();
            world.Look();
            Assert.Equal(HealthStatus.Healthy, world.Health.Status);
        }

        Assert.Equal([Slow, Starves, Answers], world.Log.Select(line => line.Id));
    }

    [Fact]
    public void Look_ProcessThatStoodStill_DoesNotBlameThePool()
    {
        var world = new World();
        world.LookUntil(TimeSpan.FromMilliseconds(500));
        world.Time.Advance(TimeSpan.FromHours(1));
        world.Look();
        Assert.Equal(HealthStatus.Healthy, world.Health.Status);
        Assert.Empty(world.Log);

        // The pool does not answer after it either: that is counted from then on.
        world.LookUntil(world.Elapsed + TimeSpan.FromSeconds(5));
        Assert.Equal(HealthStatus.Unhealthy, world.Health.Status);
    }

    [Fact]
    public void Look_HandlersOfManyKinds_TellsHoldersFromSuspects()
    {
        var world = new World();
        world.Add(3, "import", holds: true, 4);
        world.Add(1, "import", holds: true, 7.5);
        world.Add(1, "scan", holds: true, 6);
        world.Add(50, "brief", holds: true, 0.5);
        world.Add(2, "poll", holds: false, 100);
        world.Add(9, "quick", holds: false, 0.2);
        world.LookUntil(TimeSpan.FromSeconds(5));

        var text = Assert.Single(world.Log, line => line.Id == Starves).Text;
        Assert.Contains(
            "Handlers that hold its threads: import (4, for up to 7.5 s), scan (1, for up to 6.0 s). ",
            text,
            StringComparison.Ordinal);
        Assert.Contains("may block after an await: poll (2, for up to 100.0 s). ", text, StringComparison.Ordinal);
        Assert.Contains("Execution = JobExecution.DedicatedThread", text, StringComparison.Ordinal);
        Assert.Contains("TaskSpawner.RunDedicatedAsync", text, StringComparison.Ordinal);
        Assert.Contains(
            "Holding threads: import (4, for up to 7.5 s), scan (1, for up to 6.0 s). ",
            world.Health.Description,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Look_ManyThatHoldBriefly_NamesThem()
    {
        var world = new World();
        world.Add(50, "brief", holds: true, 0.5);
        world.LookUntil(TimeSpan.FromSeconds(5));
        Assert.Contains(
            "hold its threads: brief (50, for up to 0.5 s). ", world.Log[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_NothingOfLovageRuns_SaysSo()
    {
        var world = new World();
        world.LookUntil(TimeSpan.FromSeconds(5));
        Assert.Contains(
            "hold its threads: none known. Handlers that run for long and may block after an await: none known. ",
            world.Log[^1].Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Look_ManyNames_AreCutOff()
    {
        var world = new World();
        for (var i = 0; i < 30; i++)
        {
            world.Add(1, $"job{i}", holds: true, 100 - i);
        }

        world.LookUntil(TimeSpan.FromSeconds(5));
        Assert.Contains("job0 (1, for up to 100.0 s), ", world.Log[^1].Text, StringComparison.Ordinal);
        Assert.Contains("job9 (1, for up to 91.0 s), .... ", world.Log[^1].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("job10", world.Log[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_EachTime_RecordsTheWaitSoFar()
    {
        var recorded = new ConcurrentQueue<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "lovage.threadpool.delay")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => recorded.Enqueue(value));
        listener.Start();
        var world = new World(TimeSpan.FromHours(1));
        world.LookUntil(TimeSpan.FromSeconds(1234));

        // The meter is the process's, and the pool of other tests does not stand for minutes.
        Assert.Equal(
            Enumerable.Range(600, 635).Select(static second => (double)second),
            recorded.Where(static value => value >= 600));
    }

    [Fact]
    public async Task Start_ClockOfATest_NobodyLooks()
    {
        var world = new World();
        await using var watch = world.Watch;
        watch.Start();
        await watch.DisposeAsync();
        Assert.Equal(0, world.Pool.Probes);
    }

    [Fact]
    public async Task Start_SystemClock_LooksFromAThreadOfItsOwnUntilDisposed()
    {
        var pool = new FakePool();
        var watch = new StarvationWatch(
            TimeSpan.FromSeconds(5), TimeProvider.System, pool, static () => [], new Recorder([], new TestClock(), []));
        watch.Start();
        await pool.Queued.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var thread = pool.Queuer!;
        Assert.Equal(("lovage-starvation", false, true), (thread.Name, thread.IsThreadPoolThread, thread.IsBackground));

        await watch.DisposeAsync();
        await watch.DisposeAsync();
        Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task OfProcess_QueuedItem_Runs()
    {
        var ran = new Signalling();
        new WatchedPool.OfProcess().Queue(ran);
        Assert.True(await ran.OnPool.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    /// <summary>
    /// A watch whose pool runs what it is given when it is told to, and whose clock is moved from look to look.
    /// </summary>
    private sealed class World
    {
        private readonly List<(int Id, LogLevel Level, string Text)> _log = [];
        private readonly List<double> _logTimes = [];
        private TimeSpan _pause;

        internal World(TimeSpan? limit = null) => Watch = new StarvationWatch(
            limit ?? TimeSpan.FromSeconds(5),
            Time,
            Pool,
            () => Running,
            new Recorder(_log, Time, _logTimes));

        internal TestClock Time { get; } = new();

        internal StarvationWatch Watch { get; }

        internal List<RunningHandler> Running { get; } = [];

        internal FakePool Pool { get; } = new();

        internal TimeSpan Elapsed => Time.Elapsed;

        internal IReadOnlyList<(int Id, LogLevel Level, string Text)> Log => _log;

        internal IReadOnlyList<double> LogTimes => _logTimes;

        internal HealthCheckResult Health => Watch.Health(HealthStatus.Unhealthy);

        internal void Add(int count, string name, bool holds, double seconds) =>
            Running.AddRange(Enumerable.Repeat(new RunningHandler(name, holds, TimeSpan.FromSeconds(seconds)), count));

        internal void Look()
        {
            Time.Advance(_pause);
            _pause = Watch.Look();
        }

        /// <summary>Looks as often as it wants to, up to a moment.</summary>
        internal void LookUntil(TimeSpan end)
        {
            while (Elapsed + _pause <= end)
            {
                Look();
            }
        }
    }

    private sealed class Signalling : IThreadPoolWorkItem
    {
        internal TaskCompletionSource<bool> OnPool { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Execute() => OnPool.TrySetResult(Thread.CurrentThread.IsThreadPoolThread);
    }
}

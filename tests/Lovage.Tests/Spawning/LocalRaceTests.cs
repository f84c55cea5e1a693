using System.Collections.Concurrent;
using Lovage.Diagnostics;
using Lovage.Spawning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lovage.Tests.Spawning;

/// <summary>
/// Threads against each other where they may meet badly: accepting against stopping, adding against the response's end,
/// the last place against the next request.
/// </summary>
[Collection(AloneTests.Name)]
public sealed class LocalRaceTests
{
    private const int Rounds = 2_000;

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly LocalReport _report = new(NullLogger.Instance);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StopAsync_WhileTasksComeAndGo_RunsEveryAcceptedOneAndNoOther()
    {
        var random = Seeded();
        await using var services = new ServiceCollection().BuildServiceProvider();
        for (var round = 0; round < Rounds / 4; round++)
        {
            var runner = Runner(spawned: 3, drain: TimeSpan.FromSeconds(30));
            using var start = new Barrier(4);
            var (accepted, ran, refused) = (0, 0, 0);
            var stopAfter = random.Next(20);
            var threads = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(() =>
            {
                start.SignalAndWait(Cancel);
                for (var i = 0; i < 25; i++)
                {
                    try
                    {
                        var entry = runner.Accept(TaskKind.Spawned, "race");
                        Interlocked.Increment(ref accepted);
                        var task = new SpawnedTask<bool>(entry);
                        entry.Task = task;
                        runner.Run(task, Call(services, () => Interlocked.Increment(ref ran)), TimeSpan.Zero);
                    }
                    catch (QueueFullException)
                    {
                        Thread.Yield();
                    }
                    catch (AppStoppingException)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
            }, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();

            start.SignalAndWait(Cancel);
            Thread.SpinWait(stopAfter * 50);
            var started = _time.GetTimestamp();
            await runner.StopAsync(CancellationToken.None);
            Assert.True(
                _time.GetElapsedTime(started) < TimeSpan.FromSeconds(25),
                $"round {round}: the stop waited for no task");

            // Whatever was accepted ended before the stop did; what comes now is refused.
            var atStop = Volatile.Read(ref ran);
            await Task.WhenAll(threads);
            Assert.Equal((accepted, atStop), (ran, ran));
            Assert.Equal(0, runner.Count);
            Assert.Empty(runner.List());
            Assert.Throws<AppStoppingException>(() => runner.Accept(TaskKind.Spawned, "late"));
        }
    }

    [Fact]
    public async Task WhenIdleAsync_WhileOthersAreRefused_IsWoken()
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var runner = Runner(spawned: 1, drain: TimeSpan.Zero);
        using var over = new CancellationTokenSource();
        var hammer = Task.Factory.StartNew(() =>
        {
            while (!over.IsCancellationRequested)
            {
                try
                {
                    runner.Leave(runner.Accept(TaskKind.Spawned, "in and out"));
                }
                catch (QueueFullException)
                {
                    Thread.Yield();
                }
            }
        }, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var round = 0; round < Rounds; round++)
        {
            await runner.WhenIdleAsync(Cancel).WaitAsync(SpawnWorld.Patience, Cancel);
        }

        await over.CancelAsync();
        await hammer;
    }

    [Fact]
    public async Task Add_WhileTheResponseEnds_EitherRunsOrIsRefusedWithoutATrace()
    {
        var random = Seeded();
        await using var services = new ServiceCollection().BuildServiceProvider();
        var runner = Runner(spawned: 1, drain: TimeSpan.FromSeconds(30));
        for (var round = 0; round < Rounds; round++)
        {
            var tasks = new TestRequestTasks(runner, null!);
            var drops = random.Next(3) == 0;
            var spin = random.Next(200);
            var ran = new ConcurrentQueue<int>();
            var accepted = new ConcurrentQueue<int>();
            tasks.Add("first", Call(services, () => ran.Enqueue(-1)));
            using var start = new Barrier(3);
            var adders = Enumerable.Range(0, 2).Select(thread => Task.Factory.StartNew(() =>
            {
                start.SignalAndWait(Cancel);
                for (var i = 0; i < 5; i++)
                {
                    var id = (thread * 10) + i;
                    try
                    {
                        tasks.Add("race", Call(services, () => ran.Enqueue(id)));
                        accepted.Enqueue(id);
                    }
                    catch (InvalidOperationException late)
                        when (late.Message.Contains("too late", StringComparison.Ordinal))
                    {
                    }
                }
            }, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
            start.SignalAndWait(Cancel);
            Thread.SpinWait(spin);
            if (drops)
            {
                tasks.Drop("of the test");
            }
            else
            {
                tasks.Start();
            }

            // The other end of the request may come too: by an exception and by the response's end.
            tasks.Start();
            tasks.Drop("of the test");
            await Task.WhenAll(adders);
            await runner.WhenIdleAsync(Cancel).WaitAsync(SpawnWorld.Patience, Cancel);

            Assert.Equal(drops ? [] : accepted.Append(-1).Order(), ran.Order());
            Assert.Equal(0, runner.Count);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Run_RequestsThatComeWhileTheLastPlaceEnds_AreNeverStranded(int concurrency)
    {
        var random = Seeded();
        await using var services = new ServiceCollection().BuildServiceProvider();
        var runner = Runner(spawned: 1, drain: TimeSpan.FromSeconds(30), concurrency);
        var (running, most, ran) = (0, 0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var requests = 1 + random.Next(4);
            var kinds = Enumerable.Range(0, requests).Select(_ => random.Next(3)).ToArray();
            var before = Volatile.Read(ref ran);
            Parallel.For(0, requests, request =>
            {
                var tasks = new TestRequestTasks(runner, null!);
                tasks.Add("one", new DelegateCall(services.GetRequiredService<IServiceScopeFactory>(), async (_, _) =>
                {
                    var now = Interlocked.Increment(ref running);
                    for (var seen = Volatile.Read(ref most); now > seen;)
                    {
                        seen = Interlocked.CompareExchange(ref most, now, seen);
                    }

                    if (kinds[request] == 1)
                    {
                        await Task.Yield();
                    }

                    Interlocked.Decrement(ref running);
                    Interlocked.Increment(ref ran);
                    if (kinds[request] == 2)
                    {
                        throw new InvalidOperationException("one of them fails");
                    }
                }));
                tasks.Start();
            });
            await runner.WhenIdleAsync(Cancel).WaitAsync(SpawnWorld.Patience, Cancel);
            Assert.Equal(before + requests, ran);
        }

        Assert.InRange(most, 1, concurrency);
    }

    [Fact]
    public async Task Cancel_AgainstTheEndOfATask_EndsItOnceEitherWay()
    {
        var random = Seeded();
        await using var services = new ServiceCollection().BuildServiceProvider();
        var runner = Runner(spawned: 1, drain: TimeSpan.FromSeconds(30));
        for (var round = 0; round < Rounds; round++)
        {
            var entry = runner.Accept(TaskKind.Spawned, "race");
            var task = new SpawnedTask<bool>(entry);
            entry.Task = task;
            runner.Run(task, Call(services, static () => { }), TimeSpan.Zero);
            Thread.SpinWait(random.Next(300));
            task.Cancel();
            await task.Completion.ContinueWith(
                static _ => { },
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default).WaitAsync(SpawnWorld.Patience, Cancel);
            Assert.Equal(
                task.Completion.IsCompletedSuccessfully ? SpawnedTaskState.Succeeded : SpawnedTaskState.Cancelled,
                task.State);
            Assert.Equal(0, runner.Count);
        }
    }

    private static DelegateCall Call(IServiceProvider services, Action run) =>
        new(services.GetRequiredService<IServiceScopeFactory>(), (_, _) =>
        {
            run();
            return Task.CompletedTask;
        });

    private static Random Seeded()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        return new Random(seed);
    }

    private LocalRunner Runner(int spawned, TimeSpan drain, int concurrency = 2) => new(
        new LocalSettings
        {
            AfterResponseMax = 1_000,
            AfterResponseConcurrency = concurrency,
            SpawnedMax = spawned,
            DedicatedMax = 10,
            DedicatedThreads = 1,
            DrainTime = drain,
            StopTime = null,
            CancelTime = TimeSpan.Zero,
        },
        _time,
        new Random(1),
        _report,
        LocalListeners.Of(NullLogger.Instance, [], _time, TelemetrySettings.Default));
}

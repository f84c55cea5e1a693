using System.Collections.Concurrent;
using System.Globalization;
using Lovage.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Spawning;

/// <summary>Calls on threads of their own; the clock is not needed, the threads are real.</summary>
public sealed class DedicatedCallTests : IDisposable
{
    private static readonly AsyncLocal<string?> Flow = new();

    private readonly ManualResetEventSlim _gate = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _gate.Dispose();

    [Fact]
    public async Task RunDedicatedAsync_EveryOverload_RunsOffThePoolAndReturns()
    {
        await using var world = await SpawnWorld.StartAsync();
        var pool = new ConcurrentQueue<bool>();
        void Note() => pool.Enqueue(Thread.CurrentThread.IsThreadPoolThread);

        Assert.Equal(1, await world.Spawner.RunDedicatedAsync(() => { Note(); return 1; }, Cancel));
        Assert.True(await world.Spawner.RunDedicatedAsync(token => { Note(); return token.CanBeCanceled; }, Cancel));
        await world.Spawner.RunDedicatedAsync(Note, Cancel);
        await world.Spawner.RunDedicatedAsync(_ => Note(), Cancel);

        Assert.Equal([false, false, false, false], pool);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task RunDedicatedAsync_FlowIsSuppressed_SeesNothingOfEarlierCallers()
    {
        await using var world = await SpawnWorld.StartAsync(null, ("Lovage:Local:DedicatedThreads", "1"));
        Flow.Value = "the first";
        var french = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        french.NumberFormat.NumberDecimalSeparator = ",";
        await world.Spawner.RunDedicatedAsync(
            () =>
            {
                Flow.Value = "set inside";
                CultureInfo.CurrentCulture = french;
                Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
            },
            Cancel);

        Task<(string? Value, string Number, ThreadPriority Priority)> second;
        using (ExecutionContext.SuppressFlow())
        {
            second = world.Spawner.RunDedicatedAsync(
                () => ((string?)Flow.Value, $"{1.5}", Thread.CurrentThread.Priority), Cancel);
        }

        Assert.Equal((null, "1.5", ThreadPriority.Normal), await second);
    }

    [Fact]
    public async Task RunDedicatedAsync_ThrowsACancellationOfItsOwn_HandsItOnAsItWasThrown()
    {
        await using var world = await SpawnWorld.StartAsync();
        var timeout = new TaskCanceledException("The call took too long.", new TimeoutException("10 s"));

        Assert.Same(
            timeout,
            await Assert.ThrowsAsync<TaskCanceledException>(
                () => world.Spawner.RunDedicatedAsync<int>(() => throw timeout, Cancel)));

        using var stop = new CancellationTokenSource();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => world.Spawner.RunDedicatedAsync(
                token =>
                {
                    stop.Cancel();
                    token.ThrowIfCancellationRequested();
                },
                stop.Token));
        Assert.Equal(stop.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task RunDedicatedAsync_MoreCallsThanThreads_UsesNoMoreThreads()
    {
        const int Threads = 3;
        var names = new ConcurrentDictionary<string, int>();
        var (running, most) = (0, 0);
        using var together = new Barrier(Threads);
        await using var world = await SpawnWorld.StartAsync(
            null, ("Lovage:Local:DedicatedThreads", Threads.ToString(CultureInfo.InvariantCulture)));

        var results = await Task.WhenAll(
            Enumerable.Range(0, Threads * 20).Select(i => world.Spawner.RunDedicatedAsync(() =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                names.AddOrUpdate(Thread.CurrentThread.Name!, 1, static (_, count) => count + 1);

                // All threads are used, or the barrier is never met.
                Assert.True(together.SignalAndWait(SpawnWorld.Patience, Cancel));
                Interlocked.Decrement(ref running);
                return i;
            }, Cancel)));

        Assert.Equal(Enumerable.Range(0, Threads * 20), results);
        Assert.Equal(Threads, names.Count);
        Assert.InRange(most, 1, Threads);
        Assert.All(names.Keys, static name => Assert.StartsWith("lovage-local-", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunDedicatedAsync_CallThatThrows_ThrowsAtItsCallerAndIsNobodyElsesFailure()
    {
        await using var world = await SpawnWorld.StartAsync();
        var error = new InvalidOperationException("no");

        Assert.Same(
            error,
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => world.Spawner.RunDedicatedAsync(new Action(() => throw error), Cancel)));

        Assert.Empty(world.Failures);
        Assert.Equal(1, await world.Spawner.RunDedicatedAsync(static () => 1, Cancel));
    }

    [Fact]
    public async Task RunDedicatedAsync_Flow_GoesWithTheCallAndNotBack()
    {
        await using var world = await SpawnWorld.StartAsync(null, ("Lovage:Local:DedicatedThreads", "1"));
        Flow.Value = "caller";

        Assert.Equal("caller", await world.Spawner.RunDedicatedAsync(static () =>
        {
            var seen = Flow.Value;
            Flow.Value = "call";
            return seen;
        }, Cancel));
        Assert.Equal("caller", Flow.Value);
        Flow.Value = null;
        Assert.Null(await world.Spawner.RunDedicatedAsync(static () => Flow.Value, Cancel));
    }

    [Fact]
    public async Task RunDedicatedAsync_CancelledWhileItRuns_CancelsItsToken()
    {
        using var stop = new CancellationTokenSource();
        await using var world = await SpawnWorld.StartAsync();
        var entered = new Signal();
        var call = world.Spawner.RunDedicatedAsync(token =>
        {
            entered.Set();
            token.WaitHandle.WaitOne(SpawnWorld.Patience);
            token.ThrowIfCancellationRequested();
            return 1;
        }, stop.Token);
        await entered.WaitAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task RunDedicatedAsync_CancelledButDone_ReturnsItsValue()
    {
        using var stop = new CancellationTokenSource();
        await using var world = await SpawnWorld.StartAsync();
        var entered = new Signal();
        var call = world.Spawner.RunDedicatedAsync(_ =>
        {
            entered.Set();
            _gate.Wait(SpawnWorld.Patience, CancellationToken.None);
            return 1;
        }, stop.Token);
        await entered.WaitAsync();

        await stop.CancelAsync();
        _gate.Set();

        Assert.Equal(1, await call);
    }

    [Fact]
    public async Task RunDedicatedAsync_CancelledWhileItWaitsForAThread_EndsAtOnceAndNeverRuns()
    {
        using var stop = new CancellationTokenSource();
        await using var world = await SpawnWorld.StartAsync(
            null, ("Lovage:Local:DedicatedThreads", "1"), ("Lovage:Local:DedicatedMax", "2"));
        var entered = new Signal();
        var first = world.Spawner.RunDedicatedAsync(() =>
        {
            entered.Set();
            _gate.Wait(SpawnWorld.Patience, CancellationToken.None);
        }, Cancel);
        await entered.WaitAsync();
        var ran = false;
        var waiting = world.Spawner.RunDedicatedAsync(() => { ran = true; }, stop.Token);
        Assert.Equal([true, false], world.Spawner.Running.Select(static task => task.Started));

        await stop.CancelAsync();

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => waiting.WaitAsync(SpawnWorld.Patience, Cancel));
        Assert.Equal(stop.Token, cancelled.CancellationToken);
        Assert.False(first.IsCompleted);
        _gate.Set();
        await first;
        await world.IdleAsync();
        Assert.False(ran);
        Assert.Equal(1, await world.Spawner.RunDedicatedAsync(static () => 1, Cancel));
    }

    [Fact]
    public async Task RunDedicatedAsync_CancelledBefore_NeverRuns()
    {
        await using var world = await SpawnWorld.StartAsync();
        var ran = false;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => world.Spawner.RunDedicatedAsync(() => { ran = true; }, new CancellationToken(canceled: true)));

        await world.IdleAsync();
        Assert.False(ran);
    }

    [Fact]
    public async Task RunDedicatedAsync_TooMany_IsRefusedAndLeavesNothing()
    {
        await using var world = await SpawnWorld.StartAsync(
            null, ("Lovage:Local:DedicatedThreads", "1"), ("Lovage:Local:DedicatedMax", "2"));
        Task[] calls = [Block(world), Block(world)];

        var full = await Assert.ThrowsAsync<QueueFullException>(
            () => world.Spawner.RunDedicatedAsync(static () => 1, Cancel));

        Assert.Equal("dedicated", full.Queue);
        Assert.Contains("Lovage:Local:DedicatedMax", full.Message, StringComparison.Ordinal);
        Assert.Equal(2, world.Spawner.Running.Count);
        _gate.Set();
        await Task.WhenAll(calls);
        Assert.Equal(1, await world.Spawner.RunDedicatedAsync(static () => 1, Cancel));
    }

    [Fact]
    public async Task RunDedicatedAsync_Name_IsTheCallersUnlessGiven()
    {
        await using var world = await SpawnWorld.StartAsync();
        var calls = new[] { Block(world), world.Spawner.RunDedicatedAsync(
            () => _gate.Wait(SpawnWorld.Patience, CancellationToken.None), Cancel, "given") };

        Assert.Equal(
            ["Block", "given"], world.Spawner.Running.Select(static task => task.Name).Order(StringComparer.Ordinal));
        _gate.Set();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task RunDedicatedAsync_ThreadsOfTheApp_EndWithIt()
    {
        Thread? thread = null;
        await using (var world = await SpawnWorld.StartAsync())
        {
            await world.Spawner.RunDedicatedAsync(() => { thread = Thread.CurrentThread; }, Cancel);
            Assert.NotNull(world.Services.GetRequiredService<DedicatedThreads>());
            Assert.True(thread!.IsAlive);
        }

        Assert.True(thread.Join(SpawnWorld.Patience), "The thread outlives the app.");
    }

    private Task<bool> Block(SpawnWorld world) =>
        world.Spawner.RunDedicatedAsync(() => _gate.Wait(SpawnWorld.Patience, CancellationToken.None), Cancel);
}

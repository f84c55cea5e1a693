using System.Collections.Concurrent;

namespace Lovage.Tests.Spawning;

public sealed partial class GatherTests
{
    private static readonly AsyncLocal<string?> Flow = new();

    private readonly Signal _gate = new();
    private readonly Signal _entered = new();
    private int _running;
    private int _most;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhenAllAsync_TenThousandItems_ReturnsTheirResultsInOrderWithinTheBound()
    {
        const int Items = 10_000;
        const int Concurrency = 32;
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        int[] yields = [.. Enumerable.Range(0, Items).Select(_ => random.Next(4))];
        var together = new Signal();
        await using var world = await SpawnWorld.StartAsync();

        var results = await world.Spawner.WhenAllAsync("many", Enumerable.Range(0, Items), async (item, _) =>
        {
            if (Enter() == Concurrency)
            {
                together.Set();
            }

            // The bound is used to the full before anything ends.
            await together.WhenSet;
            for (var i = 0; i < yields[item]; i++)
            {
                await Task.Yield();
            }

            Interlocked.Decrement(ref _running);
            return item * 2;
        }, Concurrency, Cancel);

        Assert.Equal(Enumerable.Range(0, Items).Select(static item => item * 2), results);
        Assert.Equal(Concurrency, _most);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task WhenAllAsync_NoItems_ReturnsNothing()
    {
        await using var world = await SpawnWorld.StartAsync();

        Assert.Empty(await world.Spawner.WhenAllAsync(
            "none", Array.Empty<int>(), static (item, _) => Task.FromResult(item), cancellationToken: Cancel));
        Assert.Empty(await world.Spawner.WhenAllSettledAsync(
            "none", Array.Empty<int>(), static (item, _) => Task.FromResult(item), cancellationToken: Cancel));
    }

    [Fact]
    public async Task WhenAllAsync_OneFails_CancelsTheOthersAndThrowsIt()
    {
        var started = new ConcurrentQueue<int>();
        var cancelled = 0;
        var error = new TimeoutException("the third");
        await using var world = await SpawnWorld.StartAsync();

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => world.Spawner.WhenAllAsync("fails", Enumerable.Range(0, 1_000), async (item, token) =>
            {
                started.Enqueue(item);
                if (item == 2)
                {
                    await _entered.WhenSet;
                    throw error;
                }

                if (item == 3)
                {
                    _entered.Set();
                }

                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                    throw;
                }

                return item;
            }, maxConcurrency: 4, Cancel));

        Assert.Same(error, thrown);
        Assert.Equal([0, 1, 2, 3], started.Order());
        Assert.Equal(3, cancelled);
        Assert.Equal(new TaskFailure(TaskKind.Spawned, "fails", error, 1), Assert.Single(world.Failures));
        Assert.Same(error, Assert.Single(world.Log.Of(TestLog.Failed)).Error);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task WhenAllAsync_OthersFailToo_ThrowsTheFirstAndLogsAll()
    {
        await using var world = await SpawnWorld.StartAsync();

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => world.Spawner.WhenAllAsync<int, int>("fail", [0, 1], async (item, token) =>
            {
                if (item == 0)
                {
                    throw new TimeoutException("first");
                }

                await Task.Delay(Timeout.Infinite, token).ContinueWith(static _ => { }, TaskScheduler.Default);
                throw new InvalidOperationException("because of it");
            }, cancellationToken: Cancel));

        Assert.Equal("first", thrown.Message);
        Assert.Equal(
            ["because of it", "first"],
            world.Failures.Select(static failure => failure.Exception.Message).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task WhenAllSettledAsync_SomeFail_RunsAllAndTellsEach()
    {
        await using var world = await SpawnWorld.StartAsync();

        var outcomes = await world.Spawner.WhenAllSettledAsync("settled", Enumerable.Range(0, 200), async (item, _) =>
        {
            await Task.Yield();
            return item % 10 == 0 ? throw new TimeoutException($"{item}") : item;
        }, maxConcurrency: 7, Cancel);

        Assert.Equal(200, outcomes.Count);
        Assert.All(outcomes.Index(), static pair =>
        {
            Assert.Equal(pair.Index % 10 != 0, pair.Item.Succeeded);
            Assert.Equal(pair.Index % 10 == 0 ? $"{pair.Index}" : null, pair.Item.Exception?.Message);
            Assert.Equal(pair.Index % 10 == 0 ? 0 : pair.Index, pair.Item.Value);
        });
        Assert.Equal(20, world.Failures.Count);
    }

    [Fact]
    public async Task WhenAllAsync_WorkThatThrowsBeforeItAwaits_FailsTheSameWay()
    {
        await using var world = await SpawnWorld.StartAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => world.Spawner.WhenAllAsync<int, int>(
            "throws", [1, 2, 3], static (_, _) => throw new TimeoutException(), cancellationToken: Cancel));

        Assert.Empty(world.Spawner.Running);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhenAll_CancelledByItsCaller_StopsAndThrowsThatCancellation(bool settled)
    {
        using var stop = new CancellationTokenSource();
        var started = 0;
        await using var world = await SpawnWorld.StartAsync();
        async Task<int> WorkAsync(int item, CancellationToken token)
        {
            if (Interlocked.Increment(ref started) == 3)
            {
                _entered.Set();
            }

            await Task.Delay(Timeout.Infinite, token);
            return item;
        }

        Task gathering = settled
            ? world.Spawner.WhenAllSettledAsync("cancelled", Enumerable.Range(0, 100), WorkAsync, 3, stop.Token)
            : world.Spawner.WhenAllAsync("cancelled", Enumerable.Range(0, 100), WorkAsync, 3, stop.Token);
        await _entered.WaitAsync();
        await stop.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => gathering.WaitAsync(SpawnWorld.Patience, Cancel));
        Assert.Equal(stop.Token, thrown.CancellationToken);
        Assert.Equal(3, started);
        Assert.Empty(world.Failures);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task WhenAllAsync_CancelledBefore_StartsNothing()
    {
        await using var world = await SpawnWorld.StartAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => world.Spawner.WhenAllAsync("cancelled", [1], (item, _) =>
            {
                _entered.Set();
                return Task.FromResult(item);
            }, cancellationToken: new CancellationToken(canceled: true)));

        Assert.False(_entered.IsSet);
        Assert.Empty(world.Spawner.Running);
    }

    [Theory]
    [InlineData(0, 2, false)]
    [InlineData(1, 2, false)]
    [InlineData(5, 2, false)]
    [InlineData(0, 2, true)]
    [InlineData(1, 2, true)]
    [InlineData(5, 2, true)]
    [InlineData(50, 4, true)]
    public async Task WhenAll_ItemsThatThrow_StopsTheRestWaitsForItAndThrows(int good, int concurrency, bool settled)
    {
        var ended = 0;
        var disposed = false;
        await using var world = await SpawnWorld.StartAsync();
        IEnumerable<int> Items()
        {
            try
            {
                for (var i = 0; i < good; i++)
                {
                    yield return i;
                }

                throw new IOException("no more");
            }
            finally
            {
                disposed = true;
            }
        }

        async Task<int> WorkAsync(int item, CancellationToken token)
        {
            Enter();
            try
            {
                // The last ones wait until they are told that it is over.
                if (item >= good - concurrency + 1)
                {
                    await Task.Delay(Timeout.Infinite, token);
                }

                await Task.Yield();
                return item;
            }
            finally
            {
                Interlocked.Decrement(ref _running);
                Interlocked.Increment(ref ended);
            }
        }

        Task gathering = settled
            ? world.Spawner.WhenAllSettledAsync("items", Items(), WorkAsync, concurrency, Cancel)
            : world.Spawner.WhenAllAsync("items", Items(), WorkAsync, concurrency, Cancel);

        Assert.Equal(
            "no more",
            (await Assert.ThrowsAsync<IOException>(() => gathering.WaitAsync(SpawnWorld.Patience, Cancel))).Message);
        Assert.Equal((0, good, true), (_running, ended, disposed));
        Assert.Empty(world.Spawner.Running);
        Assert.Empty(world.Failures);
    }

    [Fact]
    public async Task WhenAllAsync_LazyItems_AreReadAsPlacesBecomeFree()
    {
        var read = 0;
        await using var world = await SpawnWorld.StartAsync();
        var gathering = world.Spawner.WhenAllAsync("lazy", Enumerable.Range(0, 1_000).Select(item =>
        {
            Interlocked.Increment(ref read);
            return item;
        }), async (item, _) =>
        {
            await _gate.WhenSet;
            return item;
        }, maxConcurrency: 5, Cancel);

        Assert.Equal(5, read);
        _gate.Set();
        Assert.Equal(1_000, (await gathering).Length);
    }

    [Fact]
    public async Task WhenAllAsync_Delegates_RunAtOnceInTheCallersFlow()
    {
        await using var world = await SpawnWorld.StartAsync();
        Flow.Value = "caller";

        var results = await world.Spawner.WhenAllAsync(
            "delegates",
            Enumerable.Range(0, 3).Select(i => (Func<CancellationToken, Task<string>>)(async _ =>
            {
                if (Enter() == 3)
                {
                    _gate.Set();
                }

                await _gate.WhenSet;
                return $"{i} {Flow.Value}";
            })),
            cancellationToken: Cancel);

        Assert.Equal(["0 caller", "1 caller", "2 caller"], results);
    }

    [Fact]
    public async Task WhenAllAsync_WrongArguments_AreRefused()
    {
        await using var world = await SpawnWorld.StartAsync();
        Func<int, CancellationToken, Task<int>> work = static (item, _) => Task.FromResult(item);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => world.Spawner.WhenAllAsync("n", [1], work, maxConcurrency: 0, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(
            () => world.Spawner.WhenAllAsync("", [1], work, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => world.Spawner.WhenAllAsync("n", null!, work, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => world.Spawner.WhenAllAsync<int, int>("n", [1], null!, cancellationToken: Cancel));
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task WhenAllAsync_Several_CountAsOneEach()
    {
        await using var world = await SpawnWorld.StartAsync(null, ("Lovage:Local:SpawnedMax", "1"));
        var gathering = world.Spawner.WhenAllAsync("one", Enumerable.Range(0, 50), async (item, _) =>
        {
            await _gate.WhenSet;
            return item;
        }, cancellationToken: Cancel);

        await Assert.ThrowsAsync<QueueFullException>(() => world.Spawner.WhenAllAsync(
            "two", [1], static (item, _) => Task.FromResult(item), cancellationToken: Cancel));

        _gate.Set();
        Assert.Equal(50, (await gathering).Length);
    }

    private int Enter()
    {
        var running = Interlocked.Increment(ref _running);
        for (var most = _most; running > most;)
        {
            most = Interlocked.CompareExchange(ref _most, running, most);
        }

        return running;
    }
}

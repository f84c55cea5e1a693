using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Spawning;

public sealed class SpawnOverloadTests
{
    private readonly ConcurrentQueue<Scoped> _made = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spawn_EveryOverload_StartsWithServicesOfItsOwnScope()
    {
        await using var world = await StartAsync();
        var spawner = world.Spawner;
        var ran = new ConcurrentQueue<string>();
        Task Ran(string name, bool isTrue = true)
        {
            ran.Enqueue($"{name} {isTrue}");
            return Task.CompletedTask;
        }

        SpawnedTask[] tasks =
        [
            spawner.Spawn("action", () => ran.Enqueue("action True")),
            spawner.Spawn("task", () => Ran("task")),
            spawner.Spawn("token", (CancellationToken token) => Ran("token", token.CanBeCanceled)),
            spawner.Spawn("action 1", (Scoped one) => ran.Enqueue($"action 1 {!one.IsDisposed}")),
            spawner.Spawn("task 1", (Scoped one) => Ran("task 1", !one.IsDisposed)),
            spawner.Spawn(
                "token 1",
                (Scoped one, CancellationToken token) => Ran("token 1", !one.IsDisposed && token.CanBeCanceled)),
            spawner.Spawn("action 2", (Scoped one, Scoped two) => ran.Enqueue($"action 2 {one == two}")),
            spawner.Spawn("task 2", (Scoped one, Scoped two) => Ran("task 2", one == two)),
            spawner.Spawn(
                "token 2",
                (Scoped one, Scoped two, CancellationToken token) => Ran("token 2", one == two && token.CanBeCanceled)),
        ];
        foreach (var task in tasks)
        {
            await task;
            Assert.Equal((SpawnedTaskState.Succeeded, 1, null), (task.State, task.Attempt, task.Exception));
        }

        Assert.Equal(
            new[]
            {
                "action 1 True", "action 2 True", "action True", "task 1 True", "task 2 True", "task True",
                "token 1 True", "token 2 True", "token True",
            },
            ran.Order(StringComparer.Ordinal));
        Assert.Equal(6, _made.Count);
        Assert.All(_made, static made => Assert.True(made.IsDisposed));
    }

    [Fact]
    public async Task Spawn_EveryOverloadWithAResult_ReturnsItAndDisposesItsScope()
    {
        await using var world = await StartAsync();
        var spawner = world.Spawner;

        Assert.Equal(1, await spawner.Spawn("task", () => Task.FromResult(1)));
        Assert.True(await spawner.Spawn("token", (CancellationToken token) => Task.FromResult(token.CanBeCanceled)));
        Assert.Equal("text", await spawner.Spawn("task 1", (Scoped one) => one.EchoAsync("text")));
        Assert.True(await spawner.Spawn(
            "token 1", (Scoped one, CancellationToken token) => one.EchoAsync(token.CanBeCanceled)));
        Assert.True(await spawner.Spawn("task 2", (Scoped one, Scoped two) => one.EchoAsync(one == two)));
        Assert.True(await spawner.Spawn(
            "token 2",
            (Scoped one, Scoped two, CancellationToken token) => one.EchoAsync(one == two && token.CanBeCanceled)));
        Assert.Null(await spawner.Spawn("null", () => Task.FromResult<string?>(null)));

        Assert.Equal(4, _made.Count);
        Assert.All(_made, static made => Assert.True(made.IsDisposed && !made.WasDisposedDuringTheCall));
    }

    [Fact]
    public async Task Spawn_ActionsThatTakeTheToken_GetIt()
    {
        await using var world = await StartAsync();
        var seen = new ConcurrentQueue<CancellationToken>();

        await world.Spawner.Spawn("token", (CancellationToken token) => seen.Enqueue(token));
        await world.Spawner.Spawn("service and token", (Scoped one, CancellationToken token) => seen.Enqueue(token));
        await world.Spawner.Spawn("token and service", (CancellationToken token, Scoped one) => seen.Enqueue(token));
        var running = world.Spawner.Spawn(
            "waits", (CancellationToken token) => { token.WaitHandle.WaitOne(SpawnWorld.Patience); });
        running.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Waited(
            world.Spawner.Spawn("throws", (CancellationToken token) => throw new OperationCanceledException(token))));

        Assert.Equal(3, seen.Count);
        Assert.All(seen, static token => Assert.True(token.CanBeCanceled));
        await world.IdleAsync();
    }

    [Fact]
    public async Task Spawn_UnknownService_FailsTheTaskAndNamesTheService()
    {
        await using var world = await StartAsync();

        var task = world.Spawner.Spawn("unknown", (IFormatProvider none) => Task.CompletedTask);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => task.Completion);
        Assert.Contains(nameof(IFormatProvider), error.Message, StringComparison.Ordinal);
        Assert.Single(world.Failures);
    }

    [Fact]
    public async Task Spawn_ScopeThatFailsToClose_FailsTheTask()
    {
        await using var world = await SpawnWorld.StartAsync(lovage => lovage.Services.AddScoped<Unclosable>());

        var task = world.Spawner.Spawn("unclosable", (Unclosable one) => Task.FromResult(one.GetHashCode()));

        Assert.Equal(
            "cannot close", (await Assert.ThrowsAsync<InvalidOperationException>(() => task.Completion)).Message);
    }

    [Fact]
    public async Task Spawn_WrongArguments_AreRefusedAtTheCall()
    {
        await using var world = await StartAsync();

        Assert.Throws<ArgumentNullException>(() => world.Spawner.Spawn(null!, () => { }));
        Assert.Throws<ArgumentException>(() => world.Spawner.Spawn("", () => { }));
        Assert.Throws<ArgumentNullException>(() => world.Spawner.Spawn("n", (Action)null!));
        Assert.Throws<ArgumentNullException>(() => world.Spawner.Spawn((Job)null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpawnOptions { Delay = TimeSpan.FromTicks(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpawnOptions { Delay = TimeSpan.FromDays(3_654) });
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task Spawn_FromAScope_OutlivesIt()
    {
        await using var world = await StartAsync();
        var gate = new Signal();
        SpawnedTask<string> task;
        await using (var scope = world.Services.CreateAsyncScope())
        {
            task = scope.ServiceProvider.GetRequiredService<TaskSpawner>().Spawn("outlives", async (Scoped one) =>
            {
                await gate.WhenSet;
                return await one.EchoAsync("alive");
            });
        }

        gate.Set();

        Assert.Equal("alive", await task.Completion.WaitAsync(SpawnWorld.Patience, Cancel));
    }

    private static async Task Waited(SpawnedTask task) => await task;

    private Task<SpawnWorld> StartAsync() =>
        SpawnWorld.StartAsync(lovage => lovage.Services.AddSingleton(_made).AddScoped<Scoped>());

    public sealed class Scoped : IAsyncDisposable
    {
        private bool _inCall;

        public Scoped(ConcurrentQueue<Scoped> made) => made.Enqueue(this);

        public bool IsDisposed { get; private set; }

        public bool WasDisposedDuringTheCall { get; private set; }

        public async Task<T> EchoAsync<T>(T value)
        {
            _inCall = true;
            await Task.Yield();
            _inCall = false;
            return value;
        }

        public ValueTask DisposeAsync()
        {
            WasDisposedDuringTheCall = _inCall;
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }

    public sealed class Unclosable : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.FromException(new InvalidOperationException("cannot close"));
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Spawning;

/// <content>This part has the filters.</content>
public sealed partial class SpawnJobTests
{
    [Fact]
    public async Task Spawn_Filters_RunAroundEnqueueInTheCallersFlowAndAroundRun()
    {
        await using var world = await StartAsync(
            lovage => lovage.AddFilter<Tenant>().AddFilter<Steps>(), new JobDefinition("n", job =>
            {
                _trail.Enqueue($"handler {job.Context.Headers["tenant"]}");
                return default;
            })
            {
                Filters = [typeof(Own)],
            });
        Flow.Value = "acme";

        var task = world.Spawner.Spawn(Job.Create("n"));
        _trail.Enqueue("spawned");
        await task;

        Assert.Equal(
            ["enqueue", "enqueue own", "spawned", "run for acme", "run own", "handler acme", "/run own", "/run"],
            _trail.Where(static step => step is not "scope closed"));
    }

    [Fact]
    public async Task Spawn_FilterThatRefuses_RefusesAtTheCallAndLeavesNothing()
    {
        await using var world = await StartAsync(lovage => lovage.AddFilter<Refuse>(), Add());

        Assert.Throws<UnauthorizedAccessException>(() => world.Spawner.Spawn(Job.Create<int>("add", 1, 2)));

        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task Spawn_FilterThatRefusesLater_FailsTheTaskWithoutAnotherTry()
    {
        var spawned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var world = await StartAsync(
            lovage =>
            {
                lovage.Services.AddSingleton(spawned);
                lovage.AddFilter<RefuseLater>();
            },
            Add() with { MaxAttempts = 5 });

        var task = world.Spawner.Spawn(Job.Create<int>("add", 1, 2));
        spawned.SetResult();
        await world.IdleAsync();

        Assert.IsType<UnauthorizedAccessException>(task.Exception);
        Assert.Equal(1, task.Attempt);
    }

    [Fact]
    public async Task Spawn_FilterThatWaitsWhileItsCallersScopeEnds_MeetsNoDisposedService()
    {
        string? tenant = null;
        await using var world = await StartAsync(
            lovage =>
            {
                lovage.AddFilter<Waiting>().Services.AddSingleton(_entered).AddScoped<Disposable>();
                lovage.Services.AddSingleton(new Gate());
            },
            new JobDefinition("n", job =>
            {
                tenant = job.Context.Headers["tenant"];
                return default;
            }));
        Flow.Value = "acme";

        SpawnedTask task;
        await using (var scope = world.Services.CreateAsyncScope())
        {
            task = scope.ServiceProvider.GetRequiredService<TaskSpawner>().Spawn(Job.Create("n"));
        }

        world.Services.GetRequiredService<Gate>().Open.Set();
        await task;

        Assert.Equal("acme", tenant);
    }

    [Fact]
    public async Task WhenAllAsync_FilterThatWaits_HasTheScopeOfItsCallerWhoWaits()
    {
        await using var world = await StartAsync(
            lovage =>
            {
                lovage.AddFilter<Waiting>().Services.AddSingleton(_entered).AddScoped<Disposable>();
                lovage.Services.AddSingleton(new Gate());
            },
            Add());
        await using var scope = world.Services.CreateAsyncScope();
        var gathering = scope.ServiceProvider.GetRequiredService<TaskSpawner>()
            .WhenAllAsync([Job.Create<int>("add", 1, 2)], cancellationToken: Cancel);
        await _entered.WaitAsync();
        world.Services.GetRequiredService<Gate>().Open.Set();

        var sums = await gathering;

        Assert.Equal(3, Assert.Single(sums));
        Assert.Equal(1, scope.ServiceProvider.GetRequiredService<Disposable>().Uses);
    }

    public sealed class Gate
    {
        internal Signal Open { get; } = new();
    }

    public sealed class Disposable : IDisposable
    {
        private bool _isDisposed;

        public int Uses { get; private set; }

        public void Use()
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Uses++;
        }

        public void Dispose() => _isDisposed = true;
    }

    /// <summary>Waits before it uses a service of its scope, and asks the scope for another one.</summary>
    public sealed class Waiting(Disposable scoped, IServiceProvider services, Gate gate) : IJobFilter
    {
        public async ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            services.GetRequiredService<Signal>().Set();
            await gate.Open.WhenSet;
            scoped.Use();
            _ = services.GetRequiredService<Disposable>();
            context.Job = context.Job with
            {
                Headers = new Dictionary<string, string> { ["tenant"] = Flow.Value ?? "none" },
            };
            await next();
        }
    }

    public sealed class Tenant : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            context.Job = context.Job with
            {
                Headers = new Dictionary<string, string> { ["tenant"] = Flow.Value ?? "none" },
            };
            return next();
        }
    }

    public sealed class Steps(ConcurrentQueue<string> trail) : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            trail.Enqueue("enqueue");
            return next();
        }

        public async ValueTask OnRunAsync(JobRunContext context, Func<ValueTask> next)
        {
            trail.Enqueue($"run for {context.Job.Headers["tenant"]}");
            await next();
            trail.Enqueue("/run");
        }
    }

    public sealed class Own(ConcurrentQueue<string> trail) : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            trail.Enqueue("enqueue own");
            return next();
        }

        public async ValueTask OnRunAsync(JobRunContext context, Func<ValueTask> next)
        {
            trail.Enqueue("run own");
            await next();
            trail.Enqueue("/run own");
        }
    }

    public sealed class Refuse : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next) =>
            throw new UnauthorizedAccessException();
    }

    public sealed class RefuseLater(TaskCompletionSource spawned) : IJobFilter
    {
        public async ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            await spawned.Task;
            throw new UnauthorizedAccessException();
        }
    }
}

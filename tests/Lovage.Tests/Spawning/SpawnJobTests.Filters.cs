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
        await using var world = await StartAsync(
            lovage => lovage.AddFilter<RefuseLater>(), Add() with { MaxAttempts = 5 });

        var task = world.Spawner.Spawn(Job.Create<int>("add", 1, 2));
        await world.IdleAsync();

        Assert.IsType<UnauthorizedAccessException>(task.Exception);
        Assert.Equal(1, task.Attempt);
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

    public sealed class RefuseLater : IJobFilter
    {
        public async ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            await Task.Yield();
            throw new UnauthorizedAccessException();
        }
    }
}

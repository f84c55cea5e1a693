using System.Collections.Concurrent;
using Lovage.Execution;
using Lovage.Spawning;
using Lovage.Testing;
using Lovage.Tests.Clients;
using Lovage.Tests.Spawning;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Execution;

/// <summary>What an attempt enqueues names its root and its parent, on each rung of the ladder.</summary>
public sealed class JobTreeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string?> _seen = new();
    private readonly TaskCompletionSource _leafRan = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Worker_Jobs_NameRootAndParent()
    {
        await using var app = await StartAsync(worker: true);
        var top = await app.Jobs.EnqueueAsync(Job.Create("top"), Cancel);
        await _leafRan.Task.WaitAsync(Patience, Cancel);
        await CheckAsync(app, top.Id.Value);
        Assert.Equal([top.Id.Value, top.Id.Value], _seen.Take(2));
    }

    [Fact]
    public async Task Harness_Drained_JobsNameRootAndParent()
    {
        await using var app = await StartAsync();
        var top = await app.Jobs.EnqueueAsync(Job.Create("top"), Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);
        await CheckAsync(app, top.Id.Value);
        Assert.Null(JobContext.Current);
    }

    [Fact]
    public async Task Harness_OneJobRun_JobsNameRootAndParent()
    {
        await using var app = await StartAsync();
        await app.Host.Jobs().RunAsync(Job.Create("top"));
        Assert.Null(JobContext.Current);
        await app.Host.Jobs().DrainAsync(Cancel);
        await CheckAsync(app, top: null);
    }

    [Fact]
    public async Task Spawned_Job_NamesRootAndParent()
    {
        await using var app = await StartAsync();
        await app.Host.Services.GetRequiredService<TaskSpawner>()
            .Spawn(Job.Create("top"))
            .Completion.WaitAsync(Patience, Cancel);
        Assert.Null(JobContext.Current);
        await app.Host.Jobs().DrainAsync(Cancel);
        await CheckAsync(app, top: null);
    }

    [Fact]
    public async Task AfterResponse_Job_NamesRootAndParent()
    {
        await using var app = await StartAsync();
        var rung = app.Host.Services.GetRequiredService<AfterResponse>();
        var tasks = new TestRequestTasks(rung.Runner, rung.Jobs);
        tasks.Add(Job.Create("top"));
        tasks.Start();
        await app.Host.Jobs().WaitForBackgroundTasksAsync(Cancel).WaitAsync(Patience, Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);
        await CheckAsync(app, top: null);
    }

    [Fact]
    public async Task Gathered_Jobs_NameRootAndParent()
    {
        await using var app = await StartAsync();
        await app.Host.Services.GetRequiredService<TaskSpawner>()
            .WhenAllAsync([Job.Create<object?>("top")], cancellationToken: Cancel)
            .WaitAsync(Patience, Cancel);
        Assert.Null(JobContext.Current);
        await app.Host.Jobs().DrainAsync(Cancel);
        await CheckAsync(app, top: null);
    }

    [Fact]
    public async Task Spawned_FromAHandler_BelongsToTheHandlersTree()
    {
        string? delegates = "unset";
        var place = new TaskCompletionSource<(string Root, string? Parent)>();
        await using var app = await StartAsync(set: lovage => lovage
            .AddJob(new JobDefinition("inner", job =>
            {
                place.SetResult((job.Context.RootId, job.Context.ParentId));
                return default;
            }))
            .AddJob(new JobDefinition("outer", async job =>
            {
                var spawner = job.Services.GetRequiredService<TaskSpawner>();
                await spawner.Spawn("delegate", () => delegates = JobContext.Current?.Id.Value).Completion;
                await spawner.Spawn(Job.Create("inner")).Completion;
            })));
        var outer = await app.Jobs.EnqueueAsync(Job.Create("outer"), Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);

        Assert.Equal((outer.Id.Value, outer.Id.Value), await place.Task.WaitAsync(Patience, Cancel));

        // A delegate is no attempt, and runs apart from its caller's flow.
        Assert.Null(delegates);
    }

    [Fact]
    public void Current_AfterAnAttempt_IsNone()
    {
        var seen = new List<(string Here, string? Current)>();
        using var world = new WorkerWorld(
            new WorkerSettings { Concurrency = 1, LogLinesMax = 0 },
            new JobDefinition("n", async job =>
            {
                seen.Add((job.Context.Id.Value, JobAttempt.Current?.Context.Id.Value));
                await Task.Yield();
                seen.Add((job.Context.Id.Value, JobAttempt.Current?.Context.Id.Value));
            }));
        world.Start();
        for (var i = 0; i < 3; i++)
        {
            world.Enqueue("n");
        }

        Assert.Equal(6, seen.Count);
        Assert.All(seen, static pair => Assert.Equal(pair.Here, pair.Current));
        Assert.Null(JobAttempt.Current);
        string? flow = "unset";
        world.Do(() =>
        {
            flow = JobAttempt.Current?.Context.Id.Value;
            return Task.CompletedTask;
        });
        Assert.Null(flow);
    }

    /// <summary>The jobs "middle" and "leaf" were enqueued one from the other, the first one from "top".</summary>
    /// <param name="app">The app.</param>
    /// <param name="top">The id of the job at the root; null where it was not stored.</param>
    private static async Task CheckAsync(TestApp app, string? top)
    {
        var jobs = await app.Host.Jobs().EnqueuedAsync(Cancel);
        var middle = Assert.Single(jobs, static job => job.Message.Name == "middle").Message;
        var leaf = Assert.Single(jobs, static job => job.Message.Name == "leaf").Message;
        Assert.NotNull(middle.ParentId);
        Assert.Equal(top ?? middle.ParentId, middle.ParentId);
        Assert.Equal(middle.ParentId, middle.RootId);
        Assert.Equal((middle.RootId, middle.Id.Value), (leaf.RootId, leaf.ParentId));
    }

    private Task<TestApp> StartAsync(bool worker = false, Action<LovageBuilder>? set = null) =>
        TestApp.StartAsync(lovage =>
        {
            lovage.AddJob(Enqueuing("top", "middle")).AddJob(Enqueuing("middle", "leaf"));
            lovage.AddJob(new JobDefinition("leaf", _ =>
            {
                _leafRan.TrySetResult();
                return default;
            }));
            set?.Invoke(lovage);
            if (worker)
            {
                lovage.AddWorker();
            }
        });

    private JobDefinition Enqueuing(string name, string child) => new(name, async job =>
    {
        _seen.Enqueue(job.Context.RootId);
        await job.Services.GetRequiredService<JobClient>().EnqueueAsync(Job.Create(child));
    });
}

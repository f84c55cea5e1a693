using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>What runs, in which order, and with what around it.</summary>
public sealed class OrderTests
{
    private static readonly AsyncLocal<string?> Flow = new();

    private readonly ConcurrentQueue<string> _done = new();

    [Fact]
    public async Task Add_SeveralTasks_RunInOrderAndPastAFailure()
    {
        await using var site = await TestSite.StartAsync(app => app.MapGet("/", (BackgroundTasks background) =>
        {
            background.Add("first", async () => { await Task.Yield(); _done.Enqueue("first"); });
            background.Add("second", () => throw new InvalidOperationException("no"));
            background.Add(
                "third",
                (TimeProvider time, CancellationToken token) => { _done.Enqueue("third"); return Task.CompletedTask; });
            return "ok";
        }));

        Assert.Equal((HttpStatusCode.OK, "ok"), await site.GetAsync("/"));

        await site.IdleAsync();
        Assert.Equal(["first", "third"], _done);
        var failure = Assert.Single(site.Failures);
        Assert.Equal(
            (TaskKind.AfterResponse, "second", "no", 1),
            (failure.Kind, failure.Name, failure.Exception.Message, failure.Attempts));
        Assert.Same(failure.Exception, Assert.Single(site.Log.Of(TestLog.Failed)).Error);
    }

    [Fact]
    public async Task Add_ManyFromManyRequests_RunInTheOrderOfEachRequest()
    {
        const int Requests = 50;
        const int Tasks = 20;
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/{request}", (int request, BackgroundTasks background) =>
            {
                for (var i = 0; i < Tasks; i++)
                {
                    var place = i;
                    background.Add("step", async () =>
                    {
                        await Task.Yield();
                        _done.Enqueue($"{request}:{place}");
                    });
                }
            }),
            options => options.Local.AfterResponseConcurrency = 4);

        await Task.WhenAll(Enumerable.Range(0, Requests).Select(request => site.GetAsync($"/{request}")));

        await site.IdleAsync();
        var byRequest = _done.Select(static step => step.Split(':'))
            .ToLookup(static parts => parts[0], static parts => parts[1]);
        Assert.Equal(Requests, byRequest.Count);
        Assert.All(
            byRequest, static request => Assert.Equal(Enumerable.Range(0, Tasks).Select(static i => $"{i}"), request));
    }

    [Fact]
    public async Task Add_EveryOverload_RunsWithServicesOfItsOwnScope()
    {
        var disposed = new ConcurrentQueue<int>();
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", (BackgroundTasks background, Scoped ofRequest) =>
            {
                background.Add("action", () => _done.Enqueue("action"));
                background.Add("task", () => Note("task"));
                background.Add("token", (CancellationToken token) => Note($"token {token.CanBeCanceled}"));
                background.Add("action 1", (Scoped one) => _done.Enqueue($"action 1 {one != ofRequest}"));
                background.Add("task 1", (Scoped one) => Note($"task 1 {one != ofRequest}"));
                background.Add(
                    "token 1",
                    (Scoped one, CancellationToken token) => Note($"token 1 {one != ofRequest} {token.CanBeCanceled}"));
                background.Add("action 2", (Scoped one, Scoped two) => _done.Enqueue($"action 2 {one == two}"));
                background.Add("task 2", (Scoped one, Scoped two) => Note($"task 2 {one == two}"));
                background.Add(
                    "token 2",
                    (Scoped one, Scoped two, CancellationToken token) => Note(
                        $"token 2 {one == two} {token.CanBeCanceled}"));
                background.Add(
                    "action token", (CancellationToken token) => _done.Enqueue($"action token {token.CanBeCanceled}"));
                background.Add(
                    "action 1 token",
                    (Scoped one, CancellationToken token) => _done.Enqueue($"action 1 token {token.CanBeCanceled}"));
            }),
            set: (builder, _) => builder.Services.AddSingleton(disposed).AddScoped<Scoped>());

        await site.GetAsync("/");

        await site.IdleAsync();
        Assert.Empty(site.Failures);
        Assert.Equal(
            [
                "action", "task", "token True", "action 1 True", "task 1 True", "token 1 True True", "action 2 True",
                "task 2 True", "token 2 True True", "action token True", "action 1 token True",
            ],
            _done);

        // Each of the seven that take the service had one of its own, and the request another.
        Assert.Equal(8, disposed.Distinct().Count());
        Assert.Equal(8, disposed.Count);
    }

    [Fact]
    public async Task Add_TaskInTheFlowOfARequest_SeesNeitherItsContextNorItsFlow()
    {
        var gate = new Signal();
        var inNext = new Signal();
        var seen = new ConcurrentQueue<(bool HasContext, string? Flow)>();
        await using var site = await TestSite.StartAsync(app =>
        {
            app.MapGet("/first", (BackgroundTasks background) =>
            {
                Flow.Value = "first";
                background.Add("look", async (IHttpContextAccessor accessor) =>
                {
                    seen.Enqueue((accessor.HttpContext is not null, Flow.Value));
                    Flow.Value = "left behind";
                    await inNext.WhenSet;
                    seen.Enqueue((accessor.HttpContext is not null, Flow.Value));
                });
                background.Add(
                    "look again",
                    (IHttpContextAccessor accessor) => seen.Enqueue((accessor.HttpContext is not null, Flow.Value)));
            });
            app.MapGet("/next", async () =>
            {
                Flow.Value = "next";
                inNext.Set();
                await gate.WhenSet;
            });
        });
        using var connection = await site.ConnectAsync();
        await connection.ExchangeAsync("GET", "/first");
        await connection.SendAsync("GET", "/next");

        // The next request of the connection, with the same pooled context, is in its endpoint while the task looks.
        await inNext.WaitAsync();
        await site.IdleAsync();
        gate.Set();
        await connection.ReceiveAsync();

        Assert.Equal([(false, null), (false, "left behind"), (false, null)], seen);
    }

    [Fact]
    public async Task Add_WhenTheResponseIsGone_IsRefusedAndLeavesNothing()
    {
        BackgroundTasks? kept = null;
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", (BackgroundTasks background) =>
            {
                kept = background;
                background.Add("in time", () => _done.Enqueue("in time"));
            }),
            set: static (_, lovage) => lovage!.AddJob(new JobDefinition("job", static _ => default)));
        await site.GetAsync("/");
        await site.IdleAsync();

        var late = Assert.Throws<InvalidOperationException>(() => kept!.Add("late", () => _done.Enqueue("late")));

        var lateJob = Assert.Throws<InvalidOperationException>(() => kept!.Add(Job.Create("job")));

        Assert.Contains("'job' came too late", lateJob.Message, StringComparison.Ordinal);
        Assert.Contains("came too late", late.Message, StringComparison.Ordinal);
        await site.IdleAsync();
        Assert.Equal(["in time"], _done);
    }

    [Fact]
    public async Task Add_JobWithADelay_IsRefusedAtTheCall()
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", (BackgroundTasks background) =>
            {
                var delayed = Assert.Throws<ArgumentException>(
                    () => background.Add(Job.Create("n") with { Delay = TimeSpan.FromSeconds(1) }));
                Assert.Throws<ArgumentException>(
                    () => background.Add(Job.Create("n") with { At = DateTimeOffset.UnixEpoch }));
                Assert.Throws<UnknownJobException>(() => background.Add(Job.Create("unknown")));
                return delayed.Message;
            }),
            set: (_, lovage) => lovage!.AddJob(new JobDefinition("n", static _ => default)));

        var (status, body) = await site.GetAsync("/");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("starts at once", body, StringComparison.Ordinal);
        Assert.Empty(site.App.Services.GetRequiredService<TaskSpawner>().Running);
    }

    [Fact]
    public async Task Add_Job_RunsOnceWithItsArgumentsAndItsOwnScope()
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", (BackgroundTasks background) =>
            {
                background.Add(Job.Create("note", "hello"));
                background.Add(Job.Create("fail"));
                background.Add(Job.Create("note", "past it"));
            }),
            set: (builder, lovage) =>
            {
                builder.Services.AddSingleton(new ConcurrentQueue<int>()).AddScoped<Scoped>();
                lovage!.AddJob(new JobDefinition("note", async job =>
                {
                    var reader = job.ReadArguments();
                    var text = reader.Read<string>("text");
                    await Task.Yield();
                    _ = job.Services.GetRequiredService<Scoped>();
                    _done.Enqueue($"{text} {job.Context.Attempt}/{job.Context.MaxAttempts}");
                })).AddJob(new JobDefinition("fail", _ =>
                {
                    _done.Enqueue("fail");
                    throw new TimeoutException();
                })
                {
                    MaxAttempts = 5,
                });
            });

        await site.GetAsync("/");

        await site.IdleAsync();
        Assert.Equal(["hello 1/1", "fail", "past it 1/1"], _done);
        Assert.Equal(("fail", 1), (Assert.Single(site.Failures).Name, site.Failures.Single().Attempts));
        Assert.Equal(2, site.App.Services.GetRequiredService<ConcurrentQueue<int>>().Count);
    }

    private Task Note(string step)
    {
        _done.Enqueue(step);
        return Task.CompletedTask;
    }

    public sealed class Scoped(ConcurrentQueue<int> disposed) : IDisposable
    {
        public void Dispose() => disposed.Enqueue(GetHashCode());
    }
}

using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>Real sockets: connections that go on, and clients that go.</summary>
public sealed class ConnectionTests
{
    private readonly ConcurrentQueue<string> _done = new();
    private readonly Signal _gate = new();
    private readonly Signal _entered = new();
    private readonly Signal _aborted = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Add_TaskThatTakesLong_DelaysNoNextRequestOfTheConnection()
    {
        await using var site = await TestSite.StartAsync(app =>
        {
            app.MapGet("/long", (BackgroundTasks background) =>
            {
                background.Add("long", async () =>
                {
                    _entered.Set();
                    await _gate.WhenSet;
                    _done.Enqueue("long");
                });
                return "queued";
            });
            app.MapGet("/ping", () => "pong");
        });
        using var connection = await site.ConnectAsync();

        Assert.Equal("queued", (await connection.ExchangeAsync("GET", "/long")).Body);
        await _entered.WaitAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("pong", (await connection.ExchangeAsync("GET", "/ping")).Body);
        }

        Assert.Empty(_done);
        Assert.Equal(("long", true), (Assert.Single(Running(site)).Name, Running(site)[0].Started));
        _gate.Set();
        await site.IdleAsync();
        Assert.Equal(["long"], _done);
    }

    [Fact]
    public async Task Add_TasksThatBlockAThread_DelayNoNextRequestOfTheConnection()
    {
        using var block = new ManualResetEventSlim();
        await using var site = await TestSite.StartAsync(app =>
        {
            app.MapGet(
                "/block",
                (BackgroundTasks background) => background.Add(
                    "block", () => block.Wait(TestSite.Patience, CancellationToken.None)));
            app.MapGet("/ping", () => "pong");
        });
        using var connection = await site.ConnectAsync();

        await connection.ExchangeAsync("GET", "/block");
        Assert.Equal("pong", (await connection.ExchangeAsync("GET", "/ping")).Body);

        block.Set();
        await site.IdleAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Add_ClientGoneRightAfterSending_RunsTheTasks(bool reset)
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapPost("/", async (HttpContext context, BackgroundTasks background) =>
            {
                background.Add("before", () => _done.Enqueue("before"));
                _entered.Set();
                await using var aborted = context.RequestAborted.Register(_aborted.Set);
                await _aborted.WhenSet;
                background.Add("after", (CancellationToken token) =>
                {
                    token.ThrowIfCancellationRequested();
                    _done.Enqueue("after");
                    return Task.CompletedTask;
                });
                return "unread";
            }));
        var connection = await site.ConnectAsync();
        await connection.SendAsync("POST", "/", "{}");
        await _entered.WaitAsync();

        connection.Close(reset);

        await _aborted.WaitAsync();
        await site.IdleAsync();
        Assert.Equal(["before", "after"], _done);
        Assert.Empty(site.Log.Of(TestLog.Dropped));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Add_ClientGoneDuringTheResponse_RunsTheTasks(bool reset)
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", async (HttpContext context, BackgroundTasks background) =>
            {
                background.Add("task", () => _done.Enqueue("task"));
                await using var aborted = context.RequestAborted.Register(_aborted.Set);
                var chunk = new byte[64 * 1024];
                while (!_aborted.IsSet)
                {
                    await context.Response.Body.WriteAsync(chunk, CancellationToken.None);
                }
            }));
        var connection = await site.ConnectAsync();
        await connection.SendAsync("GET", "/");
        await connection.ReadSomeAsync();

        connection.Close(reset);

        await _aborted.WaitAsync();
        await site.IdleAsync();
        Assert.Equal(["task"], _done);
    }

    [Fact]
    public async Task Add_ClientGoneWhileItsTaskRuns_DoesNotCancelIt()
    {
        var cancelled = true;
        await using var site = await TestSite.StartAsync(app => app.MapGet(
            "/", (BackgroundTasks background) => background.Add("task", async (CancellationToken token) =>
            {
                _entered.Set();
                await _gate.WhenSet;
                cancelled = token.IsCancellationRequested;
            })));
        var connection = await site.ConnectAsync();
        await connection.ExchangeAsync("GET", "/");
        await _entered.WaitAsync();

        connection.Close(reset: true);
        _gate.Set();

        await site.IdleAsync();
        Assert.False(cancelled);
    }

    [Fact]
    public async Task Add_OverHttp2WithoutTls_RunsAfterEachStreamAndDelaysNoOther()
    {
        const int Streams = 30;
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/{i}", (int i, HttpContext context, BackgroundTasks background) =>
            {
                background.Add("task", async () =>
                {
                    await _gate.WhenSet;
                    _done.Enqueue($"{i}");
                });
                return context.Request.Protocol;
            }),
            protocols: HttpProtocols.Http2);
        using var http = new HttpClient
        {
            BaseAddress = site.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        var answers = await Task.WhenAll(Enumerable.Range(0, Streams).Select(i =>
            http.GetStringAsync(new Uri($"/{i}", UriKind.Relative), Cancel))).WaitAsync(TestSite.Patience, Cancel);

        Assert.All(answers, static protocol => Assert.Equal("HTTP/2", protocol));
        Assert.Equal(Streams, Running(site).Count);
        Assert.Empty(_done);
        _gate.Set();
        await site.IdleAsync();
        Assert.Equal(
            Enumerable.Range(0, Streams).Select(static i => $"{i}").Order(StringComparer.Ordinal),
            _done.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Add_Http2StreamResetByTheClient_RunsTheTasks()
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", async (HttpContext context, BackgroundTasks background) =>
            {
                background.Add("task", () => _done.Enqueue("task"));
                _entered.Set();
                await using var aborted = context.RequestAborted.Register(_aborted.Set);
                await _aborted.WhenSet;
            }),
            protocols: HttpProtocols.Http2);
        using var http = new HttpClient
        {
            BaseAddress = site.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var stop = new CancellationTokenSource();
        var request = http.GetStringAsync(new Uri("/", UriKind.Relative), stop.Token);
        await _entered.WaitAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await _aborted.WaitAsync();
        await site.IdleAsync();
        Assert.Equal(["task"], _done);
    }

    private static IReadOnlyList<RunningTask> Running(TestSite site) =>
        site.App.Services.GetRequiredService<TaskSpawner>().Running;
}

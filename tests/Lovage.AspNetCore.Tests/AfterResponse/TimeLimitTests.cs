using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>
/// A request that ends because its time is up drops its tasks. One that sees the cancellation and answers runs them.
/// </summary>
public sealed class TimeLimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<string> _done = new();

    /// <summary>Where the middleware of time limits stands.</summary>
    public enum Order
    {
        Alone = 0,
        InsideTheHandler = 1,
        OutsideTheHandler = 2,
        InsideStatusCodePages = 3,
        OutsideOwnEndpoints = 4,
    }

    public static TheoryData<Order, string, int> Limits => new(
        from order in Enum.GetValues<Order>()
        from limited in new[]
        {
            (Path: "/limit", Status: 504),
            (Path: "/status", Status: 503),
            (Path: "/writes", Status: 418),
            (Path: "/named", Status: 408),
            (Path: "/default", Status: 504),
        }
        select (order, limited.Path, order == Order.OutsideTheHandler ? 499 : limited.Status));

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task Request_ItsTimeIsUp_DropsItsTasks(Order order, string path, int status)
    {
        await using var site = await StartAsync(order);

        Assert.Equal((HttpStatusCode)status, (await site.GetAsync(path)).Status);

        await site.IdleAsync();
        Assert.Empty(_done);
        Assert.Contains(
            "dropped because the time of their request was up: never",
            Assert.Single(site.Log.Of(TestLog.Dropped)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/caught/200", 200)]
    [InlineData("/caught/422", 422)]
    [InlineData("/caught/504", 504)]
    [InlineData("/in-time", 504)]
    public async Task Request_AnswersItself_RunsItsTasks(string path, int status)
    {
        foreach (var order in Enum.GetValues<Order>().Where(static order => order != Order.OutsideOwnEndpoints))
        {
            await using var site = await StartAsync(order);

            Assert.Equal((HttpStatusCode)status, (await site.GetAsync(path)).Status);

            await site.IdleAsync();
            Assert.Equal(["never"], _done);
            Assert.Empty(site.Log.Of(TestLog.Dropped));
            _done.Clear();
        }
    }

    private Task<TestSite> StartAsync(Order order) => TestSite.StartAsync(
        app =>
        {
            switch (order)
            {
                case Order.InsideTheHandler:
                    app.UseExceptionHandler(Sorry);
                    app.UseRequestTimeouts();
                    break;
                case Order.OutsideTheHandler:
                    app.UseRequestTimeouts();
                    app.UseExceptionHandler(Sorry);
                    break;
                case Order.InsideStatusCodePages:
                    app.UseStatusCodePages();
                    app.UseRequestTimeouts();
                    break;
                case Order.OutsideOwnEndpoints:
                    app.UseRouting();
                    app.UseRequestTimeouts();
                    app.UseEndpoints(static _ => { });
                    break;
                default:
                    app.UseRequestTimeouts();
                    break;
            }

            app.MapGet("/limit", WaitAsync).WithRequestTimeout(Limit);
            app.MapGet("/status", WaitAsync)
                .WithRequestTimeout(new RequestTimeoutPolicy { Timeout = Limit, TimeoutStatusCode = 503 });
            app.MapGet("/writes", WaitAsync)
                .WithRequestTimeout(new RequestTimeoutPolicy
                {
                    Timeout = Limit,
                    WriteTimeoutResponse = static context =>
                    {
                        context.Response.StatusCode = StatusCodes.Status418ImATeapot;
                        return context.Response.WriteAsync("too slow");
                    },
                });
            app.MapGet("/named", WaitAsync).WithRequestTimeout("short");
            app.MapGet("/default", WaitAsync);
            app.MapGet("/caught/{status:int}", async (int status, BackgroundTasks background, HttpContext context) =>
            {
                try
                {
                    await WaitAsync(background, context.RequestAborted);
                }
                catch (OperationCanceledException)
                {
                    await Task.Yield();
                }

                return Results.StatusCode(status);
            });
            app.MapGet("/in-time", (BackgroundTasks background) =>
            {
                background.Add("never", () => _done.Enqueue("never"));
                return Results.StatusCode(StatusCodes.Status504GatewayTimeout);
            });
        },
        set: static (builder, _) => builder.Services.AddRequestTimeouts(static options =>
        {
            options.DefaultPolicy = new RequestTimeoutPolicy { Timeout = Limit };
            options.AddPolicy("short", new RequestTimeoutPolicy { Timeout = Limit, TimeoutStatusCode = 408 });
        }));

    private static void Sorry(IApplicationBuilder branch) =>
        branch.Run(static context => context.Response.WriteAsync("sorry"));

    private async Task WaitAsync(BackgroundTasks background, CancellationToken aborted)
    {
        background.Add("never", () => _done.Enqueue("never"));
        await Task.Delay(Timeout.Infinite, aborted);
    }
}

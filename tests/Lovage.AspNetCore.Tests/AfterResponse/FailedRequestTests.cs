using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>
/// A request that ends in an exception drops its tasks, also when the app answers it. One that answers an error runs
/// them.
/// </summary>
[Collection(MeteredTests.Name)]
public sealed class FailedRequestTests
{
    private readonly ConcurrentQueue<string> _done = new();

    /// <summary>What in the app answers exceptions.</summary>
    public enum Answering
    {
        Nothing = 0,
        HandlerDelegate = 1,
        HandlerPath = 2,
        HandlerPathInAScope = 3,
        ProblemDetails = 4,
        OwnHandler = 5,
        DeveloperPage = 6,
        StatusCodePages = 7,
        HandlerOfABranch = 8,
    }

    public static TheoryData<Answering, string> Throwing => new(
        from answering in Enum.GetValues<Answering>()
        from place in new[]
        {
            "/endpoint",
            "/endpoint-sync",
            "/service",
            "/middleware",
            "/middleware-sync",
            "/controller",
        }
        select (answering, place));

    [Theory]
    [MemberData(nameof(Throwing))]
    public async Task Request_EndsInAnException_DropsItsTasks(Answering answering, string place)
    {
        using var measured = new Measured();
        await using var site = await StartAsync(answering);

        var (status, _) = await site.GetAsync(place);

        Assert.True((int)status >= 500, $"{status}");
        await site.IdleAsync();
        Assert.Empty(_done);
        Assert.Contains(
            "2 tasks after the response were dropped",
            Assert.Single(site.Log.Of(TestLog.Dropped)).Message,
            StringComparison.Ordinal);
        Assert.Contains("never (2 times)", site.Log.Of(TestLog.Dropped).Single().Message, StringComparison.Ordinal);
        Assert.Equal(2, measured.Sum("lovage.local.dropped", "reason", "request_failed"));
        Assert.Equal(0, measured.Sum("lovage.local.queue.depth", "lovage.task.kind", "after-response"));
    }

    [Theory]
    [InlineData(Answering.Nothing)]
    [InlineData(Answering.HandlerDelegate)]
    [InlineData(Answering.DeveloperPage)]
    public async Task Request_ThrowsAfterTheResponseHasStarted_DropsItsTasks(Answering answering)
    {
        await using var site = await StartAsync(answering);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => site.GetAsync("/started"));

        await site.IdleAsync();
        Assert.Empty(_done);
        Assert.Single(site.Log.Of(TestLog.Dropped));
    }

    [Theory]
    [InlineData(Answering.Nothing)]
    [InlineData(Answering.HandlerDelegate)]
    [InlineData(Answering.HandlerPath)]
    [InlineData(Answering.ProblemDetails)]
    [InlineData(Answering.DeveloperPage)]
    public async Task Request_ThrowsBecauseItsClientIsGone_DropsItsTasks(Answering answering)
    {
        var entered = new Signal();
        await using var site = await StartAsync(
            answering, app => app.MapGet("/wait", async (BackgroundTasks background, CancellationToken aborted) =>
            {
                Add(background);
                entered.Set();
                await Task.Delay(Timeout.Infinite, aborted);
            }));
        var connection = await site.ConnectAsync();
        await connection.SendAsync("GET", "/wait");
        await entered.WaitAsync();

        connection.Close(reset: true);

        await site.IdleAsync();
        Assert.Empty(_done);
        Assert.Single(site.Log.Of(TestLog.Dropped));
    }

    [Theory]
    [InlineData("/status/400", 400)]
    [InlineData("/status/404", 404)]
    [InlineData("/status/499", 499)]
    [InlineData("/status/500", 500)]
    [InlineData("/status/503", 503)]
    [InlineData("/problem", 500)]
    [InlineData("/validation", 400)]
    [InlineData("/unauthorized", 401)]
    [InlineData("/controller-error", 409)]
    public async Task Request_AnswersWithAnError_RunsItsTasks(string path, int status)
    {
        foreach (var answering in Enum.GetValues<Answering>())
        {
            await using var site = await StartAsync(answering);

            Assert.Equal((HttpStatusCode)status, (await site.GetAsync(path)).Status);

            await site.IdleAsync();
            Assert.Equal(2, _done.Count);
            Assert.Empty(site.Log.Of(TestLog.Dropped));
            _done.Clear();
        }
    }

    [Fact]
    public async Task Request_CatchesItsOwnException_RunsItsTasks()
    {
        await using var site = await StartAsync(
            Answering.HandlerDelegate, app => app.MapGet("/caught", (BackgroundTasks background) =>
            {
                try
                {
                    Add(background);
                    throw new InvalidOperationException("caught");
                }
                catch (InvalidOperationException caught)
                {
                    return Results.Json(caught.Message, statusCode: 422);
                }
            }));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await site.GetAsync("/caught")).Status);

        await site.IdleAsync();
        Assert.Equal(2, _done.Count);
    }

    [Fact]
    public async Task Request_WithoutTasks_DropsNothing()
    {
        await using var site = await StartAsync(
            Answering.Nothing, app => app.MapGet("/bare", () => { throw new InvalidOperationException("bare"); }));

        Assert.Equal(HttpStatusCode.InternalServerError, (await site.GetAsync("/bare")).Status);

        Assert.Empty(site.Log.Of(TestLog.Dropped));
    }

    private async Task<TestSite> StartAsync(
        Answering answering, Action<WebApplication>? map = null) => await TestSite.StartAsync(
        app =>
        {
            Answer(app, answering);
            app.Use((context, next) =>
            {
                if (context.Request.Path == "/middleware-sync")
                {
                    Add(context.RequestServices.GetRequiredService<BackgroundTasks>());
                    throw new InvalidOperationException("middleware");
                }

                return next(context);
            });
            app.Use(async (context, next) =>
            {
                await next(context);
                if (context.Request.Path == "/middleware")
                {
                    Add(context.RequestServices.GetRequiredService<BackgroundTasks>());
                    await Task.Yield();
                    throw new InvalidOperationException("middleware");
                }
            });
            app.UseRouting();
            app.MapGet("/middleware", static () => { });
            app.MapGet("/endpoint", async (BackgroundTasks background) =>
            {
                Add(background);
                await Task.Yield();
                throw new InvalidOperationException("endpoint");
            });
            app.MapGet("/endpoint-sync", (BackgroundTasks background) =>
            {
                Add(background);
                throw new InvalidOperationException("endpoint");
            });
            app.MapGet("/service", (Outer outer) => outer.Add());
            app.MapGet("/started", async (HttpContext context, BackgroundTasks background) =>
            {
                Add(background);
                context.Response.ContentLength = 100;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                throw new InvalidOperationException("started");
            });
            app.MapGet(
                "/status/{status:int}",
                (int status, BackgroundTasks background) => Answered(background, Results.StatusCode(status)));
            app.MapGet("/problem", (BackgroundTasks background) => Answered(background, Results.Problem("no")));
            app.MapGet(
                "/validation",
                (BackgroundTasks background) => Answered(
                    background, Results.ValidationProblem(new Dictionary<string, string[]> { ["name"] = ["no"] })));
            app.MapGet("/unauthorized", (BackgroundTasks background) => Answered(background, Results.Unauthorized()));
            app.MapGet("/error", () => Results.Text("sorry", statusCode: 500));
            map?.Invoke(app);
            app.MapControllers();
        },
        set: (builder, _) =>
        {
            builder.Services.AddSingleton(_done).AddScoped<Outer>().AddScoped<Inner>().AddControllers();
            if (answering is Answering.ProblemDetails)
            {
                builder.Services.AddProblemDetails();
            }
            else if (answering is Answering.OwnHandler)
            {
                builder.Services.AddExceptionHandler<Handler>();
            }
        },
        environment: answering == Answering.DeveloperPage ? Environments.Development : null);

    private static void Answer(WebApplication app, Answering answering)
    {
        switch (answering)
        {
            case Answering.HandlerDelegate:
            case Answering.OwnHandler:
                app.UseExceptionHandler(branch => branch.Run(static context => context.Response.WriteAsync("sorry")));
                break;
            case Answering.HandlerPath:
                app.UseExceptionHandler("/error");
                break;
            case Answering.HandlerPathInAScope:
                app.UseExceptionHandler("/error", createScopeForErrors: true);
                break;
            case Answering.ProblemDetails:
                app.UseExceptionHandler();
                break;
            case Answering.StatusCodePages:
                app.UseStatusCodePages();
                break;
            case Answering.HandlerOfABranch:
                app.UseWhen(static _ => true, static branch => branch.UseExceptionHandler("/error"));
                break;
            default:
                break;
        }
    }

    private void Add(BackgroundTasks background)
    {
        background.Add("never", () => _done.Enqueue("1"));
        background.Add("never", () => _done.Enqueue("2"));
    }

    private IResult Answered(BackgroundTasks background, IResult result)
    {
        Add(background);
        return result;
    }

    public sealed class Handler : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(
            HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.Response.StatusCode = 500;
            await httpContext.Response.WriteAsync("handled", cancellationToken);
            return true;
        }
    }

    public sealed class Outer(Inner inner)
    {
        public void Add()
        {
            inner.Add();
            throw new InvalidOperationException("service");
        }
    }

    public sealed class Inner(BackgroundTasks background, ConcurrentQueue<string> done)
    {
        public void Add()
        {
            background.Add("never", () => done.Enqueue("1"));
            background.Add("never", () => done.Enqueue("2"));
        }
    }
}

[ApiController]
public sealed class FailingController(BackgroundTasks background, ConcurrentQueue<string> done) : ControllerBase
{
    [HttpGet("/controller")]
    public IActionResult Throw(BackgroundTasks same)
    {
        background.Add("never", () => done.Enqueue("1"));
        same.Add("never", () => done.Enqueue("2"));
        throw new InvalidOperationException("controller");
    }

    [HttpGet("/controller-error")]
    public IActionResult Refuse(BackgroundTasks same)
    {
        background.Add("conflict", () => done.Enqueue("1"));
        same.Add("conflict", () => done.Enqueue("2"));
        return Conflict();
    }
}

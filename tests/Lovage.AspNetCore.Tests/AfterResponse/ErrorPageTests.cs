using System.Collections.Concurrent;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>What answers a failed request may add tasks. They were added after the failure, and run.</summary>
public sealed class ErrorPageTests
{
    private readonly ConcurrentQueue<string> _done = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ErrorPage_AddsTasks_RunsThemAndDropsTheEndpoints(bool ownScope)
    {
        await using var site = await StartAsync(
            app => app.UseExceptionHandler("/error", createScopeForErrors: ownScope));

        await site.GetAsync("/fails");

        await site.IdleAsync();
        Assert.Equal(["page"], _done);
        Assert.EndsWith(": endpoint", Assert.Single(site.Log.Of(TestLog.Dropped)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExceptionHandler_AddsTasks_RunsThemAndDropsTheEndpoints()
    {
        await using var site = await StartAsync(
            static app => app.UseExceptionHandler(static _ => { }),
            services => services.AddSingleton(_done).AddExceptionHandler<Handler>());

        await site.GetAsync("/fails");

        await site.IdleAsync();
        Assert.Equal(["handler"], _done);
        Assert.EndsWith(": endpoint", Assert.Single(site.Log.Of(TestLog.Dropped)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_OutsideTheHandler_RunsWhatItAddsAfterTheFailure()
    {
        await using var site = await StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                Add(context, "before");
                await next(context);
                Add(context, "after");
            });
            app.UseExceptionHandler("/error");
        });

        await site.GetAsync("/fails");

        await site.IdleAsync();
        Assert.Equal(["page", "after"], _done);
        Assert.EndsWith(
            ": before, endpoint", Assert.Single(site.Log.Of(TestLog.Dropped)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ErrorPage_Fails_DropsItsTasksToo(bool hasOuter)
    {
        await using var site = await StartAsync(app =>
        {
            if (hasOuter)
            {
                app.UseExceptionHandler(outer => outer.Run(context =>
                {
                    Add(context, "outer");
                    return Task.CompletedTask;
                }));
            }

            app.UseExceptionHandler("/error-fails");
        });

        await site.GetAsync("/fails");

        await site.IdleAsync();
        Assert.Equal(hasOuter ? ["outer"] : [], _done);
        Assert.Equal(
            [": endpoint", ": page that fails"],
            site.Log.Of(TestLog.Dropped).Select(static line => line.Message[line.Message.LastIndexOf(':')..]));
    }

    [Fact]
    public async Task DevelopersPage_DropsTheEndpointsTasksOnce()
    {
        await using var site = await StartAsync(static _ => { }, environment: Environments.Development);

        await site.GetAsync("/fails");

        await site.IdleAsync();
        Assert.Empty(_done);
        Assert.Single(site.Log.Of(TestLog.Dropped));
    }

    private Task<TestSite> StartAsync(
        Action<WebApplication> answer, Action<IServiceCollection>? set = null, string? environment = null) =>
        TestSite.StartAsync(
            app =>
            {
                answer(app);
                app.UseRouting();
                app.MapGet("/fails", (BackgroundTasks background) =>
                {
                    background.Add("endpoint", () => _done.Enqueue("endpoint"));
                    throw new InvalidOperationException("endpoint");
                });
                app.MapGet("/error", (BackgroundTasks background) =>
                    background.Add("page", () => _done.Enqueue("page")));
                app.MapGet("/error-fails", (BackgroundTasks background) =>
                {
                    background.Add("page that fails", () => _done.Enqueue("page that fails"));
                    throw new InvalidOperationException("page");
                });
            },
            set: (builder, _) => set?.Invoke(builder.Services),
            environment: environment);

    private void Add(HttpContext context, string name) =>
        context.RequestServices.GetRequiredService<BackgroundTasks>().Add(name, () => _done.Enqueue(name));

    public sealed class Handler(ConcurrentQueue<string> done) : IExceptionHandler
    {
        public ValueTask<bool> TryHandleAsync(
            HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.RequestServices.GetRequiredService<BackgroundTasks>()
                .Add("handler", () => done.Enqueue("handler"));
            return ValueTask.FromResult(true);
        }
    }
}

using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.AspNetCore.Tests;

/// <summary>Tasks after the response, over real sockets.</summary>
public sealed class AfterResponseTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private readonly ConcurrentQueue<string> _done = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<TaskFailure> _failures = new();
    private WebApplication? _app;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.AddLovage(options => options.Local.AfterResponseMax = 3).UseStorage("memory:").OnTaskFailure(_failures.Enqueue);
        _app = builder.Build();
        _app.MapGet("/order", (BackgroundTasks background) =>
        {
            background.Add("first", async () => { await Task.Yield(); _done.Enqueue("first"); });
            background.Add("second", () => throw new InvalidOperationException("no"));
            background.Add("third", (TimeProvider time, CancellationToken token) => { _done.Enqueue("third"); return Task.CompletedTask; });
            return "ok";
        });
        _app.MapPost("/gated", (BackgroundTasks background) =>
        {
            background.Add("gated", () => _gate.Task);
            return "ok";
        });
        _app.MapGet("/throw", (BackgroundTasks background) =>
        {
            background.Add("never", () => _done.Enqueue("never"));
            throw new InvalidOperationException("endpoint");
        });
        _app.MapGet("/error", (BackgroundTasks background) =>
        {
            background.Add("after-error", () => _done.Enqueue("after-error"));
            return Results.StatusCode(500);
        });
        await _app.StartAsync(Cancellation);
        _http.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        await _app!.DisposeAsync();
        _http.Dispose();
    }

    [Fact]
    public async Task Add_SeveralTasks_RunInOrderAndPastAFailure()
    {
        Assert.Equal("ok", await _http.GetStringAsync(new Uri("/order", UriKind.Relative), Cancellation));

        await _app!.Services.GetRequiredService<Spawning.LocalRunner>().WhenIdleAsync(Cancellation);
        Assert.Equal(["first", "third"], _done);
        Assert.Equal("second", Assert.Single(_failures).Name);
    }

    [Fact]
    public async Task Add_Full_Answers503WithRetryAfterAndRunsWhatWasAccepted()
    {
        for (var i = 0; i < 3; i++)
        {
            using var accepted = await _http.PostAsync(new Uri("/gated", UriKind.Relative), null, Cancellation);
            Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        }

        using var refused = await _http.PostAsync(new Uri("/gated", UriKind.Relative), null, Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Add_EndpointThrows_DropsItsTasks()
    {
        using var thrown = await _http.GetAsync(new Uri("/throw", UriKind.Relative), Cancellation);
        using var returned = await _http.GetAsync(new Uri("/error", UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError), (thrown.StatusCode, returned.StatusCode));
        await _app!.Services.GetRequiredService<Spawning.LocalRunner>().WhenIdleAsync(Cancellation);
        Assert.Equal(["after-error"], _done);
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>More tasks than may wait: refused before the response, in any app, and what was accepted runs.</summary>
[Collection(MeteredTests.Name)]
public sealed class OverloadTests
{
    private readonly ConcurrentQueue<string> _done = new();
    private readonly Signal _gate = new();

    public static TheoryData<string, bool, bool, bool> Apps => new(
        from environment in new[] { Environments.Development, Environments.Production }
        from problemDetails in new[] { false, true }
        from lovageProblems in new[] { false, true }
        from handler in new[] { false, true }
        select (environment, problemDetails, lovageProblems, handler));

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task Add_Full_Answers503WithRetryAfterAndRunsWhatWasAccepted(
        string environment, bool problemDetails, bool lovageProblems, bool handler)
    {
        using var measured = new Measured();
        await using var site = await TestSite.StartAsync(
            app =>
            {
                if (handler)
                {
                    app.UseExceptionHandler(new ExceptionHandlerOptions
                    {
                        ExceptionHandler = static context => context.Response.WriteAsync("sorry"),
                    });
                }

                app.MapGet("/", Gated);
                app.MapControllers();
            },
            options => options.Local.AfterResponseMax = 3,
            (builder, lovage) =>
            {
                builder.Services.AddControllers();
                builder.Services.AddSingleton(_done);
                if (problemDetails)
                {
                    builder.Services.AddProblemDetails();
                }

                if (lovageProblems)
                {
                    lovage!.AddProblemDetails();
                }
            },
            environment);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/")).Status);
        }

        foreach (var path in new[] { "/", "/controller-error" })
        {
            using var refused = await site.Http.GetAsync(
                new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            var body = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.InRange(
                int.Parse(Assert.Single(refused.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture), 4, 6);
            Assert.Contains("Lovage:Local:AfterResponseMax", body, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
            Assert.Equal(
                problemDetails || lovageProblems ? "application/problem+json" : "text/plain",
                refused.Content.Headers.ContentType?.MediaType);
        }

        Assert.Equal(2, measured.Sum("lovage.local.dropped", "reason", "full"));
        Assert.Empty(_done);
        _gate.Set();
        await site.IdleAsync();
        Assert.Equal(3, _done.Count);
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/")).Status);
        await site.IdleAsync();
        Assert.Equal(4, _done.Count);
    }

    [Fact]
    public async Task Add_FullForTheSecondTaskOfARequest_DropsTheFirstWithTheRequest()
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", (BackgroundTasks background) =>
            {
                background.Add("first", () => _done.Enqueue("first"));
                background.Add("second", () => _done.Enqueue("second"));
            }),
            options => options.Local.AfterResponseMax = 1);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await site.GetAsync("/")).Status);

        await site.IdleAsync();
        Assert.Empty(_done);
        Assert.Contains("first", Assert.Single(site.Log.Of(TestLog.Dropped)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Add_FullAndTheEndpointTakesItItself_AnswersAsTheEndpointSays()
    {
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/", (BackgroundTasks background) =>
            {
                background.Add("first", () => _done.Enqueue("first"));
                var full = Assert.Throws<QueueFullException>(
                    () => background.Add("second", () => _done.Enqueue("second")));
                return Results.Text($"{full.Queue} {full.RetryAfter.TotalSeconds}", statusCode: 202);
            }),
            options => options.Local.AfterResponseMax = 1);

        Assert.Equal((HttpStatusCode.Accepted, "after-response 5"), await site.GetAsync("/"));

        await site.IdleAsync();
        Assert.Equal(["first"], _done);
    }

    [Fact]
    public async Task Add_FullAfterTheResponseHasStarted_BreaksTheConnectionAndNothingElse()
    {
        await using var site = await TestSite.StartAsync(
            app =>
            {
                app.MapGet("/gated", Gated);
                app.MapGet("/started", async (HttpContext context, BackgroundTasks background) =>
                {
                    await context.Response.WriteAsync("half");
                    await context.Response.Body.FlushAsync();
                    background.Add("too much", () => _done.Enqueue("too much"));
                });
            },
            options => options.Local.AfterResponseMax = 1);
        await site.GetAsync("/gated");

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => site.GetAsync("/started"));

        _gate.Set();
        await site.IdleAsync();
        Assert.Equal(["gated"], _done);
    }

    [Fact]
    public async Task Add_FloodOverTheBound_RunsExactlyWhatWasAnsweredWithOk()
    {
        const int Requests = 600;
        var accepted = 0;
        await using var site = await TestSite.StartAsync(
            app => app.MapGet("/{i}", (int i, BackgroundTasks background) =>
            {
                background.Add("flood", async () =>
                {
                    await Task.Yield();
                    _done.Enqueue($"{i}");
                });
                Interlocked.Increment(ref accepted);
            }),
            options => (options.Local.AfterResponseMax, options.Local.AfterResponseConcurrency) = (4, 2));
        site.Http.DefaultRequestVersion = HttpVersion.Version11;

        var answers = await Task.WhenAll(
            Enumerable.Range(0, Requests).Select(async i => (i, (await site.GetAsync($"/{i}")).Status)));

        await site.IdleAsync();
        var ok = answers.Where(static answer => answer.Status == HttpStatusCode.OK)
            .Select(static answer => $"{answer.i}")
            .ToList();
        Assert.Equal(
            Requests - ok.Count, answers.Count(static answer => answer.Status == HttpStatusCode.ServiceUnavailable));
        Assert.Equal(accepted, ok.Count);
        Assert.Equal(ok.Order(StringComparer.Ordinal), _done.Order(StringComparer.Ordinal));
        Assert.Empty(site.Failures);
    }

    private void Gated(BackgroundTasks background) => background.Add("gated", async () =>
    {
        await _gate.WhenSet;
        _done.Enqueue("gated");
    });
}

using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.AspNetCore.Tests;

public sealed class ProblemDetailsTests : IAsyncLifetime
{
    private const string Secret = "/var/secret/place";

    private readonly HttpClient _http = new();
    private readonly LineList _log = new();
    private WebApplication? _app;

    public async ValueTask InitializeAsync()
    {
        // As on a developer's machine, where ASP.NET Core throws for what it cannot bind.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Logging.ClearProviders().AddProvider(_log);
        builder.Services.AddHealthChecks().AddCheck("Other", static () => HealthCheckResult.Degraded(Secret));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddLovage().UseStorage("memory:").AddProblemDetails();
        _app = builder.Build();
        _app.UseExceptionHandler();
        _app.MapGet("/throw/{kind}", (string kind) => { throw Make(kind); });
        _app.MapGet("/jobs/{id}", (JobId id) => id.Value);
        _app.MapGet("/pause/{id}", async (string id, ScheduleClient schedules) =>
            (await schedules.PauseAsync(id, "test")).Id);
        _app.MapLovageHealth();
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _http.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData("arguments", 400, "no number")]
    [InlineData("conflict", 409, "mine")]
    [InlineData("schedule", 404, "no schedule")]
    [InlineData("taken", 409, "there is one")]
    [InlineData("payload", 413, "1,000 bytes")]
    [InlineData("full", 503, "is full")]
    [InlineData("transient", 503, "Try again later")]
    [InlineData("broken", 500, "log says why")]
    [InlineData("other", 500, null)]
    public async Task Endpoint_Throws_IsAnsweredWithProblemDetails(string kind, int status, string? detail)
    {
        using var response = await _http.GetAsync(
            new Uri($"/throw/{kind}", UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonElement.Parse(text);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
        Assert.Equal(detail is not null, problem.TryGetProperty("detail", out var told));
        Assert.True(detail is null || told.GetString()!.Contains(detail, StringComparison.Ordinal), text);
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("full", 16, 24)]
    [InlineData("overfull", 48, 72)]
    [InlineData("transient", 4, 6)]
    public async Task Endpoint_RefusesForNow_SaysWhenToComeBack(string kind, int min, int max)
    {
        using var response = await _http.GetAsync(
            new Uri($"/throw/{kind}", UriKind.Relative), TestContext.Current.CancellationToken);

        var seconds = int.Parse(Assert.Single(response.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture);
        Assert.InRange(seconds, min, max);
    }

    [Fact]
    public async Task Endpoint_FailsForGood_IsLoggedWithTheAnswersTraceId()
    {
        using var response = await _http.GetAsync(
            new Uri("/throw/broken", UriKind.Relative), TestContext.Current.CancellationToken);
        var traceId = JsonElement.Parse(
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .GetProperty("traceId").GetString()!;

        var line = Assert.Single(_log, line => line.Text.Contains(traceId, StringComparison.Ordinal));
        Assert.Equal(LogLevel.Error, line.Level);
        Assert.Contains("500 to GET /throw/broken", line.Text, StringComparison.Ordinal);
        Assert.Equal(Secret, line.Error?.Message);
    }

    [Theory]
    [InlineData("order-7", 200)]
    [InlineData("no%20id", 400)]
    [InlineData("%C3%BC", 400)]
    public async Task Endpoint_TakesAJobId_AnswersTextsThatAreNoneWith400(string id, int status)
    {
        using var response = await _http.GetAsync(
            new Uri($"/jobs/{id}", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Endpoint_PausesASchedule_AnswersIdsOfNoneWith404()
    {
        foreach (var id in new[] { "nightly", "no%20id", new string('x', 200) })
        {
            using var response = await _http.GetAsync(
                new Uri($"/pause/{id}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(404, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task Health_RunningApp_SaysWhyAndNothingSecret()
    {
        var answer = await _http.GetStringAsync(
            new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.StartsWith("{\"status\":\"Degraded\",\"checks\":{\"Lovage.Queues\":", answer, StringComparison.Ordinal);
        Assert.Contains(
            "\"Lovage.Storage\":{\"status\":\"Healthy\",\"reason\":\"The storage "
                + "answers.\"}",
            answer,
            StringComparison.Ordinal);
        Assert.Contains(
            "\"Lovage.Worker\":{\"status\":\"Healthy\",\"reason\":\"This process has no worker.\"}",
            answer,
            StringComparison.Ordinal);
        Assert.Contains("\"Other\":{\"status\":\"Degraded\"}", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("live", "Lovage.Worker")]
    [InlineData("ready", "Lovage.Storage,Lovage.ThreadPool")]
    public async Task Health_OfOneKind_HasItsChecksOnly(string tag, string checks)
    {
        var answer = JsonElement.Parse(await _http.GetStringAsync(
            new Uri($"/health/{tag}", UriKind.Relative), TestContext.Current.CancellationToken));

        Assert.Equal(
            checks,
            string.Join(',', answer.GetProperty("checks").EnumerateObject().Select(static check => check.Name)));
    }

    private static Exception Make(string kind) => kind switch
    {
        "arguments" => new BadArgumentsException("add", "a", "'a' is no number."),
        "conflict" => new JobIdConflictException(JobId.Parse("mine")),
        "schedule" => new ScheduleException("nightly", "there is no schedule of this id.") { IsMissing = true },
        "taken" => new ScheduleException("nightly", "there is one of this id."),
        "payload" => new PayloadTooLargeException("add", 1_000),
        "full" => new QueueFullException("mail", "100 jobs wait.", TimeSpan.FromSeconds(20)),
        "overfull" => new QueueFullException("mail", "100 jobs wait.", TimeSpan.FromHours(1)),
        "transient" => new StorageException(Secret, isTransient: true),
        "broken" => new StorageException(Secret, isTransient: false),
        _ => new InvalidOperationException(Secret),
    };
}

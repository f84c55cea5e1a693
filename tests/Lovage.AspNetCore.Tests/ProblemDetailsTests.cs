using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.AspNetCore.Tests;

public sealed class ProblemDetailsTests : IAsyncLifetime
{
    private const string Secret = "/var/secret/place";

    private readonly HttpClient _http = new();
    private WebApplication? _app;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddLovage().UseStorage("memory:").AddProblemDetails();
        _app = builder.Build();
        _app.UseExceptionHandler();
        _app.MapGet("/throw/{kind}", (string kind) => { throw Make(kind); });
        _app.MapLovageHealth();
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _http.Dispose();
    }

    [Theory]
    [InlineData("arguments", 400, "no number")]
    [InlineData("conflict", 409, "mine")]
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
    public async Task Health_RunningApp_TellsNothingButStatus() =>
        Assert.StartsWith(
            "{\"status\":\"Healthy\",\"checks\":{\"Lovage.Storage\":{\"status\":\"Healthy\"}",
            await _http.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

    private static Exception Make(string kind) => kind switch
    {
        "arguments" => new BadArgumentsException("add", "a", "'a' is no number."),
        "conflict" => new JobIdConflictException(JobId.Parse("mine")),
        "payload" => new PayloadTooLargeException("add", 1_000),
        "full" => new QueueFullException("mail", "100 jobs wait.", TimeSpan.FromSeconds(20)),
        "overfull" => new QueueFullException("mail", "100 jobs wait.", TimeSpan.FromHours(1)),
        "transient" => new StorageException(Secret, isTransient: true),
        "broken" => new StorageException(Secret, isTransient: false),
        _ => new InvalidOperationException(Secret),
    };
}

using System.Net;
using Lovage.Dashboard.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Lovage.Dashboard.Tests;

/// <summary>Who gets in, and what a closed console says.</summary>
public sealed class AccessTests
{
    [Theory]
    [InlineData("/lovage")]
    [InlineData("/lovage/")]
    [InlineData("/lovage/jobs/1")]
    public async Task Page_Closed_NamesTheLineToAdd(string path)
    {
        await using var site = await ClosedAsync(Environments.Production);

        var answer = await site.GetAsync(path);

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal("text/html", answer.Type);
        Assert.Contains("app.MapLovageDashboard().RequireAuthorization(", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("style", answer.Body, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task Api_Closed_IsAProblem()
    {
        await using var site = await ClosedAsync(Environments.Staging);

        foreach (var path in new[] { "session", "no/such/route" })
        {
            var answer = await site.GetAsync($"/lovage/api/{path}");

            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.Equal("application/problem+json", answer.Type);
            Assert.Contains(
                ".AllowAnonymous()", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("localhost", null, HttpStatusCode.OK)]
    [InlineData("127.0.0.1", null, HttpStatusCode.OK)]
    [InlineData("rebound.example", null, HttpStatusCode.Forbidden)]
    [InlineData("localhost", "X-Forwarded-For", HttpStatusCode.Forbidden)]
    public async Task Development_SameMachine_IsLetIn(string host, string? header, HttpStatusCode expected)
    {
        await using var site = await ClosedAsync(Environments.Development);
        (string, string)[] headers = header is null ? [("Host", host)] : [("Host", host), (header, "127.0.0.1")];

        Assert.Equal(expected, (await site.GetAsync("/lovage/api/session", headers)).Status);
        Assert.Equal(expected, (await site.GetAsync("/lovage/", headers)).Status);
    }

    [Theory]
    [InlineData("Development", "(Development: this machine only)")]
    [InlineData("Production", "(closed: ")]
    public async Task Start_Console_LogsItsAddress(string environment, string access)
    {
        await using var site = await ClosedAsync(environment);

        var line = Assert.Single(site.Log.Of(3113)).Message;

        Assert.StartsWith("Lovage console: http://127.0.0.1:", line, StringComparison.Ordinal);
        Assert.Contains($"/lovage {access}", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("same-origin", null, "application/json", true, HttpStatusCode.OK)]
    [InlineData("none", null, "application/json", true, HttpStatusCode.OK)]
    [InlineData(null, null, "application/json", true, HttpStatusCode.OK)]
    [InlineData(null, "own", "application/json; charset=utf-8", true, HttpStatusCode.OK)]
    [InlineData("cross-site", null, "application/json", true, HttpStatusCode.Forbidden)]
    [InlineData("same-site", "own", "application/json", true, HttpStatusCode.Forbidden)]
    [InlineData(null, "https://evil.example", "application/json", true, HttpStatusCode.Forbidden)]
    [InlineData(null, "null", "application/json", true, HttpStatusCode.Forbidden)]
    [InlineData(null, null, "text/plain", true, HttpStatusCode.Forbidden)]
    [InlineData(null, null, "application/x-www-form-urlencoded", true, HttpStatusCode.Forbidden)]
    [InlineData(null, null, "application/json", false, HttpStatusCode.Forbidden)]
    public async Task Change_ThatMayBeForged_IsRefused(
        string? fetchSite, string? origin, string type, bool isMarked, HttpStatusCode expected)
    {
        await using var site = await ConsoleSite.StartAsync();
        var headers = new List<(string, string)>();
        if (fetchSite is not null)
        {
            headers.Add(("Sec-Fetch-Site", fetchSite));
        }

        if (origin is not null)
        {
            headers.Add(("Origin", origin == "own" ? site.App.Urls.Single() : origin));
        }

        if (isMarked)
        {
            headers.Add(("X-Lovage", "1"));
        }

        var answer = await site.SendAsync(
            HttpMethod.Post, "/lovage/api/queues/mail/pause", """{"reason":"test"}""", [.. headers], type);

        Assert.Equal(expected, answer.Status);
        var queues = await site.Jobs.QueuesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(expected == HttpStatusCode.OK, queues.Any(static queue => queue.Paused));
    }

    [Fact]
    public void MapLovageDashboard_WithoutLovage_SaysWhatIsMissing()
    {
        var app = WebApplication.CreateSlimBuilder().Build();

        var error = Assert.Throws<InvalidOperationException>(() => app.MapLovageDashboard());

        Assert.Contains(
            "MapLovageDashboard() needs Lovage. Call builder.AddLovage()", error.Message, StringComparison.Ordinal);
    }

    private static Task<ConsoleSite> ClosedAsync(string environment) =>
        ConsoleSite.StartAsync(static app => app.MapLovageDashboard(), environment: environment);
}

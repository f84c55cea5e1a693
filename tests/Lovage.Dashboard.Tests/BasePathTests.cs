using System.Net;
using System.Text.RegularExpressions;
using Lovage.Dashboard.Tests.Sites;
using Microsoft.AspNetCore.Builder;

namespace Lovage.Dashboard.Tests;

/// <summary>The page works at each place of an app, and behind proxies.</summary>
public sealed partial class BasePathTests
{
    [Theory]
    [InlineData("", "/", "", "/")]
    [InlineData("", "/", "/jobs/abc", "/")]
    [InlineData("", "/lovage", "/lovage/", "/lovage/")]
    [InlineData("", "/lovage", "/lovage/jobs", "/lovage/")]
    [InlineData("", "/lovage", "/lovage/jobs/a%2Fb", "/lovage/")]
    [InlineData("", "/ops/tasks", "/ops/tasks/queues/mail/", "/ops/tasks/")]
    [InlineData("/my-api", "/lovage", "/my-api/lovage/queues/mail", "/my-api/lovage/")]
    [InlineData("/my-api", "/", "/my-api/jobs", "/my-api/")]
    public async Task Page_AtAPath_HasTheBaseOfItsPrefix(string pathBase, string prefix, string path, string expected)
    {
        await using var site = await StartAsync(pathBase, prefix);

        var answer = await site.GetAsync(path);

        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer.Status} {answer.Body}");
        var relative = BaseHref().Match(answer.Body).Groups[1].Value;
        Assert.Equal(expected, new Uri(new Uri($"http://host{path}"), relative).AbsolutePath);

        // A proxy that strips a prefix: the browser resolves against the address that it sees.
        Assert.Equal($"/stripped{expected}", new Uri(new Uri($"http://host/stripped{path}"), relative).AbsolutePath);
        Assert.DoesNotContain("{{", answer.Body, StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Contains(
            "require-trusted-types-for 'script'", answer.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "/lovage", "/lovage", "/lovage/")]
    [InlineData("", "/lovage", "/lovage?q=state%3Adead", "/lovage/?q=state%3Adead")]
    [InlineData("/my-api", "/lovage", "/my-api/lovage", "/my-api/lovage/")]
    [InlineData("/my-api", "/", "/my-api", "/my-api/")]
    public async Task Prefix_WithoutASlash_LeadsToTheOneWithIt(
        string pathBase, string prefix, string path, string expected)
    {
        await using var site = await StartAsync(pathBase, prefix);

        var answer = await site.GetAsync(path);

        Assert.Equal(HttpStatusCode.Redirect, answer.Status);
        Assert.Equal(
            $"/stripped{expected}",
            new Uri(new Uri($"http://host/stripped{path}"), answer.Headers["Location"]).PathAndQuery);
    }

    [Theory]
    [InlineData("/lovage/api/nothing", HttpStatusCode.NotFound, "application/problem+json")]
    [InlineData("/lovage/api", HttpStatusCode.NotFound, "application/problem+json")]
    [InlineData("/lovage/assets/0/app.js", HttpStatusCode.NotFound, null)]
    public async Task Path_ThatIsNoPage_IsNotFound(string path, HttpStatusCode expected, string? type)
    {
        await using var site = await StartAsync("", "/lovage");

        var answer = await site.GetAsync(path);

        Assert.Equal((expected, type), (answer.Status, answer.Type));
    }

    private static Task<ConsoleSite> StartAsync(string pathBase, string prefix) => ConsoleSite.StartAsync(app =>
    {
        if (pathBase.Length > 0)
        {
            app.UsePathBase(pathBase);
            app.UseRouting();
        }

        app.MapLovageDashboard(prefix).AllowAnonymous();
    });

    [GeneratedRegex("<base href=\"([^\"]*)\">")]
    private static partial Regex BaseHref();
}

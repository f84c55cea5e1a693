using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Lovage.AspNetCore.Tests;

/// <summary>What the page of metrics tells of the console.</summary>
[Collection(MeteredTests.Name)]
public sealed class ConsoleMetricsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_WhileTheConsoleIsUsed_HasItsStreamsAndQueries()
    {
        await using var site = await TestSite.StartAsync(static app =>
        {
            app.MapLovageMetrics().AllowAnonymous();
            app.MapLovageDashboard("/lovage").AllowAnonymous();
        });

        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/lovage/api/queues")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await site.GetAsync("/lovage/api/queues/none")).Status);
        PrometheusPage page;
        using (await site.Http.GetAsync(
            new Uri("/lovage/api/stream?topics=overview", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            Cancel))
        {
            page = await ReadAsync(site);
            Assert.Equal(1, page.Value("lovage_dashboard_streams"));
        }

        Assert.Equal("gauge", page.Types["lovage_dashboard_streams"]);
        Assert.Equal("histogram", page.Types["lovage_dashboard_query_duration_seconds"]);
        foreach (var query in new[] { "GET queues", "GET queues/{queue}" })
        {
            Assert.Equal(
                1, page.Value("lovage_dashboard_query_duration_seconds_count", ("lovage_dashboard_query", query)));
        }

        Assert.InRange(
            page.Value("lovage_dashboard_query_duration_seconds_count", ("lovage_dashboard_query", "look")), 1, 1_000);
        Assert.All(
            page.Of("lovage_dashboard_query_duration_seconds_count"),
            static sample => Assert.Equal("lovage_dashboard_query", Assert.Single(sample.Labels.Keys)));
        while ((await ReadAsync(site)).Value("lovage_dashboard_streams") > 0)
        {
        }
    }

    private static async Task<PrometheusPage> ReadAsync(TestSite site) =>
        PrometheusPage.Parse((await site.GetAsync("/metrics")).Body);
}

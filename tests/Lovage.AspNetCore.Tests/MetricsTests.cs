using System.Diagnostics.Metrics;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.AspNetCore.Tests;

/// <summary>The page of metrics that Prometheus reads.</summary>
[Collection(MeteredTests.Name)]
public sealed class MetricsTests
{
    private const int Closed = 3102;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_AfterAJob_HasItsCountersHistogramsAndQueue()
    {
        await using var site = await StartAsync(set: static lovage => lovage
            .AddJob(new JobDefinition("scraped", static _ => default)).AddWorker());
        var jobs = site.App.Services.GetRequiredService<JobClient>();
        await (await jobs.EnqueueAsync(Job.Create("scraped"), Cancel)).WaitAsync(TestSite.Patience, Cancel);
        await jobs.EnqueueAsync(Job.Create("scraped") with { Queue = "unserved" }, Cancel);

        using var response = await site.Http.GetAsync(new Uri("/metrics", UriKind.Relative), Cancel);
        var page = PrometheusPage.Parse(await response.Content.ReadAsStringAsync(Cancel));

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        var job = ("lovage_job_name", "scraped");
        Assert.Equal(1, page.Value("lovage_job_started_total", job));
        Assert.Equal(1, page.Value("lovage_job_completed_total", job, ("lovage_job_outcome", "success")));
        Assert.Equal(0, page.Value("lovage_job_active", job));
        Assert.Equal(1, page.Value("lovage_job_run_duration_seconds_count", job));
        Assert.Equal(1, page.Value("lovage_job_run_duration_seconds_bucket", job, ("le", "+Inf")));
        Assert.Equal(
            page.Value("lovage_job_run_duration_seconds_sum", job),
            page.Value("messaging_process_duration_seconds_sum", job));
        var queue = ("messaging_destination_name", "unserved");
        Assert.Equal(1, page.Value("lovage_queue_depth", queue, ("state", "ready")));
        Assert.Equal(0, page.Value("lovage_queue_workers", queue));
        Assert.Equal(1, page.Value("lovage_queue_workers", ("messaging_destination_name", "default")));
        Assert.Equal(1, page.Value("lovage_worker_alive"));
        Assert.Equal(1, page.Value("lovage_storage_up"));
        Assert.Equal("histogram", page.Types["lovage_job_run_duration_seconds"]);
        Assert.Equal("counter", page.Types["lovage_job_dead_total"]);
        Assert.Equal("gauge", page.Types["lovage_queue_oldest_age_seconds"]);
        Assert.Equal(
            "How long the oldest ready job of a queue has been ready.", page.Help["lovage_queue_oldest_age_seconds"]);
    }

    [Fact]
    public async Task Page_HostileLabelsAndNames_AreEscaped()
    {
        const string Hostile = "a\"} 1\nevil{x=\"\\\u0000\r\ud800é\"";
        using var meter = new Meter("Lovage");
        var counter = meter.CreateCounter<long>("test.1-hostile", "{x}", "Slash \\ and\nline.");
        await using var site = await StartAsync();

        counter.Add(1, new("the-label", Hostile), new("the_label", "second"), new("9", null));
        counter.Add(2, new("the-label", Hostile.Replace('\ud800', '\ud801')), new("9", ""));
        var (_, text) = await site.GetAsync("/metrics");

        Assert.Contains(
            "# HELP test_1_hostile_total Slash \\\\ and\\nline.\n# TYPE test_1_hostile_total counter\n"
                + "test_1_hostile_total{the_label=\"a\\\"} 1\\nevil{x=\\\"\\\\\uFFFD\r\uFFFDé\\\"\",_9=\"\"} 3\n",
            text,
            StringComparison.Ordinal);
        Assert.Equal(
            Hostile.Replace('\0', '\uFFFD').Replace('\ud800', '\uFFFD'),
            PrometheusPage.Parse(text).Of("test_1_hostile_total").Single().Labels["the_label"]);
    }

    [Fact]
    public async Task Page_MoreSeriesThanTheBound_CountsTheRestTogether()
    {
        using var meter = new Meter("Lovage");
        var counter = meter.CreateCounter<double>("test.many");
        await using var site = await StartAsync();
        for (var i = 0; i < 1_500; i++)
        {
            counter.Add(0.5, new KeyValuePair<string, object?>("id", i));
        }

        var series = (await ReadAsync(site)).Of("test_many_total").ToArray();

        Assert.Equal(1_001, series.Length);
        Assert.Equal(
            250, Assert.Single(series, static one => one.Labels.ContainsKey("otel_metric_overflow")).Value);
    }

    [Fact]
    public async Task Page_Histogram_HasCumulativeBucketsOfItsAdvice()
    {
        using var meter = new Meter("Lovage");
        var histogram = meter.CreateHistogram<double>(
            "test.length",
            "ms",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2.5] });
        await using var site = await StartAsync();
        foreach (var value in new[] { 1, 1.5, 2.5, 100, double.NaN })
        {
            histogram.Record(value);
        }

        Assert.Contains(
            "# TYPE test_length_milliseconds histogram\n"
                + "test_length_milliseconds_bucket{le=\"1\"} 1\n"
                + "test_length_milliseconds_bucket{le=\"2.5\"} 3\n"
                + "test_length_milliseconds_bucket{le=\"+Inf\"} 4\n"
                + "test_length_milliseconds_sum 105\n"
                + "test_length_milliseconds_count 4\n",
            (await site.GetAsync("/metrics")).Body,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_GaugesThatFailOrEnd_LeaveTheRest()
    {
        using var meter = new Meter("Lovage");
        var value = 1.5;
        meter.CreateObservableGauge("test.level", () => value, "s");
        meter.CreateObservableGauge(
            "test.broken", new Func<long>(static () => throw new InvalidOperationException("no value")));
        await using var site = await StartAsync();
        Assert.Equal(1.5, (await ReadAsync(site)).Value("test_level_seconds"));

        value = double.PositiveInfinity;
        Assert.Equal(double.PositiveInfinity, (await ReadAsync(site)).Value("test_level_seconds"));

        meter.Dispose();
        var page = await ReadAsync(site);
        Assert.Empty(page.Of("test_level_seconds"));
        Assert.Equal(1, page.Value("lovage_storage_up"));
    }

    [Fact]
    public async Task Page_ManyThreads_CountEachMeasurement()
    {
        using var meter = new Meter("Lovage");
        var counter = meter.CreateCounter<long>("test.threads");
        await using var site = await StartAsync();

        await Parallel.ForAsync(0, 8, Cancel, async (thread, cancellationToken) =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                counter.Add(1, new KeyValuePair<string, object?>("n", i % 7));
            }

            await site.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken);
        });

        var page = await ReadAsync(site);
        Assert.Equal(40_000, page.Of("test_threads_total").Sum(static one => one.Value));
        Assert.Equal(7, page.Of("test_threads_total").Count());
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public async Task Access_NothingIsSaid_IsClosedOutsideDevelopmentAndToldOnce(string environment)
    {
        await using var site = await StartAsync(static _ => { }, environment);

        for (var i = 0; i < 2; i++)
        {
            var (status, body) = await site.GetAsync("/metrics");
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains("app.MapLovageMetrics().RequireAuthorization(", body, StringComparison.Ordinal);
            Assert.DoesNotContain("lovage_", body, StringComparison.Ordinal);
        }

        Assert.Equal(LogLevel.Warning, Assert.Single(site.Log.Of(Closed)).Level);
    }

    [Theory]
    [InlineData("127.0.0.1", null, HttpStatusCode.OK)]
    [InlineData("localhost", null, HttpStatusCode.OK)]
    [InlineData("shop.localhost", null, HttpStatusCode.OK)]
    [InlineData("[::1]", null, HttpStatusCode.OK)]
    [InlineData("rebound.example", null, HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.example", null, HttpStatusCode.Forbidden)]
    [InlineData("localhost", "X-Forwarded-For", HttpStatusCode.Forbidden)]
    [InlineData("localhost", "Forwarded", HttpStatusCode.Forbidden)]
    public async Task Access_Development_IsForTheSameMachine(string host, string? header, HttpStatusCode expected)
    {
        await using var site = await StartAsync(static _ => { }, Environments.Development);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));
        request.Headers.Host = host;
        if (header is not null)
        {
            request.Headers.Add(header, "127.0.0.1");
        }

        using var response = await site.Http.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Access_RequiredAuthorization_IsTheAppsOwn()
    {
        await using var site = await TestSite.StartAsync(
            static app => app.MapGroup("/ops").RequireAuthorization().MapLovageMetrics("/lovage"),
            set: static (builder, _) =>
            {
                builder.Services.AddAuthorization();
                builder.Services.AddAuthentication("test")
                    .AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("test", null);
            });

        Assert.Equal(HttpStatusCode.Unauthorized, (await site.GetAsync("/ops/lovage")).Status);

        site.Http.DefaultRequestHeaders.Add(HeaderAuthentication.Name, "scraper");
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/ops/lovage")).Status);
    }

    [Fact]
    public async Task MapLovageMetrics_WithoutLovage_SaysWhatIsMissing()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestSite.StartAsync(static app => app.MapLovageMetrics(), withLovage: false));

        Assert.Contains("builder.AddLovage()", error.Message, StringComparison.Ordinal);
    }

    private static async Task<PrometheusPage> ReadAsync(TestSite site) =>
        PrometheusPage.Parse((await site.GetAsync("/metrics")).Body);

    private static Task<TestSite> StartAsync(
        Action<IEndpointConventionBuilder>? open = null,
        string? environment = null,
        Action<LovageBuilder>? set = null) => TestSite.StartAsync(
            app => (open ?? (static endpoint => endpoint.AllowAnonymous()))(app.MapLovageMetrics()),
            set: (_, lovage) => set?.Invoke(lovage!),
            environment: environment);
}

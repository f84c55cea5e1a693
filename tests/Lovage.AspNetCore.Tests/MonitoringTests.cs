using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.RegularExpressions;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests;

/// <summary>The board and the alerts that come with the package, against the metrics of an app.</summary>
[Collection(MeteredTests.Name)]
public sealed partial class MonitoringTests
{
    private const string Alerts = "lovage-alerts.yml";
    private const string AlertTests = "lovage-alerts.test.yml";

    /// <summary>What no app that works well has: it is counted when leases are lost. It has no labels.</summary>
    private static readonly string[] OfLostLeases = ["lovage_lease_lost_total", "lovage_outcome_stale_total"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_Queries_NameMetricsAndLabelsThatAnAppWrites()
    {
        using var meter = new Meter("Lovage");
        meter.CreateObservableGauge(
            "test.broken", new Func<long>(static () => throw new InvalidOperationException("no value")));
        var holds = new TaskCompletionSource();
        await using var site = await StartAsync(holds.Task);
        await UseAsync(site);

        // The skipped tick of a schedule and the sample of the thread pool come with time.
        PrometheusPage page;
        do
        {
            page = PrometheusPage.Parse((await site.GetAsync("/metrics")).Body);
        }
        while (!page.Of("lovage_schedule_missed_total").Any() || !page.Of("lovage_threadpool_delay_seconds_sum").Any());

        holds.SetResult();
        foreach (var (file, least) in new[] { ("lovage-dashboard.json", 20), (Alerts, 11), (AlertTests, 20) })
        {
            var queries = MonitoringFile.Queries(file).Where(static query => MonitoringFile.Metrics(query).Count > 0);
            var checkedQueries = 0;
            foreach (var query in queries)
            {
                var metrics = MonitoringFile.Metrics(query);
                Assert.All(metrics, name => Assert.True(
                    page.Of(name).Any() || (OfLostLeases.Contains(name) && page.Types.ContainsKey(name)),
                    $"{file}: no app writes {name}."));
                var labels = metrics.SelectMany(page.Of).SelectMany(static sample => sample.Labels.Keys);
                Assert.Empty(MonitoringFile.LabelsOf(query).Except(labels));
                checkedQueries++;
            }

            Assert.InRange(checkedQueries, least, 1_000);
        }
    }

    [Fact]
    public void Alerts_EachOne_IsTestedFiring()
    {
        var alerts = Alert().Matches(MonitoringFile.Read(Alerts)).Select(static match => match.Groups[1].Value);

        var fired = Fired().Matches(MonitoringFile.Read(AlertTests)).Select(static match => match.Groups[1].Value);

        Assert.Equal(alerts.Order(StringComparer.Ordinal), fired.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("check", Alerts)]
    [InlineData("test", AlertTests)]
    public async Task Alerts_ByPromtool_AreRight(string command, string file)
    {
        var tool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static folder => Path.Combine(folder, "promtool"))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(tool is null, "promtool is not installed; Debian's package prometheus has it.");
        using var process = Process.Start(new ProcessStartInfo(tool, [command, "rules", file])
        {
            WorkingDirectory = MonitoringFile.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.True(process.ExitCode == 0, await output + await errors);
    }

    /// <summary>Does once what each metric counts.</summary>
    private static async Task UseAsync(TestSite site)
    {
        var jobs = site.App.Services.GetRequiredService<JobClient>();
        await (await jobs.EnqueueAsync(Job.Create("good"), Cancel)).WaitAsync(TestSite.Patience, Cancel);
        var bad = await jobs.EnqueueAsync(Job.Create("bad"), Cancel);
        await Assert.ThrowsAsync<JobFailedException>(async () => await bad.WaitAsync(TestSite.Patience, Cancel));
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/")).Status);
        var spawner = site.App.Services.GetRequiredService<TaskSpawner>();
        _ = spawner.Spawn("one", static token => Task.Delay(Timeout.Infinite, token));
        Assert.Throws<QueueFullException>(() => spawner.Spawn("two", static () => { }));
    }

    private static Task<TestSite> StartAsync(Task holds) => TestSite.StartAsync(
        static app =>
        {
            app.MapLovageMetrics().AllowAnonymous();
            app.MapGet("/", static (BackgroundTasks background) => background.Add("after", static () => { }));
        },
        static options =>
        {
            options.Local.SpawnedMax = 1;
            options.Local.DrainTime = TimeSpan.Zero;
            options.Worker.MaxAttempts = 1;
        },
        (_, lovage) => lovage!
            .AddJob(new JobDefinition("good", static _ => default))
            .AddJob(new JobDefinition("bad", static _ => throw new InvalidOperationException("no")))
            .AddJob(new JobDefinition("each", async _ => await holds))
            .AddSchedule("each", Every.Seconds(1), Job.Create("each"))
            .AddWorker());

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"alertname: (\w+)\n +exp_alerts:")]
    private static partial Regex Fired();
}

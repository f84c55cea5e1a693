using System.Diagnostics;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests;

/// <summary>The page of metrics with the names of the Prometheus exporter for Celery.</summary>
[Collection(MeteredTests.Name)]
public sealed class CeleryMetricsTests
{
    private static readonly (string Name, string Value) Host = ("hostname", Environment.MachineName);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_AfterJobs_HasCelerysNames()
    {
        await using var site = await StartAsync(CeleryNames.All);
        await UseAsync(site);

        var page = await ReadAsync(site);

        Assert.Equal((1, 1, 1, 1, 0, 0, 0, 0), CountsOf(page, "good"));
        Assert.Equal((1, 2, 2, 0, 1, 0, 0, 1), CountsOf(page, "bad"));
        Assert.Equal((1, 1, 1, 0, 0, 1, 0, 0), CountsOf(page, "rejecting"));
        Assert.Equal((1, 1, 1, 0, 0, 0, 1, 0), CountsOf(page, "cancelled"));
        Assert.Equal(
            1,
            page.Value("celery_task_failed_total", ("name", "bad"), ("exception", "InvalidOperationException"), Host));
        Assert.Equal(0, page.Value("celery_task_failed_total", ("name", "good"), ("exception", "")));
        Assert.Equal(
            (1.0, 0.0, 1.0),
            (
                page.Value("celery_task_runtime_count", ("name", "good"), ("queue_name", "default"), Host),
                page.Value("celery_task_runtime_count", ("name", "bad")),
                page.Value("celery_task_queue_wait_time_count", ("name", "bad"))));
        Assert.Equal(1, page.Value("celery_task_sent_total", ("name", "good"), ("queue_name", "unserved")));
        Assert.DoesNotContain(
            page.Of("celery_task_received_total"), static one => one.Labels["queue_name"] == "unserved");
        Assert.Equal((1, 0), (page.Value("celery_worker_up", Host), page.Value("celery_worker_tasks_active", Host)));
        foreach (var (queue, length, workers) in new[] { ("default", 0, 1), ("unserved", 1, 0) })
        {
            var label = ("queue_name", queue);
            Assert.Equal(length, page.Value("celery_queue_length", label));
            Assert.Equal(workers, page.Value("celery_active_consumer_count", label));
            Assert.Equal(workers, page.Value("celery_active_worker_count", label));
            Assert.Equal(workers * 3, page.Value("celery_active_process_count", label));
        }

        Assert.Equal("histogram", page.Types["celery_task_runtime"]);
        Assert.Equal("counter", page.Types["celery_task_sent_total"]);
        Assert.Equal("gauge", page.Types["celery_worker_up"]);
    }

    [Theory]
    [InlineData(CeleryNames.None)]
    [InlineData(CeleryNames.Tasks)]
    public async Task Page_FewerNames_LeavesTheOthersOut(CeleryNames names)
    {
        await using var site = await StartAsync(names);
        await UseAsync(site);

        var types = (await ReadAsync(site)).Types.Keys.Where(
            static name => name.StartsWith("celery_", StringComparison.Ordinal)).ToList();

        Assert.Equal(names == CeleryNames.None ? 0 : 10, types.Count);
        Assert.All(types, static name => Assert.StartsWith("celery_task_", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Map_UnknownNames_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(
        static () => Metrics.CeleryPage.Of((CeleryNames)9, null!, TimeProvider.System));

    [Fact]
    public async Task Page_ByPromtool_IsRight()
    {
        var tool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static folder => Path.Combine(folder, "promtool"))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(tool is null, "promtool is not installed; Debian's package prometheus has it.");
        await using var site = await StartAsync(CeleryNames.All);
        await UseAsync(site);
        var (_, text) = await site.GetAsync("/metrics");
        using var process = Process.Start(new ProcessStartInfo(tool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

        await process.StandardInput.WriteAsync(text.AsMemory(), Cancel);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        // The exporter's own names end so; 3 says that a name is unusual, 1 that the page cannot be read.
        var lines = $"{output}{await errors}".Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, static line => Assert.Matches("^celery_active_[a-z]+_count ", line));
        Assert.Equal(3, process.ExitCode);
    }

    private static (double Sent, double Received, double Started, double Succeeded, double Failed, double Rejected,
        double Revoked, double Retried) CountsOf(PrometheusPage page, string name)
    {
        return (Of("sent"), Of("received"), Of("started"), Of("succeeded"), Of("failed"), Of("rejected"),
            Of("revoked"), Of("retried"));

        double Of(string word) => page.Value(
            $"celery_task_{word}_total", ("name", name), ("queue_name", "default"), Host);
    }

    /// <summary>Does once what each metric counts.</summary>
    private static async Task UseAsync(TestSite site)
    {
        var jobs = site.App.Services.GetRequiredService<JobClient>();
        await jobs.EnqueueAsync(Job.Create("good") with { Queue = "unserved" }, Cancel);
        foreach (var name in new[] { "good", "bad", "rejecting" })
        {
            var handle = await jobs.EnqueueAsync(Job.Create(name), Cancel);
            await Record.ExceptionAsync(async () => await handle.WaitAsync(TestSite.Patience, Cancel));
        }

        // The page keeps a reading of the storage for some seconds; here no job of the queue waits.
        await ReadAsync(site);
        var cancelled = await jobs.EnqueueAsync(Job.Create("cancelled"), Cancel);
        while ((await ReadAsync(site)).Of("lovage_job_active").All(
            static one => one.Labels["lovage_job_name"] != "cancelled" || one.Value == 0))
        {
        }

        await cancelled.CancelAsync("no more", Cancel);
        await Record.ExceptionAsync(async () => await cancelled.WaitAsync(TestSite.Patience, Cancel));

        // The worker's listeners hear of an outcome just after it is written.
        while ((await ReadAsync(site)).Of("lovage_job_completed_total").Sum(static one => one.Value) < 5)
        {
        }
    }

    private static async Task<PrometheusPage> ReadAsync(TestSite site) =>
        PrometheusPage.Parse((await site.GetAsync("/metrics")).Body);

    private static Task<TestSite> StartAsync(CeleryNames names) => TestSite.StartAsync(
        app => app.MapLovageMetrics(configure: page => page.CeleryNames = names).AllowAnonymous(),
        static options => options.Worker.Concurrency = 3,
        static (_, lovage) => lovage!
            .AddJob(new JobDefinition("good", static _ => default))
            .AddJob(new JobDefinition("bad", static _ => throw new InvalidOperationException("no")) with
            {
                Retry = new RetryPolicy { MaxAttempts = 2, Delay = TimeSpan.FromMilliseconds(1) },
            })
            .AddJob(new JobDefinition("rejecting", static _ => throw Reject.Because("no")))
            .AddJob(new JobDefinition("cancelled", static async job =>
                await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken)))
            .AddWorker());
}

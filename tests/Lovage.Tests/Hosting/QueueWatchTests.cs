using Lovage.Tests.Spawning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Hosting;

/// <summary>Jobs that wait for a queue that no worker serves, and handlers that wait for a slot.</summary>
public sealed class QueueWatchTests
{
    private const int Unserved = 1002;
    private const int NoSlotLeft = 1003;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnqueueAsync_QueueThatNoWorkerServes_WarnsOnceAndIsDegraded()
    {
        using var log = new TestLog();
        var time = new TestClock();
        using var host = await StartAsync(
            log, static lovage => lovage.AddJob(new JobDefinition("n", static _ => default)), time);
        var jobs = host.Services.GetRequiredService<JobClient>();
        for (var i = 0; i < 3; i++)
        {
            await jobs.EnqueueAsync(Job.Create("n") with { Queue = "slow" }, Cancel);
        }

        time.Advance(TimeSpan.FromSeconds(20));
        await log.WaitForAsync(Unserved);
        await jobs.EnqueueAsync(Job.Create("n") with { Queue = "slow" }, Cancel);
        time.Advance(TimeSpan.FromMinutes(1));

        var line = Assert.Single(log.Of(Unserved));
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains("queue slow,", line.Message, StringComparison.Ordinal);
        var health = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel))
            .Entries["Lovage.Queues"];
        Assert.Equal(
            (HealthStatus.Degraded, "No live worker serves these queues, in which jobs wait: slow."),
            (health.Status, health.Data["reason"]));
    }

    [Fact]
    public async Task EnqueueAsync_QueueOfALiveWorker_SaysNothing()
    {
        using var log = new TestLog();
        using var host = await StartAsync(
            log,
            static lovage => lovage.AddJob(new JobDefinition("n", static _ => default))
                .AddWorker(static worker => worker.Queues.Add("slow")));
        var jobs = host.Services.GetRequiredService<JobClient>();
        var handle = await jobs.EnqueueAsync(Job.Create("n") with { Queue = "slow" }, Cancel);

        await handle.WaitAsync(Patience, Cancel);

        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);
        Assert.Equal(HealthStatus.Healthy, health.Entries["Lovage.Queues"].Status);
        Assert.Empty(log.Of(Unserved));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task WaitAsync_InAHandlerWithoutAFreeSlot_WarnsOnceWithBothNames(int slots, int warnings)
    {
        using var log = new TestLog();
        JobClient? jobs = null;
        using var host = await StartAsync(
            log,
            lovage => lovage
                .AddJob(new JobDefinition("parent", async invocation =>
                {
                    for (var i = 0; i < 2; i++)
                    {
                        var child = await jobs!.EnqueueAsync(Job.Create("child"), Cancel);
                        try
                        {
                            await child.WaitAsync(TimeSpan.FromMilliseconds(slots == 1 ? 50 : 30_000), Cancel);
                        }
                        catch (TimeoutException) when (slots == 1)
                        {
                            // As it would be for ever.
                        }
                    }
                }))
                .AddJob(new JobDefinition("child", static _ => default))
                .AddWorker(worker => worker.Concurrency = slots));
        jobs = host.Services.GetRequiredService<JobClient>();

        await (await jobs.EnqueueAsync(Job.Create("parent"), Cancel)).WaitAsync(Patience, Cancel);

        Assert.Equal(warnings, log.Of(NoSlotLeft).Count());
        Assert.All(log.Of(NoSlotLeft), static line =>
        {
            Assert.StartsWith("Job parent[", line.Message, StringComparison.Ordinal);
            Assert.Contains("waits for job child[", line.Message, StringComparison.Ordinal);
        });
        await host.StopAsync(Cancel);
    }

    private static async Task<IHost> StartAsync(
        TestLog log, Action<LovageBuilder> set, TestClock? time = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = "Production" });
        builder.Logging.AddProvider(log);
        var lovage = builder.AddLovage().UseStorage("memory:");
        if (time is not null)
        {
            lovage.UseTime(time);
        }

        set(lovage);
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return host;
    }
}

using System.Diagnostics;
using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace Lovage.Faults;

/// <summary>
/// Handlers that block, in the process that serves the web. On threads of their own they do no harm. On the pool's
/// threads the watch names them.
/// </summary>
public abstract class BlockingFaults
{
    private const int Blocked = 400;
    private const int Reclaimed = 2010;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Measured = WebApp.Lease * 3;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract StorageUnderTest NewStorage();

    [Fact]
    public async Task DedicatedThreads_ManyBlockedHandlers_DelayNoRequestAndCostNoLease()
    {
        using var gate = new BlockingGate(Blocked);
        var storage = NewStorage();
        await using var lab = await FaultLab.OpenAsync(storage);
        var observer = await StartObserverAsync(lab);
        await using var app = await WebApp.StartAsync(
            storage.Address,
            Blocked,
            new JobDefinition("block.apart", _ => gate.Block()) { Execution = JobExecution.DedicatedThread });
        await app.MeasureAsync(TimeSpan.FromSeconds(1));
        var before = await app.MeasureAsync(Measured);

        var ids = await lab.EnqueueAsync(Enumerable.Range(0, Blocked).Select(static _ => Job.Create("block.apart")));
        await gate.Full.WaitAsync(Minute, Cancel);
        var during = await app.MeasureAsync(Measured);
        var readiness = await app.Client.GetStringAsync(new Uri("/ready", UriKind.Relative), Cancel);
        var renewalAge = app.RenewalAge();
        gate.Open();
        await lab.QuiesceAsync(Minute);

        FaultLab.Print(
            $"{Blocked} handlers blocked on threads of their own for {Measured.TotalSeconds:0.#} s, leases of "
                + $"{WebApp.Lease.TotalSeconds:0.#} s. Without them: {before}. With them: {during}. Leases renewed "
                + $"{renewalAge.TotalSeconds:0.0} s ago");
        await AssertEachRanOnceAsync(lab, gate, ids);
        Assert.Equal((0, 0), (app.LeasesLost, observer.Count(Reclaimed)));
        Assert.Equal("Healthy", readiness);
        Assert.DoesNotContain(app.Log, static line => line.Id == WebApp.PoolStarves);
        Assert.True(renewalAge < WebApp.Lease);
        Assert.True(during.Requests > 100, "The measurement is too small to tell.");
        Assert.True(during.P99 < TimeSpan.FromMilliseconds(250), $"With blocked handlers: {during}; without: {before}");
    }

    [Fact]
    public async Task ThreadPool_ManyHandlersThatBlockIt_TurnsReadinessOffAndNamesThemAndCostsNoLease()
    {
        using var bound = new PoolBound(Environment.ProcessorCount + 64);
        using var gate = new BlockingGate(Blocked);
        var storage = NewStorage();
        await using var lab = await FaultLab.OpenAsync(storage);
        var observer = await StartObserverAsync(lab);
        await using var app = await WebApp.StartAsync(
            storage.Address, Blocked, new JobDefinition("block.pool", _ => gate.Block()));
        await app.MeasureAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(HealthStatus.Healthy, app.PoolHealth().Status);

        var start = Stopwatch.GetTimestamp();
        var ids = await lab.EnqueueAsync(Enumerable.Range(0, Blocked).Select(static _ => Job.Create("block.pool")));

        // Nothing may be awaited from here on: that would need the pool.
        var starved = app.WaitForLog(WebApp.PoolStarves, Minute);
        var told = Stopwatch.GetElapsedTime(start);
        var health = app.PoolHealth();
        app.WaitUntil(() => Stopwatch.GetElapsedTime(start) > Measured, Minute);
        var renewalAge = app.RenewalAge();
        var entered = gate.Entered;
        gate.Open();
        app.WaitForLog(WebApp.PoolAnswers, Minute);
        await lab.QuiesceAsync(Minute);

        FaultLab.Print(
            $"{entered} of {Blocked} handlers blocked the pool: told after {told.TotalSeconds:0.0} s, leases renewed "
                + $"{renewalAge.TotalSeconds:0.0} s before the end. {starved}");
        Assert.Contains("Handlers that hold its threads: block.pool (", starved, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("Holding threads: block.pool (", health.Description, StringComparison.Ordinal);
        Assert.InRange(told.TotalSeconds, 5, 10);
        Assert.True(entered < Blocked, "The pool was not starved.");
        Assert.Equal(HealthStatus.Healthy, app.PoolHealth().Status);
        Assert.True(renewalAge < WebApp.Lease);
        Assert.Equal((0, 0), (app.LeasesLost, observer.Count(Reclaimed)));
        await AssertEachRanOnceAsync(lab, gate, ids);
    }

    /// <summary>Another process on the same storage, which would take back any job whose lease has ended.</summary>
    private static async Task<NodeProcess> StartObserverAsync(FaultLab lab)
    {
        var observer = lab.StartWorker(new WorkerShape { Queue = "other" });
        await lab.EnqueueOneAsync(FaultJobs.Work(1) with { Queue = "other" });
        await lab.UntilAsync("the observer is up", Minute, () => lab.Journal.FinishedCount == 1);
        return observer;
    }

    private static async Task AssertEachRanOnceAsync(FaultLab lab, BlockingGate gate, IReadOnlyList<JobId> ids)
    {
        Assert.Equal(ids.Count, gate.Entered);
        foreach (var id in ids)
        {
            Assert.Equal(JobState.Succeeded, (await lab.RecordAsync(id)).State);
            Assert.Single(await lab.AttemptsAsync(id));
        }
    }
}

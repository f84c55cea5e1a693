using System.Diagnostics;
using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults;

/// <summary>Handlers that harm their process: they end it, starve it or never return.</summary>
public abstract class HandlerFaults
{
    private const int StaleOutcome = 2005;
    private const int Dropped = 2006;
    private const int Reclaimed = 2010;
    private const int GaveUp = 2011;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    protected abstract StorageUnderTest NewStorage();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Poison_AmongGoodJobs_IsDeadAfterTwoRecordedStartsAndTakesNoneAlong(bool failFast)
    {
        const int Half = 250;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        await lab.EnqueueAsync(Enumerable.Range(0, Half).Select(static i => (Job)FaultJobs.Work(i % 5)));
        var poison = await lab.EnqueueOneAsync(FaultJobs.Die(failFast));
        await lab.EnqueueAsync(Enumerable.Range(0, Half).Select(static i => (Job)FaultJobs.Work(i % 5)));
        var payload = (await lab.RecordAsync(poison)).Message.Body.ToArray();

        // As a process supervisor does.
        var starts = 1;
        var worker = lab.StartWorker(new WorkerShape());
        await lab.UntilAsync("the poison is dead", Minute, async () =>
        {
            if (worker.HasExited)
            {
                await worker.ExitedAsync(Minute);
                Assert.NotEqual(0, worker.ExitCode);
                worker = lab.StartWorker(new WorkerShape());
                starts++;
            }

            return (await lab.RecordAsync(poison)).State == JobState.Dead;
        });
        await lab.QuiesceAsync(Minute);

        var verdict = await lab.JudgeAsync(new Dictionary<JobId, JobState> { [poison] = JobState.Dead });
        var record = await lab.RecordAsync(poison);
        var attempts = await lab.AttemptsAsync(poison);
        FaultLab.Print(
            $"A job that {(failFast ? "fails fast" : "kills its process")}: dead after {attempts.Count} recorded "
                + $"starts, {starts - 1} deaths of its worker; {verdict}; reason \"{record.Reason}\"");
        verdict.IsSound();
        Assert.Equal(2, attempts.Count(static attempt => attempt.End == AttemptEnd.OwnerDied));
        Assert.Equal(lab.Journal.Of(poison, "start").Count(), starts - 1);
        Assert.InRange(starts - 1, 2, 3);
        Assert.Equal(payload, record.Message.Body.ToArray());
        Assert.False(string.IsNullOrEmpty(record.Reason));
        Assert.False(worker.HasExited);
    }

    [Fact]
    public async Task Starvation_OfTheThreadPool_CostsNoLease()
    {
        const int Jobs = 400;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var observer = lab.StartWorker(new WorkerShape { Queue = "other" });
        await lab.EnqueueOneAsync(FaultJobs.Work(1) with { Queue = "other" });
        await lab.UntilAsync("the observer is up", Minute, () => lab.Journal.FinishedCount == 1);
        await lab.EnqueueAsync(Enumerable.Range(0, Jobs).Select(static _ => (Job)FaultJobs.Block(300)));
        var shape = new WorkerShape { Concurrency = Jobs, PoolThreads = 8, Lease = TimeSpan.FromSeconds(4) };
        var worker = lab.StartWorker(shape);
        await lab.QuiesceAsync(Minute);

        var verdict = await lab.JudgeAsync();
        var lines = lab.Journal.Read().Where(line => line.Process == worker.Id).ToList();
        var span = Stopwatch.GetElapsedTime(lines.Min(static line => line.At), lines.Max(static line => line.At));
        FaultLab.Print(
            $"{Jobs} blocking handlers on {shape.PoolThreads} threads for {span.TotalSeconds:0.0} s, leases of "
                + $"{shape.Lease.TotalSeconds:0.#} s: {verdict}");
        verdict.IsSound();
        Assert.True(span > 2 * shape.Lease, "The pool was not starved for long enough.");
        Assert.Equal(0, verdict.ExtraStarts);
        Assert.Equal(0, worker.Count(StaleOutcome) + worker.Count(Dropped));
        Assert.Equal(0, observer.Count(Reclaimed) + worker.Count(Reclaimed));
    }

    [Fact]
    public async Task TimeLimit_OfHandlersThatNeverReturn_EndsTheirAttemptsAndReplacesTheirSlots()
    {
        const int Good = 100;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var spins = await lab.EnqueueAsync(
            FaultJobs.Spin(), FaultJobs.Spin(), FaultJobs.SpinApart(), FaultJobs.SpinApart());
        await lab.EnqueueAsync(Enumerable.Range(0, Good).Select(static i => (Job)FaultJobs.Work(i % 5)));
        var shape = new WorkerShape { Concurrency = 2 };
        var worker = lab.StartWorker(shape);
        await lab.QuiesceAsync(Minute);

        var verdict = await lab.JudgeAsync(spins.ToDictionary(static id => id, static _ => JobState.Failed));
        var slowest = TimeSpan.Zero;
        foreach (var spin in spins)
        {
            var attempt = Assert.Single(await lab.AttemptsAsync(spin));
            Assert.Equal(AttemptEnd.TimedOut, attempt.End);
            slowest = attempt.Duration > slowest ? attempt.Duration : slowest;
        }

        var start = Stopwatch.GetTimestamp();
        worker.Terminate();
        await worker.ExitedAsync(Minute);
        var exit = Stopwatch.GetElapsedTime(start);
        FaultLab.Print(
            $"{spins.Count} endless handlers on {shape.Concurrency} slots: given up after {slowest.TotalSeconds:0.00} "
                + $"s at the most; {verdict}; exit after {exit.TotalSeconds:0.00} s");
        verdict.IsSound();
        Assert.Equal(0, verdict.ExtraStarts);
        Assert.Equal(spins.Count, worker.Count(GaveUp));
        Assert.InRange(slowest.TotalSeconds, 1, 2);
        Assert.Equal(0, worker.ExitCode);
        Assert.InRange(exit, TimeSpan.Zero, shape.Drain + shape.Cancel + TimeSpan.FromSeconds(2));
    }
}

using System.Diagnostics;
using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults;

/// <summary>SIGTERM: an interruption is no failure, and takes no longer than it may.</summary>
public abstract class ShutdownFaults
{
    private const int Reclaimed = 2010;
    private const int Draining = 2012;
    private const int LeftBehind = 2013;

    private static readonly TimeSpan Spare = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The lease is so long and the sweep so rare that a job runs elsewhere soon only if its worker released it.
    /// </summary>
    private static readonly WorkerShape GivesBack = new()
    {
        Concurrency = 8,
        Lease = TimeSpan.FromSeconds(60),
        Sweep = TimeSpan.FromMinutes(10),
        Drain = TimeSpan.FromSeconds(1),
        Cancel = TimeSpan.FromSeconds(1),
    };

    protected abstract StorageUnderTest NewStorage();

    [Fact]
    public async Task Terminate_UnderLoad_GivesBackAtOnceWhatIsUnfinished()
    {
        const int Held = 4;
        const int Jobs = 4_000;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var first = lab.StartWorker(GivesBack);
        var held = await lab.EnqueueAsync(Enumerable.Range(0, Held).Select(_ => lab.Hold(WhenCancelled.Stop)));
        foreach (var id in held)
        {
            await lab.StartedAsync(id, first);
        }

        var second = lab.StartWorker(GivesBack);
        await lab.EnqueueAsync(Enumerable.Range(0, Jobs).Select(static i => (Job)FaultJobs.Work(1 + (i % 5))));
        await lab.UntilAsync("both work", TimeSpan.FromMinutes(1), () =>
            lab.Journal.FinishedCount >= Jobs / 8 && new[] { first, second }.All(
                worker => lab.Journal.Read().Any(line => line.Word == "finish" && line.Process == worker.Id)));
        var exit = await TerminateAsync(first);
        var slowest = TimeSpan.Zero;
        foreach (var id in held)
        {
            var cancelled = Assert.Single(lab.Journal.Of(id, "cancelled"));
            Assert.Equal(nameof(JobCancellationReason.Shutdown), cancelled.Detail);
            var again = Stopwatch.GetElapsedTime(cancelled.At, (await lab.StartedAsync(id, second)).At);
            slowest = again > slowest ? again : slowest;
            lab.OpenGate(id, second);
        }

        await lab.QuiesceAsync(TimeSpan.FromMinutes(1));
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"SIGTERM under load: exit after {exit.TotalSeconds:0.00} s; {verdict}; {verdict.FinishedAgain.Count} "
                + $"finished jobs run again; {Held} interrupted jobs ran elsewhere within {slowest.TotalSeconds:0.00} "
                + "s");
        verdict.IsSound();
        Assert.Equal(0, first.ExitCode);
        Assert.Empty(verdict.FinishedAgain);
        Assert.Equivalent(
            held.Select(static id => id.Value),
            verdict.Duplicates.Select(static duplicate => duplicate.Id),
            strict: true);
        Assert.All(verdict.Duplicates, static duplicate => Assert.Equal(2, duplicate.Starts));
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.InRange(exit, TimeSpan.Zero, Budget(GivesBack));
        Assert.Equal(0, second.Count(Reclaimed));
        Assert.All(
            await lab.AttemptsAsync(held[0]), static attempt => Assert.NotEqual(AttemptEnd.OwnerDied, attempt.End));
    }

    [Fact]
    public async Task Terminate_WithAHandlerThatIgnoresCancellation_LeavesWithoutItAndNamesIt()
    {
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var first = lab.StartWorker(GivesBack);
        var id = await lab.EnqueueOneAsync(lab.Hold(WhenCancelled.Ignore));
        await lab.StartedAsync(id, first);
        var second = lab.StartWorker(GivesBack);
        var exit = await TerminateAsync(first);
        await lab.StartedAsync(id, second);
        lab.OpenGate(id, second);
        await lab.QuiesceAsync(TimeSpan.FromMinutes(1));

        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"SIGTERM and a handler that ignores it: exit after {exit.TotalSeconds:0.00} s of "
                + $"{Budget(GivesBack).TotalSeconds:0.0} s; {verdict}");
        verdict.IsSound();
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(1, verdict.ExtraStarts);
        Assert.InRange(exit, TimeSpan.Zero, Budget(GivesBack));
        Assert.Contains(
            $"hold[{id}]",
            Assert.Single(first.Events, line => line.StartsWith($"{LeftBehind} ", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Equal(0, second.Count(Reclaimed));
    }

    [Fact]
    public async Task Terminate_Twice_StopsOnceAndLosesNothing()
    {
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var first = lab.StartWorker(GivesBack);
        var ids = await lab.EnqueueAsync(Enumerable.Range(0, 12).Select(_ => lab.Hold(WhenCancelled.Stop)));
        await lab.UntilAsync(
            "all slots are taken",
            TimeSpan.FromSeconds(30),
            () => lab.Journal.Ids("start").Count == GivesBack.Concurrency);
        var start = Stopwatch.GetTimestamp();
        first.Terminate();
        await lab.UntilAsync("it is stopping", TimeSpan.FromSeconds(30), () => first.Count(Draining) == 1);
        first.Terminate();
        first.Terminate();
        await first.ExitedAsync(TimeSpan.FromSeconds(30));
        var exit = Stopwatch.GetElapsedTime(start);
        var second = lab.StartWorker(GivesBack with { Concurrency = ids.Count });
        foreach (var id in ids)
        {
            lab.OpenGate(id, second);
        }

        await lab.QuiesceAsync(TimeSpan.FromMinutes(1));
        var verdict = await lab.JudgeAsync();
        FaultLab.Print($"SIGTERM three times: exit after {exit.TotalSeconds:0.00} s; {verdict}");
        verdict.IsSound();
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(1, first.Count(Draining));
        Assert.Equal(GivesBack.Concurrency, verdict.ExtraStarts);
        Assert.InRange(exit, TimeSpan.Zero, Budget(GivesBack));
        Assert.Equal(0, second.Count(Reclaimed));
    }

    [Fact]
    public async Task Terminate_DuringStartUp_NeitherHangsNorLosesNorRepeats()
    {
        var rounds = FaultLab.IsLong ? 100 : 8;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        FaultLab.Print($"seed {seed}");
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        await lab.EnqueueAsync(Enumerable.Range(0, 2_000).Select(static i => (Job)FaultJobs.Work(1 + (i % 5))));
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < rounds; round++)
        {
            var worker = lab.StartWorker(GivesBack);

            // The moment is the fault: anywhere from the first instruction to the first jobs.
            await Task.Delay(random.Next(800), TestContext.Current.CancellationToken);
            var exit = await TerminateAsync(worker);
            slowest = exit > slowest ? exit : slowest;
        }

        var before = lab.Journal.FinishedCount;
        var last = lab.StartWorker(GivesBack);
        await lab.QuiesceAsync(TimeSpan.FromMinutes(1));
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{rounds} SIGTERMs during start-up: slowest exit {slowest.TotalSeconds:0.00} s, {before} jobs done "
                + $"meanwhile; {verdict}");
        verdict.IsSound();
        Assert.Equal(0, verdict.ExtraStarts);
        Assert.InRange(slowest, TimeSpan.Zero, Budget(GivesBack));
        Assert.Equal(0, last.Count(Reclaimed));
    }

    [Fact]
    public async Task Terminate_WithAJobLongerThanTheLease_RenewsWhileDraining()
    {
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var shape = new WorkerShape { Drain = TimeSpan.FromSeconds(30) };
        var first = lab.StartWorker(shape);
        var id = await lab.EnqueueOneAsync(lab.Hold(WhenCancelled.Stop));
        await lab.StartedAsync(id, first);
        var second = lab.StartWorker(shape);
        await lab.EnqueueOneAsync(FaultJobs.Work(1));
        await lab.UntilAsync("the second worker is up", TimeSpan.FromSeconds(30), () => lab.Journal.FinishedCount == 1);
        var start = Stopwatch.GetTimestamp();
        first.Terminate();

        // Two leases and a half, in which the other worker sweeps a dozen times.
        await Task.Delay(shape.Lease * 2.5, TestContext.Current.CancellationToken);
        Assert.False(first.HasExited);
        lab.OpenGate(id, first);
        await first.ExitedAsync(TimeSpan.FromSeconds(30));
        var exit = Stopwatch.GetElapsedTime(start);
        await lab.QuiesceAsync(TimeSpan.FromMinutes(1));

        var verdict = await lab.JudgeAsync();
        FaultLab.Print($"SIGTERM and a job of 2.5 leases: exit after {exit.TotalSeconds:0.00} s; {verdict}");
        verdict.IsSound();
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(0, verdict.ExtraStarts);
        Assert.Equal(0, second.Count(Reclaimed));
    }

    private static TimeSpan Budget(WorkerShape shape) => shape.Drain + shape.Cancel + Spare;

    private static async Task<TimeSpan> TerminateAsync(NodeProcess worker)
    {
        var start = Stopwatch.GetTimestamp();
        worker.Terminate();
        await worker.ExitedAsync(TimeSpan.FromSeconds(30));
        return Stopwatch.GetElapsedTime(start);
    }
}

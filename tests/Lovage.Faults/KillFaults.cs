using System.Diagnostics;
using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults;

/// <summary>kill -9 of workers and producers.</summary>
public abstract class KillFaults
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    protected abstract StorageUnderTest NewStorage();

    /// <summary>How many workers are killed during how many jobs in a long run.</summary>
    protected virtual (int Jobs, int Kills) Long => (100_000, 200);

    /// <summary>The same in the usual run.</summary>
    protected virtual (int Jobs, int Kills) Usual => (10_000, 10);

    [Fact]
    public async Task Kill_OfTheOnlyWorker_LosesNothingAndRepeatsWhatWasInFlight()
    {
        const int Jobs = 5_000;
        const int Slots = 8;
        await using var lab = await FaultLab.OpenAsync(NewStorage());

        // Some take longer, so that the kill finds some running.
        await lab.EnqueueAsync(
            Enumerable.Range(0, Jobs).Select(static i => (Job)FaultJobs.Work(i % 10 == 0 ? 30 : 1 + (i % 5))));
        var shape = new WorkerShape { Concurrency = Slots };
        var first = lab.StartWorker(shape);
        await lab.UntilAsync("a fifth is done", Minute, () => lab.Journal.FinishedCount >= Jobs / 5);
        await first.KillAsync();
        var killed = Stopwatch.GetTimestamp();

        var lines = lab.Journal.Read();
        var cutOff = lines.Where(static line => line.Word == "start")
            .Select(static line => line.Id)
            .Except(lab.Journal.Ids("finish"))
            .ToHashSet();
        Assert.InRange(cutOff.Count, 1, Slots);
        var second = lab.StartWorker(shape);
        var again = new Dictionary<string, long>();
        await lab.UntilAsync("what was cut off runs again", Minute, () =>
        {
            again = lab.Journal.Read()
                .Where(line => line.Word == "start" && line.Process == second.Id && cutOff.Contains(line.Id))
                .ToDictionary(static line => line.Id, static line => line.At);
            return again.Count == cutOff.Count;
        });
        var up = Stopwatch.GetElapsedTime(
            killed, lab.Journal.Read().Where(line => line.Process == second.Id).Min(static line => line.At));
        var recovery = Stopwatch.GetElapsedTime(killed, again.Values.Max());
        await lab.QuiesceAsync(Minute);

        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"1 kill, {Slots} slots: {verdict}; the {cutOff.Count} cut off ran again within "
                + $"{recovery.TotalSeconds:0.00} s of the kill (the new worker's first start: {up.TotalSeconds:0.00} "
                + "s)");
        Assert.Equal(Jobs, verdict.Accepted);
        verdict.IsSound();
        Assert.InRange(recovery.TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task Kill_OfTwoWorkersAtRandom_LosesNothingAndRepeatsOnlyWhatWasInFlight()
    {
        const int Slots = 4;
        var (jobs, kills) = FaultLab.IsLong ? Long : Usual;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        FaultLab.Print($"seed {seed}");
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var start = Stopwatch.GetTimestamp();
        await lab.EnqueueAsync(Enumerable.Range(0, jobs).Select(static i => (Job)FaultJobs.Work(1 + (i % 5))));
        var shape = new WorkerShape { Concurrency = Slots };
        NodeProcess[] workers = [lab.StartWorker(shape), lab.StartWorker(shape)];
        var moments = Enumerable.Range(0, kills).Select(_ => random.Next(1, (int)(jobs * 0.95))).Order().ToArray();
        foreach (var moment in moments)
        {
            await lab.UntilAsync($"{moment} jobs are done", Minute, () => lab.Journal.FinishedCount >= moment);
            var victim = random.Next(2);
            await workers[victim].KillAsync();
            workers[victim] = lab.StartWorker(shape);
        }

        var lastKill = Stopwatch.GetTimestamp();
        await lab.QuiesceAsync(Minute);
        var drained = Stopwatch.GetElapsedTime(lastKill);

        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{kills} kills, 2 workers x {Slots} slots: {verdict}; drained {drained.TotalSeconds:0.0} s after the "
                + $"last kill, {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s in all");
        Assert.Equal(jobs, verdict.Accepted);
        verdict.IsSound();
        Assert.True(
            verdict.Duplicates.Sum(static duplicate => duplicate.Unfinished) <= kills * Slots,
            "More was cut off than there are slots.");
        Assert.InRange(drained.TotalSeconds, 0, 60);
    }

    [Fact]
    public async Task Kill_OfAProducer_LosesNothingThatWasAccepted()
    {
        const int Each = 200_000;
        var kills = FaultLab.IsLong ? 50 : 5;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        FaultLab.Print($"seed {seed}");
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        for (var kill = 0; kill < kills; kill++)
        {
            var before = lab.Journal.Ids("accepted").Count;
            var more = random.Next(1, 1_000);
            var producer = lab.StartProducer(Each, random.Next(1, 200));
            await lab.UntilAsync(
                $"{more} more are accepted", Minute, () => lab.Journal.Ids("accepted").Count >= before + more);
            await producer.KillAsync();
        }

        lab.StartWorker(new WorkerShape { Concurrency = 8 });
        await lab.UntilAsync(
            "all that was accepted has run",
            Minute,
            () => lab.Journal.Ids("finish").IsSupersetOf(lab.Journal.Ids("accepted")));
        await lab.QuiesceAsync(Minute);

        var verdict = await lab.JudgeAsync();
        var unanswered = lab.Journal.Ids("intent").Except(lab.Journal.Ids("accepted")).ToHashSet();
        FaultLab.Print(
            $"{kills} kills of a producer: {verdict}; {unanswered.Count} were meant and not answered, of which "
                + $"{unanswered.Intersect(lab.Journal.Ids("finish")).Count()} had been stored and ran");
        verdict.IsSound();
        Assert.Equal(0, verdict.ExtraStarts);
    }
}

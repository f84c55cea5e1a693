using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>
/// Measures whether a deep queue costs more a job than a shallow one, and whether a worker's memory grows with it.
/// </summary>
internal static class BacklogScenario
{
    private const int Shallow = 10_000;
    private const int ShallowRounds = 10;

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var deep = options.Jobs ?? 1_000_000;
        await using var app = await BenchApp.StartAsync(options);
        await RoundAsync(app, Shallow);
        var recorded = (long)Shallow;
        var shallow = new List<double>();
        for (var round = 0; round < ShallowRounds; round++)
        {
            shallow.Add(await RoundAsync(app, Shallow, recorded += Shallow));
        }

        var memoryShallow = Memory();
        BenchJobs.Counter = new RunCounter(deep);
        await app.FillAsync(deep);
        var memoryFilled = Memory();
        var memoryHighest = memoryFilled;
        var clock = Stopwatch.StartNew();
        await app.Inspector.ResumeAsync("default");
        while (!BenchJobs.Counter.All.IsCompleted)
        {
            await Task.WhenAny(BenchJobs.Counter.All, Task.Delay(500));
            memoryHighest = Math.Max(memoryHighest, Environment.WorkingSet / 1e6);
        }

        await app.RecordedAsync(recorded + deep);
        var rate = deep / clock.Elapsed.TotalSeconds;
        var shallowRate = DrainScenario.Median(shallow);
        return new BenchResult("backlog", options.Storage, deep, rate)
            .Add("shallow_jobs", Shallow)
            .Add("shallow_per_second", shallowRate)
            .Add("ratio", rate / shallowRate)
            .Add("ran_twice", BenchJobs.Counter.Again)
            .Add("memory_mb_shallow", memoryShallow)
            .Add("memory_mb_filled", memoryFilled)
            .Add("memory_mb_highest", memoryHighest);
    }

    private static async Task<double> RoundAsync(BenchApp app, int jobs, long recorded = Shallow)
    {
        BenchJobs.Counter = new RunCounter(jobs);
        await app.FillAsync(jobs);
        var clock = Stopwatch.StartNew();
        await app.Inspector.ResumeAsync("default");
        await BenchJobs.Counter.All;
        await app.RecordedAsync(recorded);
        return jobs / clock.Elapsed.TotalSeconds;
    }

    private static double Memory()
    {
        GC.Collect();
        return Environment.WorkingSet / 1e6;
    }
}

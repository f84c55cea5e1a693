using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>How fast N queued no-op jobs are run and recorded.</summary>
internal static class DrainScenario
{
    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var jobs = options.Jobs ?? 200_000;
        var rates = new List<double>();
        var handled = new List<double>();
        var cpu = new List<double>();
        var again = 0;

        // The first run is not counted: it pays for the compiler.
        for (var run = -1; run < options.Runs; run++)
        {
            await using var app = await BenchApp.StartAsync(options);
            BenchJobs.Counter = new RunCounter(jobs);
            await app.FillAsync(jobs);
            GC.Collect();
            var cpuBefore = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            await app.Inspector.ResumeAsync("default");
            await BenchJobs.Counter.All;
            var handledRate = jobs / clock.Elapsed.TotalSeconds;
            await app.RecordedAsync(jobs);
            again += BenchJobs.Counter.Again;
            if (run >= 0)
            {
                handled.Add(handledRate);
                rates.Add(jobs / clock.Elapsed.TotalSeconds);
                cpu.Add((Environment.CpuUsage.TotalTime - cpuBefore).TotalMicroseconds / jobs);
            }
        }

        return new BenchResult("drain", options.Storage, jobs, Median(rates))
            .Add("per_second_min", rates.Min())
            .Add("per_second_max", rates.Max())
            .Add("handled_per_second", Median(handled))
            .Add("cpu_microseconds_per_job", Median(cpu))
            .Add("ran_twice", again)
            .Add("runs", options.Runs)
            .Add("concurrency", options.Concurrency);
    }

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

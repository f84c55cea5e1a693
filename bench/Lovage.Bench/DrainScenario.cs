using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>Measures how fast a worker runs N queued no-op jobs and the storage records them.</summary>
internal static class DrainScenario
{
    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var jobs = options.Jobs ?? 200_000;
        var rates = new List<double>();
        var handled = new List<double>();
        var cpu = new List<double>();
        var published = new List<double>();
        var ran = new List<double>();
        var again = 0;

        // The first run does not count: it pays for the compiler.
        for (var run = -1; run < options.Runs; run++)
        {
            await using var app = await BenchApp.StartAsync(options);
            BenchJobs.Counter = new RunCounter(jobs);
            var walAtFirst = await WalMeter.BytesAsync(options.Storage);
            await app.FillAsync(jobs);
            var walFilled = await WalMeter.BytesAsync(options.Storage);
            GC.Collect();
            var processor = new ProcessorMeter();
            var clock = Stopwatch.StartNew();
            await app.Inspector.ResumeAsync("default");
            await BenchJobs.Counter.All;
            var handledRate = jobs / clock.Elapsed.TotalSeconds;
            await app.RecordedAsync(jobs);
            var seconds = clock.Elapsed.TotalSeconds;
            var cpuTime = processor.Read(jobs);
            again += BenchJobs.Counter.Again;
            if (run >= 0)
            {
                handled.Add(handledRate);
                rates.Add(jobs / seconds);
                cpu.Add(cpuTime);
                if (await WalMeter.BytesAsync(options.Storage) is { } walDrained)
                {
                    published.Add((double)(walFilled! - walAtFirst!) / jobs);
                    ran.Add((double)(walDrained - walFilled!) / jobs);
                }
            }
        }

        var result = new BenchResult("drain", options.Storage, jobs, Median(rates))
            .Add("per_second_min", rates.Min())
            .Add("per_second_max", rates.Max())
            .Add("handled_per_second", Median(handled))
            .Add("cpu_microseconds_per_job", Median(cpu))
            .Add("ran_twice", again)
            .Add("runs", options.Runs)
            .Add("concurrency", options.Concurrency);
        return ran.Count == 0
            ? result
            : result.Add("wal_bytes_per_job_published", Median(published)).Add("wal_bytes_per_job_run", Median(ran));
    }

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

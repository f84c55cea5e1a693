using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>
/// Measures how fast the storage accepts jobs: of one caller, of many callers at once, and in bulk. No worker runs.
/// </summary>
internal static class EnqueueScenario
{
    // The runtime compiles the loops of a bulk well only after some hundred thousand rounds.
    private const int BulkWarmUps = 5;

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var jobs = options.Jobs ?? 100_000;
        var callers = options.Callers ?? 64;
        var one = new List<double>();
        var many = new List<double>();
        var bulk = new List<double>();
        await MeasureAsync(options, Math.Max(1, jobs / 10), callers);
        await MeasureBulkAsync(options, jobs, BulkWarmUps);
        for (var run = 0; run < options.Runs; run++)
        {
            one.Add(await MeasureAsync(options, Math.Max(1, jobs / 10), 1));
            many.Add(await MeasureAsync(options, jobs, callers));
            bulk.Add(await MeasureBulkAsync(options, jobs, warmUps: 1));
        }

        return new BenchResult("enqueue", options.Storage, jobs, DrainScenario.Median(many))
            .Add("callers", callers)
            .Add("per_second_min", many.Min())
            .Add("per_second_max", many.Max())
            .Add("one_caller_per_second", DrainScenario.Median(one))
            .Add("bulk_per_second", DrainScenario.Median(bulk))
            .Add("bulk_per_second_min", bulk.Min())
            .Add("bulk_per_second_max", bulk.Max())
            .Add("runs", options.Runs);
    }

    private static async Task<double> MeasureAsync(BenchOptions options, int jobs, int callers)
    {
        await using var app = await BenchApp.StartAsync(options, worker: false);
        await app.Client.EnqueueAsync(BenchJobs.Noop(0));
        var next = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) <= jobs)
            {
                await app.Client.EnqueueAsync(BenchJobs.Noop(index));
            }
        })));
        return jobs / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> MeasureBulkAsync(BenchOptions options, int jobs, int warmUps)
    {
        await using var app = await BenchApp.StartAsync(options, worker: false);
        Job[] all = [.. Enumerable.Range(0, jobs).Select(i => (Job)BenchJobs.Noop(i))];
        for (var i = 0; i < warmUps; i++)
        {
            await app.Client.EnqueueAsync(all);
        }

        var clock = Stopwatch.StartNew();
        await app.Client.EnqueueAsync(all);
        return jobs / clock.Elapsed.TotalSeconds;
    }
}

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
        var one = new List<Cost>();
        var many = new List<Cost>();
        var bulk = new List<Cost>();
        await MeasureAsync(options, Math.Max(1, jobs / 10), callers);
        await MeasureBulkAsync(options, jobs, BulkWarmUps);
        for (var run = 0; run < options.Runs; run++)
        {
            one.Add(await MeasureAsync(options, Math.Max(1, jobs / 10), 1));
            many.Add(await MeasureAsync(options, jobs, callers));
            bulk.Add(await MeasureBulkAsync(options, jobs, warmUps: 1));
        }

        return new BenchResult("enqueue", options.Storage, jobs, PerSecond(many))
            .Add("callers", callers)
            .Add("per_second_min", many.Min(static cost => cost.PerSecond))
            .Add("per_second_max", many.Max(static cost => cost.PerSecond))
            .Add("cpu_microseconds_per_job", Microseconds(many))
            .Add("bytes_per_job", Bytes(many))
            .Add("one_caller_per_second", PerSecond(one))
            .Add("one_caller_cpu_microseconds_per_job", Microseconds(one))
            .Add("one_caller_bytes_per_job", Bytes(one))
            .Add("bulk_per_second", PerSecond(bulk))
            .Add("bulk_per_second_min", bulk.Min(static cost => cost.PerSecond))
            .Add("bulk_per_second_max", bulk.Max(static cost => cost.PerSecond))
            .Add("bulk_cpu_microseconds_per_job", Microseconds(bulk))
            .Add("bulk_bytes_per_job", Bytes(bulk))
            .Add("runs", options.Runs);
    }

    private static double PerSecond(List<Cost> costs) =>
        DrainScenario.Median([.. costs.Select(static cost => cost.PerSecond)]);

    private static double Microseconds(List<Cost> costs) =>
        DrainScenario.Median([.. costs.Select(static cost => cost.Microseconds)]);

    private static double Bytes(List<Cost> costs) =>
        DrainScenario.Median([.. costs.Select(static cost => cost.Bytes)]);

    private static async Task<Cost> MeasureAsync(BenchOptions options, int jobs, int callers)
    {
        await using var app = await BenchApp.StartAsync(options, worker: false);
        await app.Client.EnqueueAsync(BenchJobs.Noop(0));
        var next = 0;
        var meter = new Meter(jobs);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) <= jobs)
            {
                await app.Client.EnqueueAsync(BenchJobs.Noop(index));
            }
        })));
        return meter.Stop();
    }

    private static async Task<Cost> MeasureBulkAsync(BenchOptions options, int jobs, int warmUps)
    {
        await using var app = await BenchApp.StartAsync(options, worker: false);
        Job[] all = [.. Enumerable.Range(0, jobs).Select(i => (Job)BenchJobs.Noop(i))];
        for (var i = 0; i < warmUps; i++)
        {
            await app.Client.EnqueueAsync(all);
        }

        var meter = new Meter(jobs);
        await app.Client.EnqueueAsync(all);
        return meter.Stop();
    }

    /// <summary>What one measurement found.</summary>
    /// <param name="PerSecond">Jobs a second, by the wall clock.</param>
    /// <param name="Microseconds">Processor time a job, in microseconds.</param>
    /// <param name="Bytes">Allocated by this process, a job.</param>
    private readonly record struct Cost(double PerSecond, double Microseconds, double Bytes);

    private sealed class Meter(int jobs)
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private readonly ProcessorMeter _processor = new();
        private readonly long _allocated = GC.GetTotalAllocatedBytes(precise: true);

        internal Cost Stop() =>
            new(
                jobs / Stopwatch.GetElapsedTime(_start).TotalSeconds,
                _processor.Read(jobs),
                (double)(GC.GetTotalAllocatedBytes(precise: true) - _allocated) / jobs);
    }
}

namespace Lovage.Bench;

/// <summary>
/// Measures many jobs that are due at the same instant: how late their handlers start, and the worker's memory
/// meanwhile.
/// </summary>
internal static class DelayedScenario
{
    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var jobs = options.Jobs ?? 100_000;
        await using var app = await BenchApp.StartAsync(options);
        await RoundAsync(app, 10_000);
        var (sorted, filled, highest) = await RoundAsync(app, jobs);
        return new BenchResult("delayed", options.Storage, jobs, jobs / (sorted[^1] / 1_000))
            .Add("early", sorted.Count(static ms => ms < 0))
            .Add("late_p50_ms", LatencyRecorder.Percentile(sorted, 0.5))
            .Add("late_p99_ms", LatencyRecorder.Percentile(sorted, 0.99))
            .Add("late_max_ms", sorted[^1])
            .Add("ran_twice", sorted.Length - jobs)
            .Add("memory_mb_waiting", filled)
            .Add("memory_mb_highest", highest);
    }

    private static async Task<(double[] Sorted, double Filled, double Highest)> RoundAsync(BenchApp app, int jobs)
    {
        const int Part = 10_000;
        BenchJobs.Latencies.Take();

        // Long enough for the slowest storage to accept all of them.
        var due = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(10 + (jobs / 10_000));
        for (var from = 0; from < jobs; from += Part)
        {
            await app.Client.EnqueueAsync([.. Enumerable.Range(from, Math.Min(Part, jobs - from))
                .Select(_ => (Job)BenchJobs.Due(due) with { At = due })]);
        }

        if (DateTimeOffset.UtcNow >= due)
        {
            throw new InvalidOperationException("Accepting the jobs took longer than until they were due.");
        }

        GC.Collect();
        var filled = Environment.WorkingSet / 1e6;
        var highest = filled;
        while (BenchJobs.Latencies.Count < jobs)
        {
            await Task.Delay(100);
            highest = Math.Max(highest, Environment.WorkingSet / 1e6);
        }

        return ([.. BenchJobs.Latencies.Take().Order()], filled, highest);
    }
}

using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>Measures what a worker costs that has nothing to do.</summary>
internal static class IdleScenario
{
    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        await using var app = await BenchApp.StartAsync(options);
        BenchJobs.Counter = new RunCounter(1);
        await app.Client.EnqueueAsync(BenchJobs.Noop(0));
        await BenchJobs.Counter.All;

        var percent = await PercentOfACoreAsync(options);
        return new BenchResult("idle", options.Storage, 0, 0)
            .Add("seconds", options.Seconds)
            .Add("cpu_seconds_per_minute", percent * 0.6)
            .Add("percent_of_a_core", percent);
    }

    /// <summary>What this process takes of a core while nothing happens.</summary>
    internal static async Task<double> PercentOfACoreAsync(BenchOptions options)
    {
        // An idle worker calls its methods seldom: the compiler works for most of a minute after a start.
        await Task.Delay(TimeSpan.FromSeconds(60));
        var cpuBefore = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        return 100 * (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds / clock.Elapsed.TotalSeconds;
    }
}

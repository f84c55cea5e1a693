using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>What a worker costs that has nothing to do.</summary>
internal static class IdleScenario
{
    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        await using var app = await BenchApp.StartAsync(options);
        BenchJobs.Counter = new RunCounter(1);
        await app.Client.EnqueueAsync(BenchJobs.Noop(0));
        await BenchJobs.Counter.All;

        // The compiler works on in the background for some seconds after a start.
        await Task.Delay(TimeSpan.FromSeconds(15));
        var cpuBefore = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        var cpu = (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds;
        return new BenchResult("idle", options.Storage, 0, 0)
            .Add("seconds", clock.Elapsed.TotalSeconds)
            .Add("cpu_seconds_per_minute", cpu / clock.Elapsed.TotalMinutes)
            .Add("percent_of_a_core", 100 * cpu / clock.Elapsed.TotalSeconds);
    }
}

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

        // What an idle worker runs becomes hot slowly: the compiler is at work for most of a minute after a start.
        await Task.Delay(TimeSpan.FromSeconds(60));
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

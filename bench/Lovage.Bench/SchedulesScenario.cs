namespace Lovage.Bench;

/// <summary>
/// Measures many schedules that fire each second: how late the storage records their ticks and jobs, and how late the
/// jobs' handlers start. All fire at the same instant first, then spread over the second, as intervals that callers add
/// one after the other.
/// </summary>
internal static class SchedulesScenario
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var count = options.Jobs ?? 1_000;
        var result = new BenchResult("schedules", options.Storage, count, count).Add("seconds", options.Seconds);
        await RoundAsync(options, count, result, "aligned", static _ => Cron.Parse("* * * * * *"));
        await RoundAsync(
            options,
            count,
            result,
            "spread",
            i => Every.Seconds(1) with
            {
                Anchor = DateTimeOffset.UnixEpoch + TimeSpan.FromMilliseconds(1_000L * i / count),
            });
        return result;
    }

    /// <summary>Measures what schedules cost whose ticks are far away.</summary>
    internal static async Task<BenchResult> RunIdleAsync(BenchOptions options)
    {
        var count = options.Jobs ?? 100_000;
        await using var app = await BenchApp.StartAsync(options, schedulesMax: count);
        var filled = TimeProvider.System.GetTimestamp();
        await AddAsync(app, count, static i => Cron.Parse($"{i % 60} {i / 60 % 24} 1 1 *"));
        var filling = TimeProvider.System.GetElapsedTime(filled);
        var percent = await IdleScenario.PercentOfACoreAsync(options);
        return new BenchResult("schedules-idle", options.Storage, count, count / filling.TotalSeconds)
            .Add("seconds", options.Seconds)
            .Add("percent_of_a_core", percent)
            .Add("memory_mb", Environment.WorkingSet / 1e6);
    }

    private static async Task RoundAsync(
        BenchOptions options, int count, BenchResult result, string name, Func<int, Trigger> trigger)
    {
        await using var app = await BenchApp.StartAsync(options, schedulesMax: count);
        await AddAsync(app, count, trigger);
        await Task.Delay(WarmUp);
        BenchJobs.Latencies.Take();
        var cpu = Environment.CpuUsage.TotalTime;
        var from = DateTimeOffset.UtcNow;
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        var to = DateTimeOffset.UtcNow;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        double[] started = [.. BenchJobs.Latencies.Take().Order()];

        // Ticks of the last two seconds may still be under way.
        var recorded = new List<double>();
        var (fired, lost) = (0L, 0L);
        for (var i = 0; i < count; i++)
        {
            foreach (var line in await app.Schedules.GetHistoryAsync(
                $"bench-{i}", (int)Math.Min(1_000, options.Seconds + WarmUp.TotalSeconds + 60)))
            {
                if (line.Through < from || line.Tick > to - TimeSpan.FromSeconds(2))
                {
                    continue;
                }

                if (line.Status == TickStatus.Fired)
                {
                    fired++;
                    recorded.Add((line.RecordedAt - line.Tick).TotalMilliseconds);
                }
                else
                {
                    lost += line.Count;
                }
            }
        }

        double[] sorted = [.. recorded.Order()];
        result
            .Add($"{name}_fired", fired)
            .Add($"{name}_missed_or_skipped", lost)
            .Add($"{name}_recorded_p50_ms", LatencyRecorder.Percentile(sorted, 0.5))
            .Add($"{name}_recorded_p99_ms", LatencyRecorder.Percentile(sorted, 0.99))
            .Add($"{name}_recorded_max_ms", sorted[^1])
            .Add(
                $"{name}_recorded_within_50_ms_percent",
                100.0 * sorted.Count(static ms => ms <= 50) / (sorted.Length + lost))
            .Add($"{name}_started_p50_ms", LatencyRecorder.Percentile(started, 0.5))
            .Add($"{name}_started_p99_ms", LatencyRecorder.Percentile(started, 0.99))
            .Add($"{name}_started_within_50_ms_percent", 100.0 * started.Count(static ms => ms <= 50) / started.Length)
            .Add($"{name}_percent_of_a_core", 100 * cpu.TotalSeconds / (to - from).TotalSeconds);
    }

    private static async Task AddAsync(BenchApp app, int count, Func<int, Trigger> trigger) =>
        await Parallel.ForAsync(
            0, count, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, cancellationToken) =>
                await app.Schedules.AddAsync(
                    $"bench-{i}", trigger(i), BenchJobs.Tick(), cancellationToken: cancellationToken));
}

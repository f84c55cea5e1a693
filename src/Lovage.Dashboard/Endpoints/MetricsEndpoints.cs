using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Waits and durations from the storage's statistics.</summary>
internal static class MetricsEndpoints
{
    private const int RowsMax = 500;

    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "metrics",
            ConsolePermissions.View,
            "Waits and durations by name and queue, the largest total time first.",
            ApiJson.Default.MetricsBody,
            MetricsAsync,
            "range", "queue", "name");
    }

    private static async ValueTask<ApiResult> MetricsAsync(ApiCall call)
    {
        var hours = call.Word("range", "24h", "7d") == "24h" ? 24 : 24 * 7;
        var rows = await call.Jobs.StatisticsAsync(
            new StatisticsQuery
            {
                Since = call.Now - TimeSpan.FromHours(hours),
                Queue = call.Query("queue"),
                Name = call.Query("name"),
            },
            call.Aborted);
        var (wait, run) = Sum(rows);
        return ApiResult.Json(
            new MetricsBody(
                [
                    .. rows.GroupBy(static row => (row.Name, row.Queue))
                        .Select(static same => Row(same.Key.Name, same.Key.Queue, [.. same]))
                        .OrderByDescending(static row => row.TotalSeconds)
                        .Take(RowsMax),
                ],
                new HistogramBody(
                    [.. DurationHistogram.Bounds.Select(static bound => bound.TotalSeconds)], wait.Counts, run.Counts),
                [.. rows.GroupBy(static row => row.Hour).OrderBy(static hour => hour.Key).Select(Hour)]),
            ApiJson.Default.MetricsBody);
    }

    private static MetricRow Row(string name, string queue, IReadOnlyList<JobStatistics> rows)
    {
        var (wait, run) = Sum(rows);
        return new MetricRow
        {
            Name = name,
            Queue = queue,
            Count = rows.Sum(static row => row.Succeeded + row.Failed + row.Dead + row.Cancelled + row.Expired),
            Failed = rows.Sum(static row => row.Failed + row.Dead),
            Retried = rows.Sum(static row => row.Retried),
            TotalSeconds = Math.Round(run.Total.TotalSeconds, 3),
            Wait = Percentiles.Of(wait),
            Run = Percentiles.Of(run),
        };
    }

    private static MetricHour Hour(IGrouping<DateTimeOffset, JobStatistics> hour)
    {
        var (wait, run) = Sum(hour);
        return new MetricHour
        {
            At = hour.Key,
            Succeeded = hour.Sum(static row => row.Succeeded),
            Failed = hour.Sum(static row => row.Failed + row.Dead),
            WaitP95 = wait.Quantile(0.95)?.TotalSeconds,
            RunP50 = run.Quantile(0.5)?.TotalSeconds,
            RunP95 = run.Quantile(0.95)?.TotalSeconds,
        };
    }

    private static (DurationHistogram Wait, DurationHistogram Run) Sum(IEnumerable<JobStatistics> rows)
    {
        var (wait, run) = (DurationHistogram.Empty, DurationHistogram.Empty);
        foreach (var row in rows)
        {
            (wait, run) = (wait.Add(row.Wait), run.Add(row.Run));
        }

        return (wait, run);
    }
}

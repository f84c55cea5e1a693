using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The first page, and charts.</summary>
internal static class OverviewEndpoints
{
    internal static IEnumerable<ApiRoute> Routes(Cached<OverviewBody> overview)
    {
        yield return ApiRoute.Get(
            "overview",
            ConsolePermissions.View,
            "The first page: the verdict, queues by age, failures, long running jobs, workers, dead letters.",
            ApiJson.Default.OverviewBody,
            async call => ApiResult.Json(await overview.GetAsync(call.Aborted), ApiJson.Default.OverviewBody));
        yield return ApiRoute.Get(
            "chart",
            ConsolePermissions.View,
            "Throughput over time: 1h from this process's samples, 24h and 7d by hour from the storage.",
            ApiJson.Default.Series,
            ChartAsync,
            "range", "queue");
    }

    private static async ValueTask<ApiResult> ChartAsync(ApiCall call)
    {
        var range = call.Word("range", "1h", "24h", "7d");
        var queue = call.Query("queue");
        return ApiResult.Json(
            range == "1h"
                ? call.Console.Sampler.History.Chart(call.Now, queue)
                : await HoursAsync(call, range == "24h" ? 24 : 24 * 7, queue),
            ApiJson.Default.Series);
    }

    private static async Task<Series> HoursAsync(ApiCall call, int hours, string? queue)
    {
        var now = call.Now;
        var first = Hour(now) - TimeSpan.FromHours(hours - 1);
        var statistics = (await call.Jobs.StatisticsAsync(
            new StatisticsQuery { Since = first, Queue = queue }, call.Aborted)).ToLookup(static row => row.Hour);
        return new Series(
            first,
            [
                .. Enumerable.Range(0, hours).Select(i => first + TimeSpan.FromHours(i)).Select(hour => new SeriesPoint
                {
                    At = hour,
                    Enqueued = statistics[hour].Sum(static row => row.Enqueued),
                    Succeeded = statistics[hour].Sum(static row => row.Succeeded),
                    Failed = statistics[hour].Sum(static row => row.Failed + row.Dead),
                    Retried = statistics[hour].Sum(static row => row.Retried),
                }),
            ],
            call.Console.Sampler.History.DeploysSince(first),
            3_600);
    }

    private static DateTimeOffset Hour(DateTimeOffset at) =>
        new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
}

using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Failures by their cause.</summary>
internal static class ErrorEndpoints
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "errors",
            ConsolePermissions.View,
            "Failures by their cause, those that rose most first.",
            ApiJson.Default.FailuresBody,
            ListAsync,
            "window");
        yield return ApiRoute.Get(
            "errors/{fingerprint}",
            ConsolePermissions.View,
            "All that is known of failures of one cause.",
            ApiJson.Default.FailureDetail,
            FindAsync);
    }

    private static async ValueTask<ApiResult> ListAsync(ApiCall call)
    {
        var window = call.Word("window", "24h", "1h", "7d");
        var groups = await call.Console.Facts.FailuresAsync(call.Aborted);
        var counted = groups.Where(group => Count(group, window) > 0)
            .OrderByDescending(FailureView.Rise)
            .ThenByDescending(group => Count(group, window))
            .ThenByDescending(static group => group.LastAt);
        var reading = await ReadAsync(call);
        return ApiResult.Json(
            new FailuresBody([.. counted.Select(group => FailureView.Row(group, Queues(reading, group)))]),
            ApiJson.Default.FailuresBody);
    }

    private static async ValueTask<ApiResult> FindAsync(ApiCall call)
    {
        var groups = await call.Jobs.FailuresAsync(
            new FailureQuery { Fingerprint = call.Part("fingerprint"), Limit = 1 }, call.Aborted);
        return groups is [var group, ..]
            ? ApiResult.Json(
                FailureView.Detail(group, Queues(await ReadAsync(call), group)), ApiJson.Default.FailureDetail)
            : ApiResult.NotFound("group of failures");
    }

    private static long Count(FailureGroup group, string window) => window switch
    {
        "1h" => group.LastHour,
        "24h" => group.LastDay,
        _ => group.LastWeek,
    };

    private static IReadOnlyList<string> Queues(ConsoleReading? reading, FailureGroup group) =>
        reading is null ? [] : OverviewView.QueuesOf(reading, group.Name);

    private static async ValueTask<ConsoleReading?> ReadAsync(ApiCall call) =>
        (await call.Console.Sampler.ReadAsync(call.Aborted)).Reading;
}

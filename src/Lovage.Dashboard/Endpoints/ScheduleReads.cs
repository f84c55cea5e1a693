using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Reading schedules.</summary>
internal static class ScheduleReads
{
    internal static IEnumerable<ApiRoute> Routes(ScheduleView view)
    {
        yield return ApiRoute.Get(
            "schedules",
            ConsolePermissions.View,
            "Schedules in the order of their ids, with their next five ticks.",
            ApiJson.Default.SchedulesBody,
            call => ListAsync(call, view),
            "after", "limit");
        yield return ApiRoute.Get(
            "schedules/{id}",
            ConsolePermissions.View,
            "All that is known of one schedule.",
            ApiJson.Default.ScheduleDetail,
            async call => await call.Console.Schedules.FindAsync(call.Part("id"), call.Aborted) is { } schedule
                ? ApiResult.Json(
                    await view.DetailAsync(schedule, call.Now, call.MayViewPayloads, call.Aborted),
                    ApiJson.Default.ScheduleDetail)
                : ApiResult.NotFound("schedule"));
        yield return ApiRoute.Ask(
            "schedules/preview",
            ConsolePermissions.View,
            "What a trigger does: words, and its next five ticks. Nothing is stored.",
            ApiJson.Default.TriggerBody,
            ApiJson.Default.PreviewBody,
            PreviewAsync);
    }

    private static async ValueTask<ApiResult> ListAsync(ApiCall call, ScheduleView view)
    {
        var limit = call.Number("limit", 100, 1, 200);
        var page = await call.Console.Schedules.ListAsync(call.Query("after"), limit, call.Aborted);
        return ApiResult.Json(
            new SchedulesBody(await view.RowsAsync(page, call.Now, call.Aborted))
            {
                Next = page.Count == limit ? page[^1].Id : null,
            },
            ApiJson.Default.SchedulesBody);
    }

    private static async ValueTask<ApiResult> PreviewAsync(ApiCall call)
    {
        var trigger = TriggerInput.Read(await call.BodyAsync(ApiJson.Default.TriggerBody)).WithAnchor(call.Now);
        return ApiResult.Json(
            new PreviewBody(trigger.Describe(), ScheduleView.Next(trigger, call.Now)), ApiJson.Default.PreviewBody);
    }
}

using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The live workers.</summary>
internal static class WorkerReads
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "workers",
            ConsolePermissions.View,
            "The live workers of all processes.",
            ApiJson.Default.WorkersBody,
            static async call => ApiResult.Json(
                WorkerView.Body(await call.Jobs.WorkersAsync(call.Aborted)), ApiJson.Default.WorkersBody));
    }
}

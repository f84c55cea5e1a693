using System.Globalization;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;

namespace Lovage.Dashboard.Endpoints;

/// <summary>What people did.</summary>
internal static class AuditEndpoints
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "audit",
            ConsolePermissions.View,
            "What people did, newest first.",
            ApiJson.Default.AuditBody,
            ListAsync,
            "who", "action", "target", "after", "limit");
    }

    private static async ValueTask<ApiResult> ListAsync(ApiCall call)
    {
        var limit = call.Number("limit", 50, 1, 200);
        var records = await call.Jobs.AuditAsync(
            new AuditQuery
            {
                By = call.Query("who"),
                Action = call.Query("action"),
                Target = call.Query("target"),
                Before = call.AfterNumber(),
                Limit = limit,
            },
            call.Aborted);
        return ApiResult.Json(
            new AuditBody(
                [.. records.Select(Row)],
                records.Count == limit ? records[^1].Number.ToString(CultureInfo.InvariantCulture) : null),
            ApiJson.Default.AuditBody);
    }

    private static AuditRow Row(AuditRecord record) => new()
    {
        Id = record.Number,
        At = record.At,
        Who = record.By,
        Action = record.Action,
        Target = record.Target,
        Before = record.Before,
        After = record.After,
        Reason = record.Reason,
        Source = record.Source,
        Address = record.Address,
    };
}

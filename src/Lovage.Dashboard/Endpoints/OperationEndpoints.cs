using System.Globalization;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Search;
using Lovage.Dashboard.Views;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Changes of all jobs that match a search.</summary>
internal static class OperationEndpoints
{
    /// <summary>A page counts matches up to here, so that a person expects no larger number.</summary>
    private const long CountMax = 10_000;

    internal static IEnumerable<ApiRoute> Routes(OperationsView view)
    {
        yield return ApiRoute.Get(
            "operations",
            ConsolePermissions.View,
            "Bulk operations, newest first.",
            ApiJson.Default.OperationsBody,
            ListAsync,
            "after", "limit");
        yield return ApiRoute.Get(
            "operations/{id}",
            ConsolePermissions.View,
            "One bulk operation.",
            ApiJson.Default.OperationBody,
            static async call => await call.Jobs.FindOperationAsync(call.Part("id"), call.Aborted) is { } operation
                ? ApiResult.Json(OperationsView.Body(operation), ApiJson.Default.OperationBody)
                : ApiResult.NotFound("operation"));
        yield return ApiRoute.Change(
            "POST",
            "operations",
            ConsolePermissions.Operate,
            "start_operation",
            "Starts a change of all jobs that match a search.",
            (ApiJson.Default.NewOperationBody, ApiJson.Default.OperationBody, StatusCodes.Status202Accepted),
            call => StartAsync(call, view));
        yield return ApiRoute.Change(
            "POST",
            "operations/{id}/cancel",
            ConsolePermissions.Operate,
            "cancel_operation",
            "Cancels a bulk operation; what it has done stays.",
            (ApiJson.Default.ReasonBody, ApiJson.Default.OperationBody, StatusCodes.Status200OK),
            call => CancelAsync(call, view));
    }

    private static async ValueTask<ApiResult> ListAsync(ApiCall call)
    {
        var limit = call.Number("limit", 50, 1, 200);
        var after = call.AfterNumber();
        var page = call.Jobs.HasOperations ? await call.Jobs.OperationsAsync(limit, after, call.Aborted) : [];
        return ApiResult.Json(
            new OperationsBody(
                [.. page.Select(OperationsView.Body)],
                page.Count == limit ? page[^1].Number.ToString(CultureInfo.InvariantCulture) : null),
            ApiJson.Default.OperationsBody);
    }

    private static async ValueTask<PlannedChange> StartAsync(ApiCall call, OperationsView view)
    {
        var body = await call.BodyAsync(ApiJson.Default.NewOperationBody);
        var action = body.Action switch
        {
            "run_again" => BulkAction.RunAgain,
            "cancel" => BulkAction.Cancel,
            "delete" => BulkAction.Delete,
            "move" => BulkAction.Move,
            _ => throw ApiCall.Bad("An action is run_again, cancel, delete or move.", "action"),
        };
        if (body.SpreadSeconds is < 0 or > 604_800 or double.NaN)
        {
            throw ApiCall.Bad("A spread is 0 to 604,800 seconds (7 days).", "spread_seconds");
        }

        var search = SearchParser.Parse(body.Q, call.Now, call.Jobs.Qualifiers);
        if (search.Id is not null)
        {
            throw ApiCall.Bad("An id names one job; use that job's own route.", "q");
        }

        if (body.Expected is not { } expected || expected < 0)
        {
            throw ApiCall.Bad("Say how many jobs you expect, so that no more are changed than you saw.", "expected");
        }

        var request = new BulkRequest
        {
            Target = action == BulkAction.Move ? new JobMove(body.Queue, body.Priority).Checked() : null,
            By = call.User ?? "",
            Reason = body.Reason,
            Spread = body.SpreadSeconds is { } spread ? TimeSpan.FromSeconds(spread) : null,
            Expected = new BoundedCount(expected, expected < CountMax),
        };
        return new PlannedChange($"jobs:{SearchText.Of(search.Query)}", async token =>
        {
            var operation = await call.Jobs.StartOperationAsync(action, search.Query, request, token);
            view.Forget();
            return ApiResult.Json(
                OperationsView.Body(operation), ApiJson.Default.OperationBody, StatusCodes.Status202Accepted);
        })
        {
            Before = Durations.Count(expected, "job", "jobs"),
            After = OperationsView.Word(action),
            Reason = body.Reason,
        };
    }

    private static async ValueTask<PlannedChange> CancelAsync(ApiCall call, OperationsView view)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var id = call.Part("id");
        var operation = await call.Jobs.FindOperationAsync(id, call.Aborted) ?? throw NotFound();
        if (operation.State != BulkState.Running)
        {
            throw new ApiException(
                StatusCodes.Status409Conflict,
                "The operation has ended.",
                $"It is {OperationsView.Body(operation).State}; {operation.Done:N0} jobs were changed.");
        }

        return new PlannedChange($"operation:{id}", async token =>
        {
            var cancelled = await call.Jobs.CancelOperationAsync(id, token) ?? throw NotFound();
            view.Forget();
            return ApiResult.Json(OperationsView.Body(cancelled), ApiJson.Default.OperationBody);
        })
        {
            Before = $"running, {operation.Done:N0} jobs done",
            After = "cancelled",
            Reason = body.Reason,
        };
    }

    private static ApiException NotFound() => new(
        StatusCodes.Status404NotFound, "There is no such operation.", "The storage knows no operation of this id.");
}

using System.Text.Json;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The jobs that can be enqueued, and the tasks of this process.</summary>
internal static class CatalogEndpoints
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "catalog",
            ConsolePermissions.View,
            "The jobs that live workers know, with the schemas of their arguments.",
            ApiJson.Default.CatalogBody,
            CatalogAsync);
        yield return ApiRoute.Get(
            "local",
            ConsolePermissions.View,
            "The tasks that live in this process.",
            ApiJson.Default.LocalBody,
            static call => new(ApiResult.Json(LocalView.Body(call.Console), ApiJson.Default.LocalBody)));
    }

    private static async ValueTask<ApiResult> CatalogAsync(ApiCall call) => ApiResult.Json(
        new CatalogBody(
        [
            .. (await call.Console.Catalog.AllAsync(call.Aborted)).Values
                .DistinctBy(static job => job.Name)
                .OrderBy(static job => job.Name, StringComparer.Ordinal)
                .Select(static job => new CatalogRow(
                    job.Name, job.Queue, Schema(job.Schema), Arguments(job.Sensitive), job.Workers)),
        ]),
        ApiJson.Default.CatalogBody);

    /// <summary>The names of arguments: a form has no field for the result.</summary>
    private static IReadOnlyList<string> Arguments(IEnumerable<string> sensitive) =>
        [.. sensitive.Where(static name => !SensitiveName.TryParse(name, out var one) || !one.IsResult)];

    /// <summary>What a worker of another version announces may be no JSON.</summary>
    private static JsonElement? Schema(string? text)
    {
        try
        {
            if (text is null)
            {
                return null;
            }

            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using Lovage.Dashboard.Api;
using Lovage.Dashboard.OpenApi;
using Lovage.Dashboard.Routes;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The document of the API, made from the table of routes.</summary>
internal static class OpenApiEndpoint
{
    private const string Pattern = "openapi.json";

    /// <summary>The route of a table's document, which lists itself too.</summary>
    internal static ApiRoute Route(IReadOnlyList<ApiRoute> routes)
    {
        Lazy<System.Text.Json.Nodes.JsonNode>? document = null;
        var route = ApiRoute.Get(
            Pattern,
            ConsolePermissions.None,
            "This document.",
            ApiJson.Default.JsonNode,
            _ => new(ApiResult.Json(document!.Value, ApiJson.Default.JsonNode)));
        document = new(() => OpenApiDocument.Of([.. routes, route]));
        return route;
    }
}

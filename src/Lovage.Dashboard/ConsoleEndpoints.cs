using Lovage.Dashboard.Access;
using Lovage.Dashboard.Assets;
using Lovage.Dashboard.Endpoints;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lovage.Dashboard;

/// <summary>Maps the table of routes, the page and its files into an app.</summary>
internal static class ConsoleEndpoints
{
    private static readonly string[] Reads = ["GET", "HEAD"];

    /// <summary>The routes below a prefix.</summary>
    internal static void MapApi(
        IEndpointRouteBuilder group, ConsoleServices console, DashboardOptions options, string source)
    {
        var pipeline = new ApiPipeline(console, options, source);
        foreach (var route in RouteTable.Make(console, options))
        {
            group.MapMethods(route.Pattern, [route.Method], pipeline.Handle(route))
                .WithDisplayName($"Lovage {route.Method} {route.Pattern}")
                .ExcludeFromDescription();
        }

        group.MapMethods("{**rest}", ["GET"], pipeline.NotFoundAsync)
            .WithDisplayName("Lovage, no such route")
            .ExcludeFromDescription();
    }

    /// <summary>The page and its files below a prefix.</summary>
    internal static void MapPages(IEndpointRouteBuilder group, ConsoleServices console)
    {
        var shell = new ConsoleShell(console.Environment);
        var assets = ConsoleAssets.Instance;
        group.MapMethods("assets/{hash}/{**path}", Reads, context => ServeAsync(context, console, assets))
            .WithDisplayName("Lovage assets")
            .ExcludeFromDescription();
        group.MapMethods("{**page}", Reads, shell.ServeAsync)
            .WithDisplayName("Lovage console")
            .ExcludeFromDescription();
    }

    private static Task ServeAsync(HttpContext context, ConsoleServices console, ConsoleAssets assets)
    {
        if (EndpointAccess.IsGranted(context, console.Environment))
        {
            return assets.ServeAsync(
                context,
                context.GetRouteValue("hash") as string ?? "",
                context.GetRouteValue("path") as string ?? "");
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}

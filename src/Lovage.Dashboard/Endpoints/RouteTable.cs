using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Streaming;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>
/// The one table of routes. Endpoints, permissions, audit records and the API's document follow from it.
/// </summary>
internal static class RouteTable
{
    /// <summary>The routes that are mapped: a read-only console has none that changes anything.</summary>
    internal static IReadOnlyList<ApiRoute> Make(ConsoleServices console, DashboardOptions options)
    {
        var view = new OverviewView(console);
        var overview = new Cached<OverviewBody>(console.Time, ConsoleSampler.Gap, view.MakeAsync);
        var details = new JobDetailView(console, options);
        var operations = new OperationsView(console);
        var hub = new StreamHub(console, new StreamSource(console, overview, details, operations));
        console.AfterEachLook(hub.PublishAsync);
        List<ApiRoute> routes =
        [
            .. SessionEndpoints.Routes(view),
            .. OverviewEndpoints.Routes(overview),
            .. JobReads.Routes(details),
            .. JobChanges.Routes(),
            .. new SuggestEndpoint(console).Routes(),
            .. OperationEndpoints.Routes(operations),
            .. QueueEndpoints.Routes(),
            .. WorkerReads.Routes(),
            .. WorkerChanges.Routes(),
            .. ScheduleReads.Routes(new ScheduleView(console)),
            .. ScheduleChanges.Routes(),
            .. ErrorEndpoints.Routes(),
            .. MetricsEndpoints.Routes(),
            .. CatalogEndpoints.Routes(),
            .. AuditEndpoints.Routes(),
            .. SystemEndpoints.Routes(view),
            .. new StreamEndpoint(hub).Routes(),
        ];
        var mapped = routes.Where(route => !options.ReadOnly || !route.IsChange).ToList();
        return [.. mapped, OpenApiEndpoint.Route(mapped)];
    }
}

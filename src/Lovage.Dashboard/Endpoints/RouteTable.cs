using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>
/// The one table of routes. Endpoints, permissions, audit records and the API's document follow from it.
/// </summary>
internal static class RouteTable
{
    internal static IReadOnlyList<ApiRoute> Make(ConsoleServices console, DashboardOptions options)
    {
        var view = new OverviewView(console);
        var overview = new Cached<OverviewBody>(console.Time, TimeSpan.FromSeconds(1), view.MakeAsync);
        var details = new JobDetailView(console, options);
        return
        [
            .. SessionEndpoints.Routes(view),
            .. OverviewEndpoints.Routes(overview),
            .. JobReads.Routes(details),
            .. JobChanges.Routes(),
            .. QueueEndpoints.Routes(),
            .. WorkerReads.Routes(),
            .. ErrorEndpoints.Routes(),
        ];
    }
}

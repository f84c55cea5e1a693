using Lovage.Dashboard;
using Lovage.Dashboard.Sampling;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps Lovage's console and its HTTP API.</summary>
public static class DashboardEndpointExtensions
{
    /// <summary>
    /// Maps the console: its pages at the prefix, its HTTP API below it at <c>/api</c>, described by
    /// <c>/api/openapi.json</c>.
    /// </summary>
    /// <remarks>
    /// Everything answers 403 until the app says who may see it, by <c>RequireAuthorization</c> or
    /// <c>AllowAnonymous</c> on the answer of this call or on a group around it. In Development the same machine may
    /// see it without that. What a person may do follows from <see cref="DashboardOptions.Permissions"/> or from
    /// policies.
    /// </remarks>
    /// <param name="endpoints">Where to.</param>
    /// <param name="prefix">The route; <c>/lovage</c> by default.</param>
    /// <param name="configure">Changes the options; null (the default) to change nothing.</param>
    /// <returns>All endpoints of the console, for more conventions.</returns>
    /// <exception cref="InvalidOperationException">The app has not called AddLovage.</exception>
    public static IEndpointConventionBuilder MapLovageDashboard(
        this IEndpointRouteBuilder endpoints, string prefix = "/lovage", Action<DashboardOptions>? configure = null)
    {
        var (group, console, options) = Begin(endpoints, prefix, configure, nameof(MapLovageDashboard));
        ConsoleEndpoints.MapApi(group.MapGroup("api"), console, options, "console");
        ConsoleEndpoints.MapPages(group, console);
        new ConsoleBanner(console).Follow(group);
        return group;
    }

    /// <summary>Maps the HTTP API of the console alone, without pages.</summary>
    /// <param name="endpoints">Where to.</param>
    /// <param name="prefix">The route; <c>/lovage/api</c> by default.</param>
    /// <param name="configure">Changes the options; null (the default) to change nothing.</param>
    /// <returns>All endpoints of the API, for more conventions.</returns>
    /// <inheritdoc cref="MapLovageDashboard" path="/remarks"/>
    /// <exception cref="InvalidOperationException">The app has not called AddLovage.</exception>
    public static IEndpointConventionBuilder MapLovageApi(
        this IEndpointRouteBuilder endpoints, string prefix = "/lovage/api", Action<DashboardOptions>? configure = null)
    {
        var (group, console, options) = Begin(endpoints, prefix, configure, nameof(MapLovageApi));
        ConsoleEndpoints.MapApi(group, console, options, "api");
        return group;
    }

    private static (RouteGroupBuilder Group, ConsoleServices Console, DashboardOptions Options) Begin(
        IEndpointRouteBuilder endpoints, string prefix, Action<DashboardOptions>? configure, string caller)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        var options = new DashboardOptions();
        configure?.Invoke(options);
        var console = ConsoleServices.Of(endpoints.ServiceProvider, caller);
        return (endpoints.MapGroup(prefix), console, options);
    }
}

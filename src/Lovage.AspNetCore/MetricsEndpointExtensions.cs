using Lovage;
using Lovage.AspNetCore.Metrics;
using Lovage.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the metrics of an app.</summary>
public static class MetricsEndpointExtensions
{
    /// <summary>
    /// Maps the metrics of the meter <c>Lovage</c> in Prometheus's text format, version 0.0.4. They are counted from
    /// this call on.
    /// </summary>
    /// <remarks>
    /// The endpoint answers 403 until the app says who may see it, by <c>RequireAuthorization</c> or
    /// <c>AllowAnonymous</c> on it or on its group. In Development the same machine may see it without that. Labels
    /// hold names of jobs, queues, schedules and exception types, and never arguments or ids of jobs. Each metric keeps
    /// at most 1,000 series; measurements of further ones go into a series with the label
    /// <c>otel_metric_overflow</c>.
    /// </remarks>
    /// <param name="endpoints">Where to.</param>
    /// <param name="pattern">The route; <c>/metrics</c> by default.</param>
    /// <param name="configure">Changes what the page has.</param>
    /// <returns>The endpoint, for more conventions.</returns>
    /// <exception cref="InvalidOperationException">The app has not called AddLovage.</exception>
    public static IEndpointConventionBuilder MapLovageMetrics(
        this IEndpointRouteBuilder endpoints, string pattern = "/metrics", Action<MetricsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        var gauges = services.GetService<StorageGauges>() ?? throw new InvalidOperationException(
            "MapLovageMetrics() needs Lovage. Call builder.AddLovage() before the app is built.");
        var options = new MetricsOptions();
        configure?.Invoke(options);
        var time = services.GetRequiredService<TimeProvider>();
        var celery = CeleryPage.Of(options.CeleryNames, gauges, time);
        var collector = new MetricsCollector();
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(() =>
        {
            collector.Dispose();
            celery?.Dispose();
        });
        var endpoint = new MetricsEndpoint(
            collector,
            celery,
            gauges,
            services.GetRequiredService<IHostEnvironment>(),
            time,
            services.GetRequiredService<ILoggerFactory>().Guarded("Lovage.AspNetCore"));
        return endpoints.MapGet(pattern, endpoint.ServeAsync)
            .WithDisplayName("Lovage metrics")
            .ExcludeFromDescription();
    }
}

using System.Buffers;
using Lovage.Dashboard.Access;
using Lovage.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.AspNetCore.Metrics;

/// <summary>Answers with the page of metrics, or says which line opens it.</summary>
internal sealed partial class MetricsEndpoint(
    MetricsCollector collector,
    CeleryPage? celery,
    StorageGauges gauges,
    IHostEnvironment environment,
    TimeProvider time,
    GuardedLogger logger)
{
    private const string Closed =
        "These metrics are closed. Say in the app who may see them: "
            + "app.MapLovageMetrics().RequireAuthorization(\"a policy\"), or app.MapLovageMetrics().AllowAnonymous().\n"
            + "In Development the same machine sees them without that, on http://localhost and not through a proxy.\n";

    /// <summary>How long a scrape waits for the storage; Prometheus itself waits for 10 s.</summary>
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(2);

    private int _refusals;

    internal async Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        if (!EndpointAccess.IsGranted(context, environment))
        {
            if (Interlocked.Exchange(ref _refusals, 1) == 0)
            {
                LogClosed(logger, context.Request.Path);
            }

            response.StatusCode = StatusCodes.Status403Forbidden;
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync(Closed, context.RequestAborted);
            return;
        }

        try
        {
            await gauges.ReadAsync().WaitAsync(ReadLimit, time, context.RequestAborted);
        }
        catch (TimeoutException)
        {
            // The page goes without the storage's values; the process's own are there.
        }

        var page = new ArrayBufferWriter<byte>();
        collector.Collect(page);
        celery?.Write(page);
        response.ContentType = PrometheusText.ContentType;
        response.ContentLength = page.WrittenCount;
        await response.Body.WriteAsync(page.WrittenMemory, context.RequestAborted);
    }

    [LoggerMessage(
        3102,
        LogLevel.Warning,
        "Answered 403 to GET {Path}: the app does not say who may see its metrics. Add .RequireAuthorization(...) or "
            + ".AllowAnonymous() to MapLovageMetrics(). This is told once")]
    private static partial void LogClosed(ILogger logger, PathString path);
}

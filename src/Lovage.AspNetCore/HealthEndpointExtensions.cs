using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the health of an app.</summary>
public static class HealthEndpointExtensions
{
    private const string Reason = "reason";

    private static readonly string[] Tags = ["live", "ready"];

    /// <summary>
    /// Maps the health of the app: all checks at the pattern, those with the tag <c>live</c> below it at <c>/live</c>,
    /// those with the tag <c>ready</c> at <c>/ready</c>. The answer is JSON with a status and a reason for each check:
    /// <c>{"status":"Healthy","checks":{"Lovage.Storage":{"status":"Healthy","reason":"The storage answers."}}}</c>.
    /// The code is 200 when healthy or degraded, 503 when unhealthy.
    /// </summary>
    /// <remarks>
    /// <c>live</c> has what a restart mends (<c>Lovage.Worker</c>), <c>ready</c> what keeps the app from serving
    /// (<c>Lovage.Storage</c>, <c>Lovage.ThreadPool</c>). The reasons hold no address and no name of a host, so the
    /// answer may be public. A check of the app's own shows a reason when its result has one in its data, under the key
    /// <c>reason</c>.
    /// </remarks>
    /// <param name="endpoints">Where to.</param>
    /// <param name="pattern">The route; <c>/health</c> by default.</param>
    /// <returns>The endpoints, for more conventions.</returns>
    public static IEndpointConventionBuilder MapLovageHealth(
        this IEndpointRouteBuilder endpoints, string pattern = "/health")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var group = endpoints.MapGroup(pattern);
        group.MapHealthChecks("", new HealthCheckOptions { ResponseWriter = WriteAsync });
        foreach (var tag in Tags)
        {
            group.MapHealthChecks(
                $"/{tag}",
                new HealthCheckOptions
                {
                    Predicate = check => check.Tags.Contains(tag),
                    ResponseWriter = WriteAsync,
                });
        }

        return group;
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await using (writer)
        {
            writer.WriteStartObject();
            writer.WriteString("status", report.Status.ToString());
            writer.WriteStartObject("checks");
            foreach (var (name, entry) in report.Entries.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                writer.WriteStartObject(name);
                writer.WriteString("status", entry.Status.ToString());
                if (entry.Data.TryGetValue(Reason, out var reason) && reason is string text)
                {
                    writer.WriteString(Reason, text);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}

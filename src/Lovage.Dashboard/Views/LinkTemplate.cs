using System.Globalization;

namespace Lovage.Dashboard.Views;

/// <summary>Fills the templates of links to logs and traces. Each value is escaped as a part of an address.</summary>
internal static class LinkTemplate
{
    private const string TraceParent = "traceparent";

    /// <summary>The trace of a job, from the header that its message carries; null when it carries none.</summary>
    internal static string? TraceId(JobRecord job) =>
        job.Message.Headers.GetValueOrDefault(TraceParent)?.Split('-') is [_, { Length: 32 } trace, _, ..]
            && trace.All(char.IsAsciiHexDigit)
                ? trace
                : null;

    /// <returns>Null without a template, or when it asks for a trace that the job does not have.</returns>
    internal static string? Fill(
        string? template, JobRecord job, int? attempt = null, DateTimeOffset? start = null, DateTimeOffset? end = null)
    {
        if (template is null)
        {
            return null;
        }

        var trace = TraceId(job);
        return trace is null && template.Contains("{trace_id}", StringComparison.Ordinal)
            ? null
            : template.Replace("{trace_id}", trace, StringComparison.Ordinal)
                .Replace("{job_id}", Uri.EscapeDataString(job.Id.Value), StringComparison.Ordinal)
                .Replace("{attempt}", attempt?.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("{start}", Time(start ?? job.EnqueuedAt), StringComparison.Ordinal)
                .Replace("{end}", Time(end ?? job.FinishedAt), StringComparison.Ordinal);
    }

    private static string Time(DateTimeOffset? instant) => instant is { } at
        ? Uri.EscapeDataString(at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
        : "";
}

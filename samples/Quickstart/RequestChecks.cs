using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Quickstart;

/// <summary>
/// Refuses what this app would misread, before an endpoint sees it: a query that names a value twice, a compressed
/// body, and a body in another character set.
/// </summary>
internal static class RequestChecks
{
    private static readonly HashSet<string> Charsets = new(StringComparer.OrdinalIgnoreCase)
    {
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
    };

    public static IApplicationBuilder UseRequestChecks(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        Check(context.Request);
        return next(context);
    });

    private static void Check(HttpRequest request)
    {
        foreach (var (name, values) in request.Query)
        {
            if (values.Count > 1)
            {
                throw new BadHttpRequestException($"The query has '{name}' {values.Count} times; once is expected.");
            }
        }

        if (!StringValues.IsNullOrEmpty(request.Headers.ContentEncoding)
            && !string.Equals(request.Headers.ContentEncoding, "identity", StringComparison.OrdinalIgnoreCase))
        {
            throw Unsupported(
                $"The content encoding is '{request.Headers.ContentEncoding}'; send the body uncompressed.");
        }

        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.CharSet?.Trim('"') is { } charset
            && !Charsets.Contains(charset))
        {
            throw Unsupported($"The character set is '{charset}'; utf-8 is expected.");
        }
    }

    private static BadHttpRequestException Unsupported(string reason) =>
        new(reason, StatusCodes.Status415UnsupportedMediaType);
}

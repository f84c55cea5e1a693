using System.Text;
using System.Text.Encodings.Web;
using Lovage.Dashboard.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Lovage.Dashboard.Assets;

/// <summary>
/// The one page of the console, at every path below its prefix that is no part of the API and no file. Its base is
/// relative to the request, so that it works at the root, under a path base and behind a proxy that strips a prefix.
/// </summary>
internal sealed class ConsoleShell(IHostEnvironment environment)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            + "font-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'";

    private readonly ConsoleAssets _assets = ConsoleAssets.Instance;

    /// <summary>Answers with the page, or redirects from the prefix to the prefix with a slash.</summary>
    internal Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin";
        response.ContentType = "text/html; charset=utf-8";
        if (!EndpointAccess.IsGranted(context, environment))
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            return WriteAsync(context, ClosedPage.Html);
        }

        var path = context.Request.Path.Value ?? "";
        var below = PathBelow(context, path);
        if (below is null)
        {
            // The last part of the path is all that a relative address needs, whatever a proxy has stripped.
            var last = path.Length > 0 ? path : context.Request.PathBase.Value ?? "";
            response.Redirect(
                $"{Uri.EscapeDataString(last[(last.LastIndexOf('/') + 1)..])}/{context.Request.QueryString}");
            return Task.CompletedTask;
        }

        var up = string.Concat(Enumerable.Repeat("../", below.Count(static character => character == '/')));
        return WriteAsync(
            context,
            _assets.Shell.Replace("{{base}}", Encoded(up.Length == 0 ? "./" : up), StringComparison.Ordinal)
                .Replace("{{assets}}", Encoded($"assets/{_assets.Hash}/"), StringComparison.Ordinal));
    }

    /// <summary>The path below the prefix with its slash; null for the prefix without a slash at its end.</summary>
    private static string? PathBelow(HttpContext context, string path)
    {
        // All parts of the pattern but the last, which catches the rest.
        var parts = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.PathSegments.Count - 1 ?? 0;
        var at = 0;
        for (var i = 0; i <= parts; i++)
        {
            if (at >= path.Length || path[at] != '/')
            {
                return null;
            }

            if (i == parts)
            {
                return path[(at + 1)..];
            }

            var next = path.IndexOf('/', at + 1);
            at = next < 0 ? path.Length : next;
        }

        return null;
    }

    private static string Encoded(string text) => HtmlEncoder.Default.Encode(text);

    private static async Task WriteAsync(HttpContext context, string html)
    {
        var bytes = Encoding.UTF8.GetBytes(html);
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }
}

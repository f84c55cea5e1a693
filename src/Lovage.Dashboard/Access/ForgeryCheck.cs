using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Access;

/// <summary>
/// Refuses a change that a page of another site may have sent with the person's cookies. Browsers say where a request
/// comes from, and send neither JSON nor a header of ours to another site without asking it first.
/// </summary>
internal static class ForgeryCheck
{
    /// <summary>The header that every change carries.</summary>
    internal const string Header = "X-Lovage";

    /// <summary>Says why a change is refused.</summary>
    /// <returns>Null when it is not.</returns>
    internal static string? Refusal(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            if (site is not ("same-origin" or "none"))
            {
                return $"The browser says that the request comes from elsewhere (Sec-Fetch-Site: {Shown(site)}).";
            }
        }
        else if (request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(origin, request.Host))
        {
            return $"The request comes from another origin ({Shown(origin)}).";
        }

        if (!request.HasJsonContentType())
        {
            return "The content type must be application/json.";
        }

        return request.Headers.ContainsKey(Header)
            ? null
            : $"The header {Header} is missing; send '{Header}: 1'.";
    }

    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
            && from.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase)
            && (host.Port is { } port ? from.Port == port : from.IsDefaultPort);

    private static string Shown(string text) => text.Length <= 100 ? text : text[..100];
}

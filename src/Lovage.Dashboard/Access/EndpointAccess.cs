using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Lovage.Dashboard.Access;

/// <summary>Decides who reaches an endpoint that tells about the app's inside.</summary>
/// <remarks>
/// The endpoint is closed until the app says who may see it. Then ASP.NET Core's authorization decides, before the
/// endpoint runs. In Development the same machine may see it without a word: requests of a loopback address, to a name
/// of loopback, that no proxy has forwarded. The name is checked because a web page can point a name of its own at
/// 127.0.0.1.
/// </remarks>
internal static class EndpointAccess
{
    private static readonly string[] Forwarding =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-For", "X-Real-IP"];

    internal static bool IsGranted(HttpContext context, IHostEnvironment environment) =>
        (context.GetEndpoint() is { } endpoint && IsSaid(endpoint))
            || (environment.IsDevelopment() && IsLocal(context));

    /// <summary>True when the app has said who may see the endpoint.</summary>
    private static bool IsSaid(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address)
            && IsLoopbackName(context.Request.Host.Host)
            && !Forwarding.Any(context.Request.Headers.ContainsKey);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}

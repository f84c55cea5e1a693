using System.Diagnostics.CodeAnalysis;
using Lovage.Dashboard.Sampling;
using Lovage.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Dashboard;

/// <summary>Logs where the console is and who may see it, once the server listens.</summary>
internal sealed partial class ConsoleBanner
{
    /// <summary>The end of the page's pattern, which catches all paths below the prefix.</summary>
    private const string PageEnd = "/{**page}";

    private readonly ConsoleServices _console;
    private readonly GuardedLogger _logger;

    internal ConsoleBanner(ConsoleServices console)
    {
        _console = console;
        _logger = console.Loggers.Guarded("Lovage.Host");
    }

    /// <summary>Marks the page, and logs when the app has started.</summary>
    internal void Follow(IEndpointConventionBuilder group)
    {
        group.WithMetadata(this);
        _console.Lifetime.ApplicationStarted.Register(Print);
    }

    /// <summary>ASP.NET Core makes endpoints at the first request, so this asks for them.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Endpoints that cannot be made fail the first request.")]
    private void Print()
    {
        try
        {
            if (Page() is not { RoutePattern.RawText: { } pattern } page)
            {
                return;
            }

            var prefix = pattern[..^PageEnd.Length];
            var addresses = _console.App.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses;
            foreach (var address in addresses ?? [])
            {
                LogAddress(_logger, Reachable(address), prefix, Access(page));
            }
        }
        catch (Exception fault)
        {
            LogUnknown(_logger, fault);
        }
    }

    private RouteEndpoint? Page() => _console.App.GetService<EndpointDataSource>()?.Endpoints
        .OfType<RouteEndpoint>()
        .FirstOrDefault(endpoint => endpoint.Metadata.OfType<ConsoleBanner>().Contains(this)
            && endpoint.RoutePattern.RawText?.EndsWith(PageEnd, StringComparison.Ordinal) == true);

    private string Access(RouteEndpoint page) =>
        page.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "open to everyone who reaches it"
        : page.Metadata.GetMetadata<IAuthorizeData>() is not null ? "the app's authorization decides"
        : _console.Environment.IsDevelopment() ? "Development: this machine only"
        : "closed: add .RequireAuthorization(...) or .AllowAnonymous() to MapLovageDashboard()";

    /// <summary>An address that stands for all of the machine's is no link.</summary>
    private static string Reachable(string address) => address.TrimEnd('/')
        .Replace("://[::]", "://localhost", StringComparison.Ordinal)
        .Replace("://0.0.0.0", "://localhost", StringComparison.Ordinal)
        .Replace("://+", "://localhost", StringComparison.Ordinal)
        .Replace("://*", "://localhost", StringComparison.Ordinal);

    [LoggerMessage(3113, LogLevel.Information, "Lovage console: {Address}{Prefix} ({Access})")]
    private static partial void LogAddress(ILogger logger, string address, string prefix, string access);

    [LoggerMessage(3114, LogLevel.Debug, "The console's address cannot be told yet")]
    private static partial void LogUnknown(ILogger logger, Exception fault);
}

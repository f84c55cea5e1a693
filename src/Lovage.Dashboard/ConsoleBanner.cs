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
    private string? _prefix;
    private string _access;

    internal ConsoleBanner(ConsoleServices console)
    {
        _console = console;
        _logger = console.Loggers.Guarded("Lovage.Host");
        _access = console.Environment.IsDevelopment()
            ? "Development: this machine only"
            : "closed: add .RequireAuthorization(...) or .AllowAnonymous() to MapLovageDashboard()";
    }

    /// <summary>Looks at the page's endpoint when it is complete, and logs when the app has started.</summary>
    internal void Follow(IEndpointConventionBuilder group)
    {
        group.Finally(Look);
        _console.Lifetime.ApplicationStarted.Register(Print);
    }

    private void Look(EndpointBuilder endpoint)
    {
        if (endpoint is not RouteEndpointBuilder { RoutePattern.RawText: { } pattern }
            || !pattern.EndsWith(PageEnd, StringComparison.Ordinal))
        {
            return;
        }

        _prefix = pattern[..^PageEnd.Length];
        if (endpoint.Metadata.OfType<IAllowAnonymous>().Any())
        {
            _access = "open to everyone who reaches it";
        }
        else if (endpoint.Metadata.OfType<IAuthorizeData>().Any())
        {
            _access = "the app's authorization decides";
        }
    }

    private void Print()
    {
        var addresses = _console.App.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses;
        if (_prefix is null || addresses is null)
        {
            return;
        }

        foreach (var address in addresses)
        {
            LogAddress(_logger, Reachable(address), _prefix, _access);
        }
    }

    /// <summary>An address that stands for all of the machine's is no link.</summary>
    private static string Reachable(string address) => address.TrimEnd('/')
        .Replace("://[::]", "://localhost", StringComparison.Ordinal)
        .Replace("://0.0.0.0", "://localhost", StringComparison.Ordinal)
        .Replace("://+", "://localhost", StringComparison.Ordinal)
        .Replace("://*", "://localhost", StringComparison.Ordinal);

    [LoggerMessage(3113, LogLevel.Information, "Lovage console: {Address}{Prefix} ({Access})")]
    private static partial void LogAddress(ILogger logger, string address, string prefix, string access);
}

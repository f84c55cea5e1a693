using Microsoft.Extensions.Logging;

namespace Lovage.Diagnostics;

/// <summary>Makes the loggers of this library: the one place that calls the app's logging.</summary>
internal static class LoggerFactoryExtensions
{
    /// <summary>Makes a logger that never throws.</summary>
    /// <param name="loggers">The app's.</param>
    /// <param name="category">The category, such as <c>Lovage.Worker</c>.</param>
    internal static GuardedLogger Guarded(this ILoggerFactory loggers, string category) =>
        new(loggers.CreateLogger(category));
}

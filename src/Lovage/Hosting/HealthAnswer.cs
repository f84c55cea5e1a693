using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage;

/// <summary>The results of Lovage's health checks.</summary>
internal static class HealthAnswer
{
    /// <summary>
    /// The entry of a result's data that says why, in words that anyone may read: no address, no name of a host.
    /// </summary>
    internal const string Reason = "reason";

    /// <summary>Makes a result.</summary>
    /// <param name="status">The status.</param>
    /// <param name="reason">Why, for anyone.</param>
    /// <param name="description">Why, for the operator; null when the reason says it all.</param>
    /// <param name="facts">Figures.</param>
    /// <param name="error">The fault behind it.</param>
    internal static HealthCheckResult Of(
        HealthStatus status,
        string reason,
        string? description = null,
        IReadOnlyDictionary<string, object>? facts = null,
        Exception? error = null) =>
        new(
            status,
            description ?? reason,
            error,
            new Dictionary<string, object>(facts ?? new Dictionary<string, object>()) { [Reason] = reason });
}

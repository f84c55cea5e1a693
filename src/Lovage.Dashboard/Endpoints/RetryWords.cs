using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>A retry policy in words.</summary>
internal static class RetryWords
{
    internal static string? Of(RetryPolicy? policy) => policy switch
    {
        null => null,
        { Delays: { IsDefaultOrEmpty: false } delays } => $"after {string.Join(", ", delays.Select(Durations.Of))}",
        { Backoff: Backoff.Fixed } => $"every {Durations.Of(policy.Delay)}",
        _ => $"from {Durations.Of(policy.Delay)} to {Durations.Of(policy.DelayMax)}, doubling, with jitter",
    };
}

namespace Lovage.Generators;

/// <summary>What the attribute says, checked.</summary>
internal sealed record JobOptions(
    string Name,
    EquatableArray<string> Aliases,
    string? Queue,
    int Priority,
    int MaxAttempts,
    string? Execution,
    double SoftTimeLimitSeconds,
    double TimeLimitSeconds,
    bool KeepResult,
    EquatableArray<string> Filters,
    RetryOptions? Retry);

/// <summary>
/// The policy of the attribute; null in <see cref="JobOptions"/> when it says nothing about retries but their number.
/// </summary>
internal sealed record RetryOptions(
    string? Backoff,
    double DelaySeconds,
    double DelayMaxSeconds,
    EquatableArray<double> DelaysSeconds,
    EquatableArray<string> RetryOn,
    EquatableArray<string> NeverRetryOn);

namespace Lovage.Generators;

/// <summary>What the attribute says, checked.</summary>
internal sealed record JobOptions
{
    public required string Name { get; init; }

    public required EquatableArray<string> Aliases { get; init; }

    public required string? Queue { get; init; }

    public required int Priority { get; init; }

    /// <summary>0 for the worker's setting.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>True when the factory writes the arguments by name.</summary>
    public required bool WritesNames { get; init; }

    public required string? Execution { get; init; }

    /// <summary>0 for none.</summary>
    public required double SoftTimeLimitSeconds { get; init; }

    /// <summary>0 for none.</summary>
    public required double TimeLimitSeconds { get; init; }

    public required bool KeepResult { get; init; }

    public required EquatableArray<string> Filters { get; init; }

    public required RetryOptions? Retry { get; init; }
}

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

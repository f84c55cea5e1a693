namespace Lovage;

/// <summary>Bounds that no setting changes.</summary>
internal static class JobLimits
{
    internal const int AttemptsMax = 1_000;
    internal static readonly TimeSpan DelayMax = TimeSpan.FromDays(3_653);

    internal static TimeSpan? CheckDelay(TimeSpan? value) =>
        value is { } time && (time < TimeSpan.Zero || time > DelayMax)
            ? throw new ArgumentOutOfRangeException(nameof(value), value, "A delay is 0 to 10 years.")
            : value;
}

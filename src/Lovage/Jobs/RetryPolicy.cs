using System.Collections.Immutable;

namespace Lovage;

/// <summary>How the wait grows from one retry to the next.</summary>
public enum Backoff
{
    /// <summary>
    /// Doubles with each retry up to the maximum, with full jitter: a random wait between zero and that bound.
    /// </summary>
    Exponential = 0,

    /// <summary>The same wait each time, without jitter.</summary>
    Fixed = 1,
}

/// <summary>Whether and when a failed attempt is tried again.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record RetryPolicy
{
    /// <summary>As often as the worker says, exponential from 1 s to 15 min, full jitter, every exception.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>
    /// Tries at the most, first one included: 1 to 1,000. Null (the default): the worker's number, which is 3 unless it
    /// is set.
    /// </summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How the wait grows; exponential by default.</summary>
    public Backoff Backoff { get; init; } = Backoff.Exponential;

    /// <summary>The first wait, or each one when fixed; 1 s by default.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest computed wait; explicit waits are taken as they are. 15 min by default.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Explicit waits, one a retry, the last one repeated; overrides <see cref="Backoff"/>. Empty by default.
    /// </summary>
    public ImmutableArray<TimeSpan> Delays { get; init; } = [];

    /// <summary>Only these exceptions (and those derived from them) are retried; empty (the default) for all.</summary>
    public ImmutableArray<Type> RetryOn { get; init; } = [];

    /// <summary>These exceptions (and those derived from them) are never retried; empty by default.</summary>
    public ImmutableArray<Type> NeverRetryOn { get; init; } = [];

    /// <summary>True when the policy allows a retry after this error; the number of attempts is not asked.</summary>
    /// <remarks>
    /// Of an <see cref="AggregateException"/> the errors inside count: one that is never retried wins, then one that
    /// is.
    /// </remarks>
    /// <param name="exception">What the handler threw.</param>
    public bool Allows(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return !Matches(NeverRetryOn, exception) && (RetryOn.IsEmpty || Matches(RetryOn, exception));
    }

    /// <summary>True when one of the lists names one of these errors.</summary>
    internal bool Names(IReadOnlyList<Exception> errors) =>
        errors.Any(error => Matches(NeverRetryOn, error) || Matches(RetryOn, error));

    private static bool Matches(ImmutableArray<Type> types, Exception error)
    {
        foreach (var type in types)
        {
            if (type.IsInstanceOfType(error))
            {
                return true;
            }
        }

        return !types.IsEmpty
            && error is AggregateException many
            && many.Flatten().InnerExceptions.Any(inner => Matches(types, inner));
    }

    /// <summary>The wait before the next try.</summary>
    /// <param name="retry">Which retry: 1 after the first failure.</param>
    /// <param name="random">Where the jitter comes from.</param>
    public TimeSpan DelayBefore(int retry, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(retry, 1);
        ArgumentNullException.ThrowIfNull(random);
        if (!Delays.IsEmpty)
        {
            return Delays[Math.Min(retry, Delays.Length) - 1];
        }

        if (Backoff == Backoff.Fixed)
        {
            return Delay < DelayMax ? Delay : DelayMax;
        }

        // 2^52 s is far beyond any maximum, and stays exact in a double.
        var bound = Math.Min(Delay.TotalSeconds * Math.Pow(2, Math.Min(retry - 1, 52)), DelayMax.TotalSeconds);
        return TimeSpan.FromSeconds(bound * random.NextDouble());
    }
}

namespace Lovage;

/// <summary>How a spawned task runs.</summary>
/// <remarks>Immutable.</remarks>
public sealed record SpawnOptions
{
    private readonly TimeSpan _delay;

    /// <summary>
    /// How long to wait before it starts, 0 to 10 years; 0 by default. The wait lives in memory: for more than minutes
    /// use a durable job.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative time or one over 10 years.</exception>
    public TimeSpan Delay
    {
        get => _delay;
        init => _delay = JobLimits.CheckDelay(value)!.Value;
    }

    /// <summary>
    /// Whether and when it is tried again after an exception, in this process. Null (the default): a delegate is tried
    /// once, a job as its own policy says.
    /// </summary>
    public RetryPolicy? Retry { get; init; }
}

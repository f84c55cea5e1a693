namespace Lovage;

/// <summary>
/// A handler throws it to run again later, even when its policy does not retry the exception. The number of attempts
/// still holds.
/// </summary>
public static class Retry
{
    /// <summary>
    /// Makes the exception to throw: <c>throw Retry.After(TimeSpan.FromMinutes(5), "rate limited")</c>.
    /// </summary>
    /// <param name="delay">The wait before the next attempt: 0 to 10 years.</param>
    /// <param name="reason">Shown in the attempt's history; null for none.</param>
    /// <param name="cause">The error behind it; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative or over 10 years.</exception>
    public static RetryException After(TimeSpan delay, string? reason = null, Exception? cause = null) =>
        new(JobLimits.CheckDelay(delay)!.Value, reason ?? "The handler asked to be run again.", cause);
}

/// <summary>
/// A handler throws it to set its job aside as a dead letter at once, without a retry; Celery's Reject.
/// </summary>
public static class Reject
{
    /// <summary>Makes the exception to throw: <c>throw Reject.Because("the account is closed")</c>.</summary>
    /// <param name="reason">Why, for the person who looks at the dead letter.</param>
    /// <param name="cause">The error behind it; null for none.</param>
    public static RejectException Because(string reason, Exception? cause = null) => new(reason, cause);
}

/// <summary>Thrown by a handler that wants to be run again; made by <see cref="Retry.After"/>.</summary>
public sealed class RetryException : LovageException
{
    internal RetryException(TimeSpan delay, string message, Exception? cause)
        : base(message, cause) => Delay = delay;

    /// <summary>The wait before the next attempt.</summary>
    public TimeSpan Delay { get; }
}

/// <summary>Thrown by a handler that wants its job set aside; made by <see cref="Reject.Because"/>.</summary>
public sealed class RejectException : LovageException
{
    internal RejectException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}

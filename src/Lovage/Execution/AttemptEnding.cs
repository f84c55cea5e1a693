namespace Lovage.Execution;

/// <summary>How a handler ended.</summary>
/// <param name="End">The kind of end.</param>
/// <param name="Error">What was thrown; null when nothing was.</param>
internal readonly record struct AttemptEnding(AttemptEnd End, Exception? Error = null)
{
    /// <summary>The wait that the handler asked for; null when it did not.</summary>
    internal TimeSpan? RetryAfter => End == AttemptEnd.RetryAsked ? (Error as RetryException)?.Delay : null;

    /// <summary>What an exception means that came out of a handler.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="reason">Why the handler's token was cancelled; none when it was not.</param>
    internal static AttemptEnding Read(Exception error, JobCancellationReason reason) => error switch
    {
        RetryException => new(AttemptEnd.RetryAsked, error),
        RejectException => new(AttemptEnd.Rejected, error),
        _ => reason switch
        {
            JobCancellationReason.Revoked => new(AttemptEnd.Cancelled, error),
            JobCancellationReason.TimeLimit => new(AttemptEnd.TimedOut, error),
            JobCancellationReason.Shutdown or JobCancellationReason.LeaseLost => new(AttemptEnd.Interrupted, error),
            JobCancellationReason.Caller when error is OperationCanceledException => new(AttemptEnd.Cancelled, error),
            _ => new(AttemptEnd.Failed, error),
        },
    };
}

namespace Lovage.Execution;

/// <summary>How a handler ended.</summary>
/// <param name="End">The kind of end.</param>
/// <param name="Error">What was thrown; null when nothing was.</param>
internal readonly record struct AttemptEnding(AttemptEnd End, Exception? Error = null)
{
    /// <summary>The wait that the handler asked for; null when it did not.</summary>
    internal TimeSpan? RetryAfter =>
        End == AttemptEnd.RetryAsked ? HandlerErrors.Find<RetryException>(Error)?.Delay : null;

    /// <summary>What an exception means that came out of a handler.</summary>
    /// <remarks>
    /// Of several errors in an aggregate, those that the policy names come first: one that is never retried, then one
    /// that is. Only then counts what the handler asked for, a rejection before a retry.
    /// </remarks>
    /// <param name="thrown">The exception.</param>
    /// <param name="reason">Why the handler's token was cancelled; none when it was not.</param>
    /// <param name="policy">The policy of retries; null when nothing is tried again.</param>
    internal static AttemptEnding Read(Exception thrown, JobCancellationReason reason, RetryPolicy? policy)
    {
        var error = HandlerErrors.Unwrap(thrown);
        var errors = HandlerErrors.Of(error);
        if (errors.Count == 1 || policy?.Names(errors) != true)
        {
            if (errors.Any(static one => one is RejectException))
            {
                return new(AttemptEnd.Rejected, error);
            }

            if (errors.Any(static one => one is RetryException))
            {
                return new(AttemptEnd.RetryAsked, error);
            }
        }

        return reason switch
        {
            JobCancellationReason.Revoked => new(AttemptEnd.Cancelled, error),
            JobCancellationReason.TimeLimit => new(AttemptEnd.TimedOut, error),
            JobCancellationReason.Shutdown or JobCancellationReason.LeaseLost => new(AttemptEnd.Interrupted, error),
            JobCancellationReason.Caller when errors.All(static one => one is OperationCanceledException) =>
                new(AttemptEnd.Cancelled, error),
            _ => new(AttemptEnd.Failed, error),
        };
    }
}

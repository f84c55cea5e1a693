namespace Lovage.Storage.Plans;

/// <summary>What an outcome makes of its job: one rule for every storage.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="State">Where the job stands then.</param>
/// <param name="Reason">Why, for a person; null when nothing is to be said.</param>
/// <param name="IsRetry">
/// True when one failure and one retry are counted, and neither result nor progress is kept, whatever
/// <paramref name="State"/> is.
/// </param>
/// <param name="PublishesFollowUps">True unless the outcome turned into another.</param>
public readonly record struct OutcomePlan(JobState State, string? Reason, bool IsRetry, bool PublishesFollowUps)
{
    /// <summary>The plan of one outcome.</summary>
    /// <remarks>A final outcome wins over a request to cancel; a retry does not.</remarks>
    /// <param name="outcome">The outcome.</param>
    /// <param name="isToBeCancelled">True when the job is to be cancelled.</param>
    /// <param name="cancelReason">What was said with the request.</param>
    public static OutcomePlan Of(Settlement outcome, bool isToBeCancelled, string? cancelReason)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var isRetry = outcome.Decision == JobDecision.Retry;
        return isRetry && isToBeCancelled
            ? new(JobState.Cancelled, cancelReason, IsRetry: true, PublishesFollowUps: false)
            : new(
                JobLifecycle.After(outcome.Decision, JobState.Running),
                outcome.Reason,
                isRetry,
                PublishesFollowUps: true);
    }
}

namespace Lovage.Storage.Plans;

/// <summary>What becomes of a job whose claim ends without an outcome: one rule for every storage.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="State">
/// Where the job stands then: <see cref="JobState.Queued"/>, <see cref="JobState.Scheduled"/>, or an end.
/// </param>
/// <param name="Reason">Why it has ended; null when it has not, or when nothing is to be said.</param>
public readonly record struct ReturnPlan(JobState State, string? Reason)
{
    /// <summary>The worker released the claim.</summary>
    /// <param name="isToBeCancelled">True when the job is to be cancelled.</param>
    /// <param name="cancelReason">What was said with the request.</param>
    public static ReturnPlan Released(bool isToBeCancelled, string? cancelReason) =>
        isToBeCancelled ? new(JobState.Cancelled, cancelReason) : new(JobState.Queued, null);

    /// <summary>The owner of the claim died.</summary>
    /// <param name="deaths">Starts recorded ahead that ended in the death of their process, this one included.</param>
    /// <param name="isToBeCancelled">True when the job is to be cancelled.</param>
    /// <param name="cancelReason">What was said with the request.</param>
    public static ReturnPlan Reclaimed(long deaths, bool isToBeCancelled, string? cancelReason)
    {
        var facts = new AttemptFacts(Retries: 0, MaxAttempts: 1, RecordedStarts: (int)deaths);
        return JobLifecycle.Decide(JobState.Running, AttemptEnd.OwnerDied, facts) == JobDecision.Bury
            ? new(JobState.Dead, JobLifecycle.DeathReason(deaths))
            : Released(isToBeCancelled, cancelReason);
    }
}

/// <summary>What becomes of a job that a worker declines, and what is kept of its offers.</summary>
/// <remarks>Immutable. Times are as <see cref="StorageTime"/> has them.</remarks>
/// <param name="State">Where the job stands then: <see cref="JobState.Scheduled"/>, or an end.</param>
/// <param name="Reason">Why.</param>
/// <param name="FirstOfferAt">When it was first offered since its last start; null when it was cancelled.</param>
/// <param name="Asked">The workers that have declined it; null when it was cancelled.</param>
public readonly record struct OfferPlan(JobState State, string? Reason, long? FirstOfferAt, string? Asked)
{
    /// <summary>The plan of one declined offer of a job that is not to be cancelled.</summary>
    /// <param name="firstOfferAt">When it was first offered since its last start; null when this is the first.</param>
    /// <param name="asked">The workers that have declined it before; null for none.</param>
    /// <param name="worker">The worker that declines it now.</param>
    /// <param name="limit">How long it may be offered.</param>
    /// <param name="now">The storage's clock.</param>
    public static OfferPlan Declined(long? firstOfferAt, string? asked, string worker, TimeSpan limit, long now)
    {
        var first = firstOfferAt ?? now;
        var all = OfferReasons.Add(asked, worker);
        return now - first >= limit.Ticks
            ? new(JobState.Dead, OfferReasons.EndedPrefix(limit) + all, first, all)
            : new(JobState.Scheduled, OfferReasons.WaitingPrefix + all, first, all);
    }
}

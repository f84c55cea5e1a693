namespace Lovage.Simulation.Storage;

/// <summary>A mistake built into the way to the storage, to show that the invariants find it.</summary>
internal enum PlantedBug
{
    None,

    /// <summary>An outcome is written, whichever worker holds the job now.</summary>
    NoFence,

    /// <summary>The delivery is forgotten before the outcome is written.</summary>
    AcknowledgeBeforeOutcome,

    /// <summary>Being given to a worker counts as a start against a job.</summary>
    ClaimCountsAsStart,

    /// <summary>What an outcome enqueues is published after the outcome is written.</summary>
    FollowUpAfterCommit,

    /// <summary>A receiver that waits for jobs relies on signals.</summary>
    WakeUpWithoutPoll,

    /// <summary>Giving a job back counts as a failure.</summary>
    ReleasePenalises,

    /// <summary>An offer that a worker declines counts as a failure.</summary>
    OfferCountsAsFailure,

    /// <summary>A renewal says that a lost lease is held.</summary>
    RenewRevivesLostLease,

    /// <summary>A retry is ready at once.</summary>
    RetryLosesDelay,

    /// <summary>The start of a job that came back is not counted.</summary>
    StartNotWrittenAhead,
}

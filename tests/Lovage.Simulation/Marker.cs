namespace Lovage.Simulation;

/// <summary>
/// Paths that are taken rarely and must be taken by some seed of the default set, else the simulation proves little.
/// </summary>
internal enum Marker
{
    ErrorBeforeApply,
    ErrorAfterApply,
    SignalLost,
    Paused,
    OrphanReturned,
    OrphanOfDeadOwner,
    StaleOutcomeRefused,
    OutcomeRepeated,
    LeaseLostMidRun,
    LeaseLostUnstarted,
    ReleasedOnStop,
    ReleasedMidRun,
    StoppedClean,
    UnknownOutcomeRepeated,
    OwnIdKnown,
    OwnIdConflict,
    CancelledWaiting,
    CancelledRunning,
    CancelledOnReturn,
    Expired,
    TimedOut,
    Retried,
    FailedForGood,
    Rejected,
    UnknownBuried,
    KillerBuried,

    /// <summary>Faults hit the watched starts of one job twice: no process can tell it from a killer.</summary>
    InnocentBuried,
    FollowedUp,
    StartedTwice,
}

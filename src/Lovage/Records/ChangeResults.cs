namespace Lovage;

/// <summary>What became of a request to cancel a job.</summary>
public enum CancelStatus
{
    /// <summary>No worker held it, and it is cancelled now.</summary>
    Cancelled = 0,

    /// <summary>
    /// A worker holds it: the request is stored and reaches the handler; the attempt's own outcome wins.
    /// </summary>
    Requested = 1,

    /// <summary>It had ended before.</summary>
    AlreadyEnded = 2,

    /// <summary>The storage knows no such job.</summary>
    Unknown = 3,
}

/// <summary>What became of a request to cancel a job, and where the job stands.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="State">Where the job stands after the call; null when the storage knows no such job.</param>
public readonly record struct CancelResult(CancelStatus Status, JobState? State);

/// <summary>What became of a change that a person asked for.</summary>
public enum ChangeStatus
{
    /// <summary>Done.</summary>
    Changed = 0,

    /// <summary>
    /// Refused: the job is not in a place from which the change is possible; <see cref="ChangeResult.State"/> says
    /// where it stands.
    /// </summary>
    NotPossible = 1,

    /// <summary>The storage knows no such job.</summary>
    Unknown = 2,
}

/// <summary>What became of a change that a person asked for, and where the storage found the job.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="State">The state in which the storage found the job; null when it knows no such job.</param>
public readonly record struct ChangeResult(ChangeStatus Status, JobState? State);

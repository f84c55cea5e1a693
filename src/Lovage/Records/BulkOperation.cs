namespace Lovage;

/// <summary>What a bulk operation does to each job. The number is stored: never renumber.</summary>
public enum BulkAction
{
    /// <summary>Puts ended jobs back into their queues (<see cref="JobInspector.RequeueAsync(JobId,
    /// CancellationToken)"/>).</summary>
    RunAgain = 0,

    /// <summary>Cancels jobs that have not ended.</summary>
    Cancel = 1,

    /// <summary>Deletes ended jobs.</summary>
    Delete = 2,

    /// <summary>Moves jobs that no worker holds.</summary>
    Move = 3,
}

/// <summary>Where a bulk operation stands. The number is stored: never renumber.</summary>
public enum BulkState
{
    /// <summary>A process carries it out, or will as soon as one is there.</summary>
    Running = 0,

    /// <summary>It has looked at all its jobs.</summary>
    Done = 1,

    /// <summary>A person cancelled it; what it had done stays.</summary>
    Cancelled = 2,

    /// <summary>It cannot go on; <see cref="BulkOperation.Error"/> says why.</summary>
    Failed = 3,
}

/// <summary>
/// A change of all jobs that match a filter. The storage keeps it, so that it survives the end of the process that
/// carries it out.
/// </summary>
/// <remarks>
/// Immutable: a snapshot. It concerns the jobs that the storage had accepted when it was made; each is changed at most
/// once.
/// </remarks>
public sealed record BulkOperation
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// Its number in the storage, greater than that of each one before; 0 before the storage has taken it.
    /// </summary>
    public long Number { get; init; }

    /// <summary>What it does.</summary>
    public required BulkAction Action { get; init; }

    /// <summary>Which jobs; page settings are ignored.</summary>
    public required JobQuery Filter { get; init; }

    /// <summary>Where jobs are moved to; null for another action.</summary>
    public JobMove? Target { get; init; }

    /// <summary>Who asked for it, at most 200 characters.</summary>
    public string By { get; init; } = "";

    /// <summary>Why, at most 500 characters; null when nothing was said.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// Over how much time the changes are spread evenly; zero (the default) for as fast as the storage allows.
    /// </summary>
    public TimeSpan Spread { get; init; }

    /// <summary>How many jobs matched when it was made, counted up to a bound.</summary>
    public BoundedCount Expected { get; init; }

    /// <summary>When it was made, by the storage's clock; the default value before.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// When a process last took it or reported how far it is, by the storage's clock; null before the first time.
    /// </summary>
    public DateTimeOffset? ReportedAt { get; init; }

    /// <summary>When it ended, by the storage's clock; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Where it stands.</summary>
    public BulkState State { get; init; }

    /// <summary>
    /// Jobs that it has changed. When a process dies within a page of jobs, those that it had changed of that page may
    /// be missing here.
    /// </summary>
    public long Done { get; init; }

    /// <summary>
    /// Jobs that matched and that it has left alone: they were no longer in a state in which the change is possible, or
    /// had ended only after it was made, or stood where they were to be moved.
    /// </summary>
    public long Skipped { get; init; }

    /// <summary>Why it cannot go on; null unless it has failed.</summary>
    public string? Error { get; init; }

    /// <summary>Where it goes on: the place that a page of jobs gave; null at the start.</summary>
    public string? Next { get; init; }

    /// <summary>True when a person has asked to cancel it and it has not ended yet.</summary>
    public bool CancelRequested { get; init; }
}

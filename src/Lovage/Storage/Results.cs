namespace Lovage.Storage;

/// <summary>What became of one message that was published.</summary>
public enum PublishStatus
{
    /// <summary>It is stored.</summary>
    Accepted = 0,

    /// <summary>The id is known already, with the same name and arguments: it is that job.</summary>
    AlreadyKnown = 1,

    /// <summary>The id is known already, with another name or other arguments: refused.</summary>
    IdConflict = 2,

    /// <summary>
    /// A transaction that is still open is storing a job of this id. Nothing was stored, and the call can be repeated.
    /// </summary>
    Busy = 3,
}

/// <summary>What became of one message that was published, and which job it is.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Id">The job that is stored under it.</param>
/// <param name="State">The state of that job: the one it was stored in, or the one in which the storage found it. It
/// means nothing when the status is <see cref="PublishStatus.Busy"/>.</param>
public readonly record struct PublishResult(PublishStatus Status, JobId Id, JobState State);

/// <summary>What became of one outcome.</summary>
public enum SettleStatus
{
    /// <summary>Written, now or by an earlier call with the same token.</summary>
    Applied = 0,

    /// <summary>Refused: the lease has passed to another attempt, or the job has ended otherwise.</summary>
    Stale = 1,
}

/// <summary>What became of one outcome, and of its job.</summary>
/// <param name="Status">Whether it is written.</param>
/// <param name="State">
/// Where the outcome has put the job, which may differ from what was decided: a retry of a job that is to be cancelled
/// makes it <see cref="JobState.Cancelled"/>. Null when it was not written, or when an earlier call wrote it and the
/// job has moved on since.
/// </param>
public readonly record struct SettleResult(SettleStatus Status, JobState? State);

/// <summary>A job that ended in a storage call that was not its own outcome.</summary>
/// <param name="Id">The job.</param>
/// <param name="Name">Its name.</param>
/// <param name="State">How it ended.</param>
/// <param name="Reason">Why, for a person; null when nothing was said.</param>
public sealed record EndedJob(JobId Id, string Name, JobState State, string? Reason);

/// <summary>What a release, or a decline, did.</summary>
/// <param name="Count">Claims that ended.</param>
/// <param name="Ended">The jobs among them that ended too: those that were to be cancelled, and those offered for too
/// long.</param>
public sealed record ReleaseResult(int Count, IReadOnlyList<EndedJob> Ended);

/// <summary>What a search for dead owners did.</summary>
/// <param name="Orphaned">Jobs that are orphans now, at the front of their queues.</param>
/// <param name="Ended">Jobs that ended: set aside because they ended their process too often, or cancelled because that
/// was asked for.</param>
public sealed record ReclaimResult(int Orphaned, IReadOnlyList<EndedJob> Ended)
{
    /// <summary>The number of claims that were reclaimed.</summary>
    public int Count => Orphaned + Ended.Count;
}

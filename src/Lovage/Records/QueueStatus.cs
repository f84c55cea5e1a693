namespace Lovage;

/// <summary>A queue at one moment, from counters.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Ready">Jobs that could run now.</param>
/// <param name="Scheduled">Jobs that wait for their time, retries included.</param>
/// <param name="Claimed">Jobs that workers hold.</param>
/// <param name="OldestReady">How long the oldest ready job has been ready; null when there is none.</param>
/// <param name="Paused">True while the storage delivers none of its jobs.</param>
/// <param name="PauseReason">Why it is paused; null when it is not.</param>
public sealed record QueueStatus(
    string Queue, long Ready, long Scheduled, long Claimed, TimeSpan? OldestReady, bool Paused, string? PauseReason);

/// <summary>What has happened since the storage was made, for one job name on one queue.</summary>
/// <remarks>
/// Immutable: a snapshot. The sum of all jobs that ended and all that have not is <see cref="Enqueued"/>.
/// </remarks>
public sealed record JobCounter
{
    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary>Accepted. A requeued job counts once more; a moved job counts on its new queue alone.</summary>
    public long Enqueued { get; init; }

    /// <summary>Ended as succeeded.</summary>
    public long Succeeded { get; init; }

    /// <summary>Ended as failed.</summary>
    public long Failed { get; init; }

    /// <summary>Attempts that led to a retry.</summary>
    public long Retried { get; init; }

    /// <summary>Ended as cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Ended as expired.</summary>
    public long Expired { get; init; }

    /// <summary>Set aside as dead letters.</summary>
    public long Dead { get; init; }
}

/// <summary>How long ended jobs are kept.</summary>
/// <param name="Finished">Succeeded, failed, cancelled and expired ones.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="RowsMax">Ended jobs at the most, the oldest going first.</param>
public sealed record RetentionPolicy(TimeSpan Finished, TimeSpan Dead, long RowsMax);

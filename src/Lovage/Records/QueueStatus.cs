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

/// <summary>Counts since the storage was made, for one job name on one queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Name">The job's name.</param>
/// <param name="Enqueued"> Jobs accepted. A requeued job counts once more; a job that was moved away does not count
/// here. It is the sum of all jobs that ended and all that have not. </param>
/// <param name="Succeeded">Ended as succeeded.</param>
/// <param name="Failed">Ended as failed.</param>
/// <param name="Retried">Attempts that led to a retry.</param>
/// <param name="Cancelled">Ended as cancelled.</param>
/// <param name="Expired">Ended as expired.</param>
/// <param name="Dead">Set aside.</param>
public sealed record JobCounter(
    string Queue,
    string Name,
    long Enqueued,
    long Succeeded,
    long Failed,
    long Retried,
    long Cancelled,
    long Expired,
    long Dead);

/// <summary>How long ended jobs are kept.</summary>
/// <param name="Finished">Succeeded, failed, cancelled and expired ones.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="RowsMax">Ended jobs at the most, the oldest going first.</param>
public sealed record RetentionPolicy(TimeSpan Finished, TimeSpan Dead, long RowsMax);

using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>A job as the storage knows it.</summary>
/// <remarks>Immutable: a snapshot.</remarks>
public sealed record JobRecord
{
    /// <summary>The message as it would be delivered next, or was delivered last.</summary>
    public required JobMessage Message { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>When the storage accepted it, by the storage's clock.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it is or was to become ready; null when it was ready at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When its newest attempt was started, as far as that is written; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, by the storage's clock; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Attempts recorded so far, the running one included once its start is written.</summary>
    public int Attempts { get; init; }

    /// <summary>Who runs it or ran it last; null before.</summary>
    public string? Worker { get; init; }

    /// <summary>The result as UTF-8 JSON; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>What its newest failed attempt threw; null when none did.</summary>
    public JobError? Error { get; init; }

    /// <summary>Why it is where it is, for a person; null when that needs no word.</summary>
    public string? Reason { get; init; }

    /// <summary>0 to 1; null when nothing was reported.</summary>
    public double? Progress { get; init; }

    /// <summary>What the report said; null when it said nothing.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>True when it runs and is to be cancelled.</summary>
    public bool CancelRequested { get; init; }
}

/// <summary>What became of a wish to cancel.</summary>
public enum CancelStatus
{
    /// <summary>It had not started and is cancelled now.</summary>
    Cancelled = 0,

    /// <summary>
    /// A worker holds it: the wish is stored and reaches the handler with the next renewal or signal; the attempt's own
    /// outcome wins.
    /// </summary>
    Requested = 1,

    /// <summary>It had ended before.</summary>
    AlreadyEnded = 2,

    /// <summary>No such job is known.</summary>
    Unknown = 3,
}

/// <summary>Which jobs, newest first.</summary>
public sealed record JobQuery
{
    /// <summary>Only jobs in one of these states; empty (the default) for all.</summary>
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Only jobs of this name; null (the default) for all.</summary>
    public string? Name { get; init; }

    /// <summary>Only jobs of this queue; null (the default) for all.</summary>
    public string? Queue { get; init; }

    /// <summary>Jobs a page, 1 to 1,000; 50 by default.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>
    /// Where the last page ended: its <see cref="JobPage.Next"/>. Null (the default) for the first page.
    /// </summary>
    public string? After { get; init; }
}

/// <summary>One page of jobs.</summary>
/// <param name="Jobs">Newest first.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
public sealed record JobPage(IReadOnlyList<JobRecord> Jobs, string? Next);

/// <summary>A count that stops at a bound.</summary>
/// <param name="Value">The count, or the bound.</param>
/// <param name="IsExact">False when the bound was reached.</param>
public readonly record struct BoundedCount(long Value, bool IsExact);

/// <summary>What has happened since the storage was made, for one job name on one queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Name">The job's name.</param>
/// <param name="Enqueued">Accepted, requeued ones once more: the sum of all that ended and all that has not.</param>
/// <param name="Succeeded">Ended as succeeded.</param>
/// <param name="Failed">Ended as failed.</param>
/// <param name="Retried">Attempts that led to a retry.</param>
/// <param name="Cancelled">Ended as cancelled.</param>
/// <param name="Expired">Ended as expired.</param>
/// <param name="Dead">Set aside.</param>
public sealed record JobCounter(
    string Queue, string Name, long Enqueued, long Succeeded, long Failed, long Retried, long Cancelled, long Expired,
    long Dead);

/// <summary>How long ended jobs are kept.</summary>
/// <param name="Finished">Succeeded, failed, cancelled and expired ones.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="RowsMax">Ended jobs at the most, the oldest going first.</param>
public sealed record RetentionPolicy(TimeSpan Finished, TimeSpan Dead, long RowsMax);

using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>A message claimed for one worker.</summary>
/// <remarks>Immutable.</remarks>
public sealed record Delivery
{
    /// <summary>The message. Its retries are those counted so far.</summary>
    public required JobMessage Message { get; init; }

    /// <summary>The right to run it.</summary>
    public required LeaseToken Token { get; init; }

    /// <summary>When the storage accepted it, by the storage's clock.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>
    /// When it became ready, by the storage's clock: its due time, or when it was accepted; giving it back does not
    /// change it.
    /// </summary>
    public required DateTimeOffset ReadyAt { get; init; }

    /// <summary>When it was claimed, by the storage's clock.</summary>
    public required DateTimeOffset ClaimedAt { get; init; }

    /// <summary>
    /// True when it comes back from an owner that died: its start is written (<see cref="JobStore.RecordStartsAsync"/>)
    /// before its handler runs, so that a job that kills its process is found out. Such a delivery comes alone.
    /// </summary>
    public bool StartFirst { get; init; }

    /// <summary>True when its expiry had passed at the claim, by the storage's clock.</summary>
    public bool IsExpired { get; init; }

    /// <summary>Attempts recorded so far, whatever their end.</summary>
    public int AttemptsSoFar { get; init; }
}

/// <summary>What a worker asks for.</summary>
/// <param name="Owner">Who asks.</param>
/// <param name="Queues">Which queues, in the order in which they are served.</param>
/// <param name="Max">Deliveries at the most, 1 to 1,000.</param>
/// <param name="Lease">How long the right to run lasts unless renewed.</param>
public sealed record ReceiveRequest(WorkerOwner Owner, IReadOnlyList<string> Queues, int Max, TimeSpan Lease)
{
    private bool _withReclaimed = true;

    /// <summary>How long to wait when nothing is ready; zero (the default) returns at once.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>
    /// False to be given no job that came back from a dead owner, because one is being watched already. True by
    /// default.
    /// </summary>
    public bool WithReclaimed
    {
        get => Volatile.Read(ref _withReclaimed);
        init => _withReclaimed = value;
    }

    /// <summary>
    /// The asker's timestamp just before the look that the deliveries come from: a lease cannot have begun before it.
    /// </summary>
    internal long AskedTimestamp { get; set; }

    /// <summary>Set by the answer when it was all there was; else null.</summary>
    internal EmptyQueues? Left { get; set; }

    /// <summary>What the request before this one left, when it was given all there was.</summary>
    internal EmptyQueues? Known { get; init; }

    /// <summary>
    /// The asker's next request, once this one is answered. When this one was given all there was, the next one waits
    /// until there may be something again, no longer than its <see cref="Wait"/> after the look that found nothing
    /// more, and looks then: who asks in a loop looks once for what comes alone, and not twice. A request for other
    /// queues looks at once.
    /// </summary>
    /// <param name="max">Deliveries at the most, 1 to 1,000.</param>
    public ReceiveRequest Next(int max) => this with { Max = max, Known = Left, Left = null };

    /// <summary>From the next look on it may be given such a job.</summary>
    internal void TakeReclaimedToo() => Volatile.Write(ref _withReclaimed, true);
}

/// <summary>
/// Queues in which a look left nothing that was ready: there is nothing to look for until somebody tells, or a
/// scheduled job is due.
/// </summary>
/// <param name="Queues">Which queues.</param>
/// <param name="Version">Of what is told, before that look.</param>
/// <param name="Timestamp">Just after that look.</param>
/// <param name="NextDue">How long from then until a scheduled job is due; null when none waits.</param>
/// <param name="WithReclaimed">Whether it looked for jobs that came back from dead owners too.</param>
internal readonly record struct EmptyQueues(
    IReadOnlyList<string> Queues, long Version, long Timestamp, TimeSpan? NextDue, bool WithReclaimed);

/// <summary>What a storage answers to one look into its queues.</summary>
/// <param name="Deliveries">What was claimed; empty when nothing is ready.</param>
/// <param name="NextDue">How long until the next scheduled job of these queues becomes ready; null when there is none.
/// Of use only when nothing was claimed, or <paramref name="IsAll"/>.</param>
/// <param name="IsAll">True when nothing else is ready for the asker, so that looking again at once is of no use; false
/// when there may be more.</param>
public readonly record struct ReceiveResult(IReadOnlyList<Delivery> Deliveries, TimeSpan? NextDue, bool IsAll);

/// <summary>What became of one message that was published.</summary>
public enum PublishStatus
{
    /// <summary>It is stored.</summary>
    Accepted = 0,

    /// <summary>The caller's own id is known already, with the same name and arguments: it is that job.</summary>
    AlreadyKnown = 1,

    /// <summary>The caller's own id is known already, with another name or other arguments: refused.</summary>
    IdConflict = 2,
}

/// <summary>What a renewal found.</summary>
public enum LeaseStatus
{
    /// <summary>Held, and renewed.</summary>
    Held = 0,

    /// <summary>Held, and renewed; the job is to be cancelled.</summary>
    CancelRequested = 1,

    /// <summary>Lost: the job has passed to somebody else or has ended.</summary>
    Lost = 2,
}

/// <summary>What a look for dead owners did.</summary>
/// <param name="Returned">Jobs put back to the front of their queue.</param>
/// <param name="Buried">Jobs set aside as dead letters, because they ended their process too often.</param>
/// <param name="Cancelled">Jobs that were to be cancelled and are so now, because nobody holds them any more.</param>
public readonly record struct ReclaimResult(int Returned, int Buried, int Cancelled = 0);

/// <summary>A queue at one moment, from counters.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Ready">Jobs that could run now.</param>
/// <param name="Scheduled">Jobs that wait for their time, retries included.</param>
/// <param name="Claimed">Jobs that workers hold.</param>
/// <param name="OldestReady">How long the oldest ready job has been ready; null when there is none.</param>
/// <param name="Paused">True while nothing is given out.</param>
/// <param name="PauseReason">Why it is paused; null when it is not.</param>
public sealed record QueueStatus(
    string Queue, long Ready, long Scheduled, long Claimed, TimeSpan? OldestReady, bool Paused, string? PauseReason);

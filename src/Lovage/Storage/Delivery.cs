using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>A message claimed for one worker.</summary>
/// <remarks>Immutable.</remarks>
public sealed record Delivery
{
    /// <summary>The message, with the retries counted so far.</summary>
    public required JobMessage Message { get; init; }

    /// <summary>The right to run it.</summary>
    public required LeaseToken Token { get; init; }

    /// <summary>When the storage accepted it, by the storage's clock.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>
    /// When it became ready, by the storage's clock: its due time, or when it was accepted. A release does not change
    /// it.
    /// </summary>
    public required DateTimeOffset ReadyAt { get; init; }

    /// <summary>When it was claimed, by the storage's clock.</summary>
    public required DateTimeOffset ClaimedAt { get; init; }

    /// <summary>
    /// True for an orphan: a job that came back from a dead owner. The worker writes its start
    /// (<see cref="JobStore.RecordStartsAsync"/>) before the handler runs. So a job that kills its process is detected.
    /// </summary>
    public bool IsOrphan { get; init; }

    /// <summary>True when its expiry had passed at the claim, by the storage's clock.</summary>
    public bool IsExpired { get; init; }

    /// <summary>Attempts recorded so far, with any end.</summary>
    public int AttemptsSoFar { get; init; }

    /// <summary>
    /// How often workers have declined it since its last start, because they did not know its name or all its
    /// arguments.
    /// </summary>
    public int Offers { get; init; }
}

/// <summary>An offer that a worker declines, because it does not know the job's name or all its arguments.</summary>
/// <param name="Token">The right to run it, which ends.</param>
/// <param name="Id">The job.</param>
/// <param name="Delay">How long the storage waits before it offers the job again, by its own clock; zero or
/// more.</param>
/// <param name="Worker">Who declines, for a person: <c>host:pid</c>, at most 100 characters.</param>
public readonly record struct DeclinedOffer(LeaseToken Token, JobId Id, TimeSpan Delay, string Worker);

/// <summary>What the storage found when a worker renewed a lease.</summary>
public enum LeaseStatus
{
    /// <summary>Held, and renewed.</summary>
    Held = 0,

    /// <summary>Held, and renewed; the job is to be cancelled.</summary>
    CancelRequested = 1,

    /// <summary>Lost: the job has passed to another worker or has ended.</summary>
    Lost = 2,
}

using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>
/// The outcome of one attempt, ready to be written: what the job becomes and what is kept of the attempt.
/// </summary>
/// <remarks>Immutable.</remarks>
public sealed record Settlement
{
    /// <summary>The right under which the attempt ran. A stale one changes nothing.</summary>
    public required LeaseToken Token { get; init; }

    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>
    /// What was decided; never <see cref="JobDecision.Ignore"/> or <see cref="JobDecision.Release"/>.
    /// </summary>
    public required JobDecision Decision { get; init; }

    /// <summary>The attempt, for the history.</summary>
    public required AttemptRecord Attempt { get; init; }

    /// <summary>For a retry: how long the storage waits before the job is ready again, by its own clock.</summary>
    public TimeSpan RetryDelay { get; init; }

    /// <summary>The result as UTF-8 JSON; empty for none. The memory must not be changed afterwards.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>
    /// The newest progress that the attempt reported and that is not written yet, 0 to 1; null for none. Kept when the
    /// job ends, forgotten when it is tried again.
    /// </summary>
    public double? Progress { get; init; }

    /// <summary>What came with <see cref="Progress"/>; null for none.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>Why the job is where it is, for a person; null when its attempt says all.</summary>
    public string? Reason { get; init; }

    /// <summary>Messages that are published in the same transaction as the outcome. None by default.</summary>
    public IReadOnlyList<JobMessage> FollowUps { get; init; } = [];
}

/// <summary>What became of one outcome.</summary>
public enum SettleStatus
{
    /// <summary>Written, now or by an earlier call with the same token.</summary>
    Applied = 0,

    /// <summary>Refused: the lease has passed to another attempt, or the job has ended otherwise.</summary>
    Stale = 1,
}

/// <summary>One attempt of a job.</summary>
/// <remarks>Immutable.</remarks>
public sealed record AttemptRecord
{
    /// <summary>1 is the first.</summary>
    public required int Number { get; init; }

    /// <summary>How it ended.</summary>
    public required AttemptEnd End { get; init; }

    /// <summary>When its handler was called, by its worker's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Who ran it: <see cref="WorkerOwner.Key"/>.</summary>
    public required string Worker { get; init; }

    /// <summary>What the handler threw; null when nothing was thrown.</summary>
    public JobError? Error { get; init; }

    /// <summary>What the handler logged, oldest first, bounded. Empty by default.</summary>
    public IReadOnlyList<LogLine> Logs { get; init; } = [];
}

/// <summary>One line that a handler logged.</summary>
/// <param name="At">When, by the worker's clock.</param>
/// <param name="Level">0 (trace) to 5 (critical), as in Microsoft.Extensions.Logging.</param>
/// <param name="Category">The logger's category.</param>
/// <param name="Message">The text.</param>
public sealed record LogLine(DateTimeOffset At, int Level, string Category, string Message);

/// <summary>A start written while, or before, a handler runs.</summary>
/// <param name="Token">The right under which it runs.</param>
/// <param name="Id">The job.</param>
/// <param name="StartedAt">When, by the worker's clock.</param>
/// <param name="Ahead">True when it is written before the handler runs, for a job that came back from a dead owner:
/// only these count against the job.</param>
public readonly record struct JobStart(LeaseToken Token, JobId Id, DateTimeOffset StartedAt, bool Ahead);

/// <summary>How far a running job is.</summary>
/// <param name="Token">The right under which it runs.</param>
/// <param name="Id">The job.</param>
/// <param name="Fraction">0 to 1.</param>
/// <param name="Message">At most 200 characters; null for none.</param>
public readonly record struct ProgressUpdate(LeaseToken Token, JobId Id, double Fraction, string? Message);

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

    /// <summary>The message of <see cref="Progress"/>; null for none.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>Why the job stands there, for a person; null when its attempt says enough.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// Messages that are published in the same transaction as the outcome, unless the job is to be cancelled and the
    /// outcome turns into that. None by default.
    /// </summary>
    public IReadOnlyList<JobMessage> FollowUps { get; init; } = [];
}

/// <summary>A start written while, or before, a handler runs.</summary>
/// <param name="Token">The right under which it runs.</param>
/// <param name="Id">The job.</param>
/// <param name="StartedAt">When, by the worker's clock.</param>
/// <param name="Ahead">True when it is written before the handler runs, for an orphan: only these count against the
/// job.</param>
public readonly record struct JobStart(LeaseToken Token, JobId Id, DateTimeOffset StartedAt, bool Ahead);

/// <summary>How far a running job is, and what its handler has logged since the last update.</summary>
/// <param name="Token">The right under which it runs.</param>
/// <param name="Id">The job.</param>
/// <param name="Fraction">0 to 1; null leaves the last report as it is.</param>
/// <param name="Message">At most 200 characters; null for none.</param>
public readonly record struct ProgressUpdate(LeaseToken Token, JobId Id, double? Fraction, string? Message)
{
    /// <summary>Lines at the most that a storage keeps of a running attempt: the newest.</summary>
    public const int LiveLinesMax = 100;

    /// <summary>
    /// The newest lines of the attempt, oldest first, at most <see cref="LiveLinesMax"/>; they replace those of the
    /// last update. Empty (the default) leaves those as they are.
    /// </summary>
    public IReadOnlyList<LogLine> Lines { get; init; } = [];
}

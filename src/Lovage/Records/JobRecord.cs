using Lovage.Protocol;

namespace Lovage;

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

    /// <summary>When it becomes or became ready; null when it was ready at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When its newest attempt started, as far as the worker has written it; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, by the storage's clock; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Starts recorded so far. The running one counts once it is written.</summary>
    /// <remarks>
    /// A start that a crash, a stop or a lost lease interrupted counts here, and uses up none of
    /// <see cref="MaxAttempts"/>. The log's <c>start</c> and <see cref="AttemptRecord.Number"/> have the same number.
    /// </remarks>
    public int Attempts { get; init; }

    /// <summary>
    /// How often workers have declined it since its last start, because they did not know its name or all its
    /// arguments.
    /// </summary>
    public int Offers { get; init; }

    /// <summary>The worker that runs it or ran it last; null before.</summary>
    public string? Worker { get; init; }

    /// <summary>The result as UTF-8 JSON; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>What its newest failed attempt threw; null when none did.</summary>
    public JobError? Error { get; init; }

    /// <summary>Why it stands there, for a person; null when its state says enough.</summary>
    public string? Reason { get; init; }

    /// <summary>0 to 1; null when nothing was reported.</summary>
    public double? Progress { get; init; }

    /// <summary>The text of the newest report; null when it had none.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>True when it runs and its cancel was requested.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>The job.</summary>
    public JobId Id => Message.Id;

    /// <summary>The job's name.</summary>
    public string Name => Message.Name;

    /// <summary>Its queue.</summary>
    public string Queue => Message.Queue;

    /// <summary>Its tags, by which <see cref="JobQuery.Tag"/> finds it; empty without any.</summary>
    public IReadOnlyList<string> Tags => Message.Tags;

    /// <summary>Attempts at the most, of which failures use up one each; null when the worker decides.</summary>
    public int? MaxAttempts => Message.MaxAttempts;

    /// <summary>True when it has ended.</summary>
    public bool IsFinal => State.IsFinal;
}

/// <summary>What callers ask of a job that the storage may not know.</summary>
public static class JobRecordExtensions
{
    extension(JobRecord? job)
    {
        /// <summary>
        /// Celery's word: PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED (celery/states.py). As in Celery, a job
        /// that the storage does not know is PENDING.
        /// </summary>
        public string CeleryWord => (job?.State ?? JobState.Queued).CeleryWord;
    }
}

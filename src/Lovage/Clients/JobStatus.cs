namespace Lovage;

/// <summary>Where a job stands, for whoever enqueued it.</summary>
/// <remarks>Immutable: a snapshot.</remarks>
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>
    /// False when the storage knows no such job: it was never enqueued, or it ended so long ago that it was removed.
    /// </summary>
    public bool Known { get; init; }

    /// <summary>Where it stands; null when it is not known.</summary>
    public JobState? State { get; init; }

    /// <summary>
    /// Celery's word: PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED. As in Celery, an unknown job is PENDING.
    /// </summary>
    public string CeleryState => State?.CeleryWord ?? JobState.Queued.CeleryWord;

    /// <summary>True when it has ended.</summary>
    public bool IsFinal => State is { } state && state.IsFinal;

    /// <summary>The job's name; null when it is not known.</summary>
    public string? Name { get; init; }

    /// <summary>Its queue; null when it is not known.</summary>
    public string? Queue { get; init; }

    /// <summary>Attempts so far.</summary>
    public int Attempts { get; init; }

    /// <summary>Attempts at the most; null when that is the worker's to say.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How far it is, 0 to 1; null when nothing was reported.</summary>
    public double? Progress { get; init; }

    /// <summary>What the last report said; null when it said nothing.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>The result as UTF-8 JSON; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>What its newest failed attempt threw; null when none did.</summary>
    public JobError? Error { get; init; }

    /// <summary>Why it is where it is, for a person; null when that needs no word.</summary>
    public string? Reason { get; init; }

    /// <summary>True when it runs and is to be cancelled.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>When the storage accepted it; null when it is not known.</summary>
    public DateTimeOffset? EnqueuedAt { get; init; }

    /// <summary>When it is or was to become ready; null when it was ready at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When its newest attempt was started; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    internal static JobStatus Of(JobId id, JobRecord? record) => record is null
        ? new JobStatus { Id = id }
        : new JobStatus
        {
            Id = id,
            Known = true,
            State = record.State,
            Name = record.Message.Name,
            Queue = record.Message.Queue,
            Attempts = record.Attempts,
            MaxAttempts = record.Message.MaxAttempts,
            Progress = record.Progress,
            ProgressMessage = record.ProgressMessage,
            Result = record.Result,
            Error = record.Error,
            Reason = record.Reason,
            CancelRequested = record.CancelRequested,
            EnqueuedAt = record.EnqueuedAt,
            DueAt = record.DueAt,
            StartedAt = record.StartedAt,
            FinishedAt = record.FinishedAt,
        };
}

/// <summary>How far a job is.</summary>
/// <param name="Fraction">0 to 1; null when nothing was reported.</param>
/// <param name="Message">What the last report said; null when it said nothing.</param>
public readonly record struct JobProgressReport(double? Fraction, string? Message);

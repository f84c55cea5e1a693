namespace Lovage;

/// <summary>One attempt of a job.</summary>
/// <remarks>Immutable.</remarks>
public sealed record AttemptRecord
{
    /// <summary>Which start of the job this was: 1 is the first, and those that were interrupted count.</summary>
    public required int Number { get; init; }

    /// <summary>How it ended.</summary>
    public required AttemptEnd End { get; init; }

    /// <summary>When its handler was called, by its worker's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// How long the job was ready before the attempt started; null when no worker measured it. That is so for an
    /// attempt whose worker died, and for one that no handler saw.
    /// </summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Who ran it, by the key under which it held the lease.</summary>
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

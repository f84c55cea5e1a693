namespace Lovage;

/// <summary>Where a schedule stands. The number is stored: never renumber.</summary>
public enum ScheduleState
{
    /// <summary>It fires.</summary>
    Active = 0,

    /// <summary>
    /// A person has paused it, or its code is gone; the reason says which. Its ticks pass and are not recorded.
    /// </summary>
    Paused = 1,

    /// <summary>
    /// No running process can compute its trigger, such as after a time zone was removed; the reason says why. A
    /// process that can compute it lets it fire again, and its misfire rule decides about the ticks since.
    /// </summary>
    Broken = 2,

    /// <summary>It has no further tick.</summary>
    Ended = 3,
}

/// <summary>What became of a tick. The number is stored: never renumber.</summary>
public enum TickStatus
{
    /// <summary>Its job was enqueued.</summary>
    Fired = 0,

    /// <summary>It waits for the job before it.</summary>
    Queued = 1,

    /// <summary>It was skipped, because jobs of earlier ticks had not ended.</summary>
    Skipped = 2,

    /// <summary>No scheduler fired it in time, and the policy does not make up for it.</summary>
    Missed = 3,

    /// <summary>Not a tick of the trigger: a person or a program ran the schedule by hand.</summary>
    Manual = 4,
}

/// <summary>
/// One line of a schedule's history: a tick, or a row of neighbouring ticks that were all missed or skipped.
/// </summary>
/// <param name="Tick">The tick, or the first of the row.</param>
/// <param name="Status">What became of it.</param>
public sealed record TickRecord(DateTimeOffset Tick, TickStatus Status)
{
    /// <summary>The last tick of the row; the tick itself for a single one.</summary>
    public DateTimeOffset Through { get; init; } = Tick;

    /// <summary>How many ticks the row has; 1 for a single one.</summary>
    public long Count { get; init; } = 1;

    /// <summary>The job it enqueued; null when it enqueued none.</summary>
    public JobId? JobId { get; init; }

    /// <summary>
    /// When it was recorded, by the storage's clock; of a row its last tick. A caller's value is ignored.
    /// </summary>
    public DateTimeOffset RecordedAt { get; init; }
}

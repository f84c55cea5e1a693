using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>A schedule as the storage knows it.</summary>
/// <remarks>Immutable: a snapshot.</remarks>
public sealed record ScheduleRecord
{
    /// <summary>Its id, unique in the storage.</summary>
    public required string Id { get; init; }

    /// <summary>The trigger as JSON; a storage does not read it.</summary>
    public required string Trigger { get; init; }

    /// <summary>What each tick enqueues. Each tick gives it a new id and new times.</summary>
    public required JobMessage Job { get; init; }

    /// <summary>How it treats late ticks, overlaps and ticks of the same minute.</summary>
    public required SchedulePolicy Policy { get; init; }

    /// <summary>
    /// The catalog, or the app, whose code defines it; null for one that was added at run time.
    /// </summary>
    public string? App { get; init; }

    /// <summary>
    /// The digest of the definition in that code. It tells a change of the code from an operator's edit. It is marked
    /// once that code is gone, and null for a schedule that was added at run time.
    /// </summary>
    public string? CodeDigest { get; init; }

    /// <summary>
    /// The version of that code, such as <c>1.2.0</c>. A node with older code leaves the schedule as it is. Null when
    /// the version is not known, and for a schedule that was added at run time.
    /// </summary>
    public string? CodeVersion { get; init; }

    /// <summary>True when an operator has changed what the code says.</summary>
    public bool IsEdited { get; init; }

    /// <summary>Where it stands.</summary>
    public ScheduleState State { get; init; }

    /// <summary>Why it is paused or broken; null when it is neither.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was first stored, by the storage's clock; a caller's value is ignored.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The next tick; null when there is none.</summary>
    public DateTimeOffset? NextTick { get; init; }

    /// <summary>The newest tick that was recorded, with any status; null before.</summary>
    public DateTimeOffset? LastTick { get; init; }

    /// <summary>
    /// A tick that waits for the job before it (<see cref="OverlapRule.QueueOne"/>); null when none does.
    /// </summary>
    public DateTimeOffset? QueuedTick { get; init; }

    /// <summary>Jobs that its ticks have enqueued so far.</summary>
    public long Fired { get; init; }

    /// <summary>Ticks that were missed so far.</summary>
    public long Missed { get; init; }

    /// <summary>Ticks that were skipped so far because of unfinished jobs.</summary>
    public long Skipped { get; init; }

    /// <summary>
    /// Grows with each change, and is never used again, even when the schedule is removed and stored anew; 0 for one
    /// that is not stored yet.
    /// </summary>
    public long Version { get; init; }
}

/// <summary>A schedule that is due.</summary>
/// <param name="Schedule">The schedule.</param>
/// <param name="Unfinished">
/// Jobs of its earlier ticks that have not ended, manual ones included. One that had ended when the schedule fired
/// again no longer counts, even when a person puts it back.
/// </param>
public sealed record DueSchedule(ScheduleRecord Schedule, int Unfinished);

/// <summary>What is due.</summary>
/// <param name="Now">The storage's clock, which decides it.</param>
/// <param name="Schedules">Those that are due, the longest due first: by the queued tick where that is what is due,
/// else by the next one.</param>
/// <param name="UntilNext">How long until the next one is; zero when there are more than were asked for, null when none
/// will be.</param>
/// <param name="AnyQueued">True when a tick waits for the job before it: look again soon.</param>
public sealed record DueResult(
    DateTimeOffset Now, IReadOnlyList<DueSchedule> Schedules, TimeSpan? UntilNext, bool AnyQueued);

/// <summary>
/// What is to be recorded of one due schedule, in one transaction: what became of its ticks, the jobs they enqueue, and
/// where it goes on.
/// </summary>
/// <param name="Id">The schedule.</param>
/// <param name="Version">Its version as read; a stored version that differs means that another node was faster.</param>
public sealed record Firing(string Id, long Version)
{
    /// <summary>
    /// What became of ticks, oldest first. One that was recorded as queued may be recorded as fired or skipped later.
    /// Neighbours of one firing that were missed or skipped are one line.
    /// </summary>
    public required IReadOnlyList<TickRecord> Ticks { get; init; }

    /// <summary>The jobs of those that fired, in their order.</summary>
    public required IReadOnlyList<JobMessage> Jobs { get; init; }

    /// <summary>The next tick; null when there is none any more.</summary>
    public required DateTimeOffset? NextTick { get; init; }

    /// <summary>The tick that waits now; null for none.</summary>
    public DateTimeOffset? QueuedTick { get; init; }

    /// <summary>Where it stands then.</summary>
    public ScheduleState State { get; init; }

    /// <summary>Why, when it is broken.</summary>
    public string? Reason { get; init; }
}

/// <summary>What became of a firing.</summary>
public enum FireStatus
{
    /// <summary>Recorded, its jobs enqueued.</summary>
    Recorded = 0,

    /// <summary>
    /// The storage changed nothing: the schedule has changed since, is gone, or has had one of the ticks.
    /// </summary>
    Stale = 1,

    /// <summary>The storage changed nothing: by its clock one of the ticks lies in the future.</summary>
    Early = 2,
}

using System.Text;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage;

/// <summary>A schedule at one moment.</summary>
/// <remarks>Immutable: a snapshot.</remarks>
public sealed record Schedule
{
    private Schedule()
    {
    }

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// When it fires. Null when this machine cannot read it, as without its time zone; <see cref="TriggerJson"/> then
    /// says what is stored.
    /// </summary>
    public required Trigger? Trigger { get; init; }

    /// <summary>The trigger as it is stored.</summary>
    public required string TriggerJson { get; init; }

    /// <summary>When it fires, in words.</summary>
    public required string Description { get; init; }

    /// <summary>The name of the job that each tick enqueues.</summary>
    public required string JobName { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Its arguments as JSON: <c>[args, kwargs, embed]</c>.</summary>
    public required string Body { get; init; }

    /// <summary>How it deals with what does not go as planned.</summary>
    public required SchedulePolicy Policy { get; init; }

    /// <summary>Where it stands.</summary>
    public required ScheduleState State { get; init; }

    /// <summary>Why it is paused or broken; null when it is neither.</summary>
    public required string? Reason { get; init; }

    /// <summary>
    /// The next tick; null when there is none. A paused schedule computes it anew when a person resumes it.
    /// </summary>
    public required DateTimeOffset? NextTick { get; init; }

    /// <summary>The newest tick that has a record; null before.</summary>
    public required DateTimeOffset? LastTick { get; init; }

    /// <summary>A tick that waits for the job of the tick before it; null when none does.</summary>
    public required DateTimeOffset? QueuedTick { get; init; }

    /// <summary>How many jobs its ticks have enqueued.</summary>
    public required long Fired { get; init; }

    /// <summary>How many ticks were missed.</summary>
    public required long Missed { get; init; }

    /// <summary>How many ticks were skipped because jobs of earlier ticks had not ended.</summary>
    public required long Skipped { get; init; }

    /// <summary>
    /// The catalog, or the app, whose code defines it; null for one that was added at run time.
    /// </summary>
    public required string? App { get; init; }

    /// <summary>True when an operator has changed what the code says.</summary>
    public required bool IsEdited { get; init; }

    /// <summary>When it was first stored.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What each tick enqueues, with the names of what is not shown.</summary>
    internal JobMessage? Template { get; init; }

    internal static Schedule Of(ScheduleRecord record, TriggerCache triggers)
    {
        Trigger? trigger = null;
        string description;
        try
        {
            trigger = triggers.Read(record.Trigger);
            description = trigger.Describe();
        }
        catch (TriggerException fault)
        {
            description = $"(cannot be computed here: {fault.Message})";
        }

        return new Schedule
        {
            Id = record.Id,
            Trigger = trigger,
            TriggerJson = record.Trigger,
            Description = description,
            JobName = record.Job.Name,
            Queue = record.Job.Queue,
            Body = Encoding.UTF8.GetString(record.Job.Body.Span),
            Policy = record.Policy,
            State = record.State,
            Reason = record.Reason,
            NextTick = record.State == ScheduleState.Active ? record.NextTick : null,
            LastTick = record.LastTick,
            QueuedTick = record.QueuedTick,
            Fired = record.Fired,
            Missed = record.Missed,
            Skipped = record.Skipped,
            App = record.App,
            IsEdited = record.IsEdited,
            CreatedAt = record.CreatedAt,
            Template = record.Job,
        };
    }
}

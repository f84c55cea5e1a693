using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Lovage.Dashboard.Api;

/// <summary>What a row says of a schedule.</summary>
internal abstract record ScheduleFacts
{
    public required string Id { get; init; }

    public required string State { get; init; }

    public string? Reason { get; init; }

    public required string Words { get; init; }

    public string? TimeZone { get; init; }

    public required string Trigger { get; init; }

    public required ScheduleJob Job { get; init; }

    public required IReadOnlyList<DateTimeOffset> Next { get; init; }

    public DateTimeOffset? LastTick { get; init; }

    public ScheduleLastJob? LastJob { get; init; }

    public required long Fired { get; init; }

    public required long Missed { get; init; }

    public required long Skipped { get; init; }

    public required bool FromCode { get; init; }

    public required bool Edited { get; init; }

    public required string Misfire { get; init; }

    public required string Overlap { get; init; }

    public double? LateSeconds { get; init; }

    public ScheduleCode? Code { get; init; }
}

/// <summary>A schedule in a list.</summary>
internal sealed record ScheduleRow : ScheduleFacts;

/// <summary>The schedules.</summary>
internal sealed record SchedulesBody(IReadOnlyList<ScheduleRow> Items)
{
    public string? Next { get; init; }
}

/// <summary>All that is known of one schedule.</summary>
internal sealed record ScheduleDetail : ScheduleFacts
{
    /// <summary>Takes over what a row says; the rest is set beside it.</summary>
    [SetsRequiredMembers]
    internal ScheduleDetail(ScheduleFacts row)
        : base(row)
    {
    }

    public IReadOnlyList<TickBody> Ticks { get; init; } = [];

    public IReadOnlyList<Argument>? Arguments { get; init; }
}

/// <summary>What each tick enqueues.</summary>
internal sealed record ScheduleJob(string Name, string Queue);

/// <summary>The job of the newest tick.</summary>
internal sealed record ScheduleLastJob(string Id, string State);

/// <summary>The trigger that the code says, when a person has changed it.</summary>
internal sealed record ScheduleCode(string Trigger, string Words);

/// <summary>One line of a schedule's history.</summary>
internal sealed record TickBody(
    DateTimeOffset Tick, DateTimeOffset Through, long Count, string Status, string? Job, DateTimeOffset RecordedAt);

/// <summary>The body of a trigger.</summary>
internal sealed record TriggerBody
{
    public string? Cron { get; init; }

    public double? EverySeconds { get; init; }

    public string? TimeZone { get; init; }

    public string? Reason { get; init; }
}

/// <summary>The body of a new schedule.</summary>
internal sealed record NewScheduleBody
{
    public string? Id { get; init; }

    public string? Cron { get; init; }

    public double? EverySeconds { get; init; }

    public string? TimeZone { get; init; }

    public string? Name { get; init; }

    public JsonElement? Arguments { get; init; }

    public string? Queue { get; init; }

    public string? Reason { get; init; }
}

/// <summary>What a trigger does.</summary>
internal sealed record PreviewBody(string Words, IReadOnlyList<DateTimeOffset> Next);

/// <summary>What a change of a schedule answers.</summary>
internal sealed record ScheduleDone(string Sentence)
{
    public string? Job { get; init; }
}

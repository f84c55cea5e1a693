using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Lovage.Dashboard.Api;

/// <summary>What a row says of a job.</summary>
internal abstract record JobFacts
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Queue { get; init; }

    public required string State { get; init; }

    public required string CeleryState { get; init; }

    public required int Priority { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public required int Attempts { get; init; }

    public int? MaxAttempts { get; init; }

    public string? Worker { get; init; }

    public ErrorLine? Error { get; init; }

    public string? Reason { get; init; }

    public double? Progress { get; init; }

    public string? ProgressMessage { get; init; }

    public required bool CancelRequested { get; init; }

    public double? RunSeconds { get; init; }

    public double? WaitSeconds { get; init; }
}

/// <summary>A job in a list.</summary>
internal sealed record JobRow : JobFacts;

/// <summary>A job that runs, beside its usual duration.</summary>
internal sealed record LongRunning : JobFacts
{
    /// <summary>Takes over what a row says; the rest is set beside it.</summary>
    [SetsRequiredMembers]
    internal LongRunning(JobFacts row)
        : base(row)
    {
    }

    public double Seconds { get; init; }

    public double? UsualP95 { get; init; }

    public double? Factor { get; init; }
}

/// <summary>The type and the message of an error.</summary>
internal sealed record ErrorLine(string Type, string Message);

/// <summary>A page of jobs.</summary>
internal sealed record JobPageBody(IReadOnlyList<JobRow> Items, string? Next)
{
    public Bounded? Count { get; init; }

    public string? Note { get; init; }

    public string? Job { get; init; }
}

/// <summary>The jobs that have been running for the longest time.</summary>
internal sealed record RunningBody(IReadOnlyList<LongRunning> Items);

/// <summary>All that is known of one job.</summary>
internal sealed record JobDetail : JobFacts
{
    /// <summary>Takes over what a row says; the rest is set beside it.</summary>
    [SetsRequiredMembers]
    internal JobDetail(JobFacts row)
        : base(row)
    {
    }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = ImmutableDictionary<string, string>.Empty;

    public string? RootId { get; init; }

    public string? ParentId { get; init; }

    public string? GroupId { get; init; }

    public string? ScheduleId { get; init; }

    public DateTimeOffset? Tick { get; init; }

    public string? Origin { get; init; }

    public DateTimeOffset? Eta { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public double? TimeLimit { get; init; }

    public double? SoftTimeLimit { get; init; }

    public int Retries { get; init; }

    public IReadOnlyList<Argument>? Arguments { get; init; }

    public JsonElement? Result { get; init; }

    public bool ResultHidden { get; init; }

    public bool PayloadTruncated { get; init; }

    public IReadOnlyList<AttemptBody> AttemptsList { get; init; } = [];

    public IReadOnlyList<LogBody> LiveLogs { get; init; } = [];

    public IReadOnlyList<JobRow> Children { get; init; } = [];

    public JobRow? Parent { get; init; }

    public JobRow? Root { get; init; }

    public string? EditedFrom { get; init; }

    public IReadOnlyList<string> EditedInto { get; init; } = [];

    public Similar? Similar { get; init; }

    public JobActions Can { get; init; } = new(false, false, false, false, false, false);

    public string? TraceUrl { get; init; }

    public MessageBytes Message { get; init; } = new(0, null);
}

/// <summary>One attempt of a job.</summary>
internal sealed record AttemptBody
{
    public required int Number { get; init; }

    public required string End { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public double? WaitSeconds { get; init; }

    public required double DurationSeconds { get; init; }

    public required string Worker { get; init; }

    public ErrorBody? Error { get; init; }

    public required IReadOnlyList<LogBody> Logs { get; init; }

    public string? LogUrl { get; init; }

    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>An error with its frames, user code marked.</summary>
internal sealed record ErrorBody(
    string Type, string Message, string Fingerprint, IReadOnlyList<FrameBody> Frames, string? Traceback);

/// <summary>One line of a traceback.</summary>
internal sealed record FrameBody(string Text, bool IsUser);

/// <summary>A line that a handler logged.</summary>
internal sealed record LogBody(DateTimeOffset At, int Level, string Category, string Message);

/// <summary>How long jobs of this name usually run.</summary>
internal sealed record Similar(double? P50, double? P95, long Count);

/// <summary>Which changes the job's state allows.</summary>
internal sealed record JobActions(bool RunAgain, bool RunNow, bool Cancel, bool Delete, bool Move, bool Edit);

/// <summary>The message as it is stored.</summary>
internal sealed record MessageBytes(long Size, string? Text);

/// <summary>What became of a change of one job.</summary>
internal sealed record JobDone(string Status, string? State, string Id, string Sentence);

/// <summary>The body of a new job.</summary>
internal sealed record EnqueueBody
{
    public string? Name { get; init; }

    public JsonElement? Arguments { get; init; }

    public string? Queue { get; init; }

    public double? DelaySeconds { get; init; }

    public int? Priority { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public string? Reason { get; init; }
}

/// <summary>The id of what was made.</summary>
internal sealed record Created(string Id);

/// <summary>The body of a move.</summary>
internal sealed record MoveBody
{
    public string? Queue { get; init; }

    public int? Priority { get; init; }

    public string? Reason { get; init; }
}

/// <summary>The body of a run with other arguments.</summary>
internal sealed record EditBody
{
    public JsonElement? Arguments { get; init; }

    public JsonElement? Body { get; init; }

    public string? Reason { get; init; }
}

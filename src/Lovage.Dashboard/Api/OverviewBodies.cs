namespace Lovage.Dashboard.Api;

/// <summary>The first page.</summary>
internal sealed record OverviewBody
{
    public required DateTimeOffset Now { get; init; }

    public required VerdictBody Verdict { get; init; }

    public required StorageBody Storage { get; init; }

    public required IReadOnlyList<QueueRow> Queues { get; init; }

    public required int QueuesTotal { get; init; }

    public required IReadOnlyList<FailureRow> Failures { get; init; }

    public required IReadOnlyList<LongRunning> Running { get; init; }

    public required WorkersNow Workers { get; init; }

    public required DeadNow Dead { get; init; }

    public required IReadOnlyList<ScheduleProblem> Schedules { get; init; }

    public required Rates Rates { get; init; }

    public required Totals Totals { get; init; }

    public required Series Chart { get; init; }
}

/// <summary>The sentence that stands first.</summary>
internal sealed record VerdictBody(string Level, string Sentence, IReadOnlyList<VerdictPart> Parts);

/// <summary>A piece of the sentence, and the page that it leads to.</summary>
internal sealed record VerdictPart(string Text, string? Href = null);

/// <summary>The storage, as far as this process reaches it.</summary>
internal sealed record StorageBody(string Description, bool Up, DateTimeOffset? Since, string? Error);

/// <summary>The live workers, beside an hour ago.</summary>
internal sealed record WorkersNow(int Now, int? HourAgo, IReadOnlyList<VersionBody> Versions);

/// <summary>A version of the app that workers run.</summary>
internal sealed record VersionBody(string Version, int Count, DateTimeOffset FirstSeen);

/// <summary>Dead letters.</summary>
internal sealed record DeadNow(Bounded Count, long LastHour);

/// <summary>A schedule that needs a person.</summary>
internal sealed record ScheduleProblem(string Id, string State, string? Reason, string Kind, DateTimeOffset? Since);

/// <summary>Jobs a second in the last minute; null until two samples are there.</summary>
internal sealed record Rates(double? EnqueuedPerS, double? SucceededPerS, double? FailedPerS);

/// <summary>Jobs of all queues.</summary>
internal sealed record Totals(long Waiting, long Scheduled, long Claimed);

/// <summary>The few facts that every page shows.</summary>
internal sealed record PulseBody
{
    public required string Level { get; init; }

    public required string Sentence { get; init; }

    public required long Waiting { get; init; }

    public required long FailedHour { get; init; }

    public required Bounded Dead { get; init; }

    public required bool StorageUp { get; init; }
}

/// <summary>The first event of a stream.</summary>
internal sealed record HelloBody(DateTimeOffset Now);

/// <summary>How many jobs ended and came since the last event.</summary>
internal sealed record JobsChanged(long Ended, long Enqueued);

/// <summary>An event that says no more than its name.</summary>
internal sealed record Hint;

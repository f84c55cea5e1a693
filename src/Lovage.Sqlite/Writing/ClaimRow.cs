namespace Lovage.Sqlite.Writing;

/// <summary>A claim with what is needed of its job.</summary>
internal sealed record ClaimRow
{
    internal required long Job { get; init; }

    internal required long Stamp { get; init; }

    internal required long Owner { get; init; }

    internal required long Lane { get; init; }

    internal required long Seq { get; init; }

    internal required long? ReadyAt { get; init; }

    /// <summary>True when the job has a row in <c>course</c>.</summary>
    internal required bool Again { get; init; }

    internal required long? StartedAt { get; init; }

    internal required bool Ahead { get; init; }

    internal required bool Cancel { get; init; }

    internal required string? CancelReason { get; init; }

    internal required double? Progress { get; init; }

    internal required string? ProgressMessage { get; init; }

    internal required string Id { get; init; }

    internal required long Name { get; init; }

    internal required long Queue { get; init; }

    internal required long Priority { get; init; }

    /// <summary>As published; <see cref="CourseRow.Retries"/> overrides it.</summary>
    internal required long Retries { get; init; }
}

/// <summary>What later steps need of a row of <c>course</c>; the default value when there is none.</summary>
internal readonly record struct CourseRow(
    JobState State, long? Retries, long? Due, long? Seq, long Deaths, long Attempts, bool Exists);

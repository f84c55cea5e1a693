namespace Lovage.Sqlite.Life;

/// <summary>
/// A job that a worker holds: its claim, and what has become of it so far. The verbs change what they decide, and the
/// last verb writes it.
/// </summary>
/// <remarks>Belongs to the writer's thread.</remarks>
internal sealed class ClaimedJob
{
    internal required long Key { get; init; }

    internal required string Id { get; init; }

    /// <summary>The words of its name and its queue.</summary>
    internal required long Name { get; init; }

    internal required long Queue { get; init; }

    internal required long Priority { get; init; }

    // Its claim.

    internal required long Stamp { get; init; }

    internal required long Owner { get; init; }

    internal required long Lane { get; init; }

    internal required long Seq { get; init; }

    internal required long? ReadyAt { get; init; }

    /// <summary>True when <c>lovage_course</c> had a row of it at its claim.</summary>
    internal required bool HasCourse { get; init; }

    internal required long? StartedAt { get; init; }

    internal required bool StartedAhead { get; init; }

    internal required bool IsToBeCancelled { get; init; }

    internal required string? CancelReason { get; init; }

    /// <summary>Failures as published; <see cref="Retries"/> overrides them.</summary>
    internal required long PublishedRetries { get; init; }

    // What has become of it.

    internal JobState State { get; set; }

    /// <summary>Failures counted so far; null while they are those of the message.</summary>
    internal long? Retries { get; set; }

    internal long? Due { get; set; }

    internal long Deaths { get; set; }

    /// <summary>Attempts kept so far, <see cref="Attempt"/> not included.</summary>
    internal long Attempts { get; set; }

    internal long Offers { get; set; }

    internal long? FirstOfferAt { get; set; }

    internal string? Asked { get; set; }

    internal string? Reason { get; set; }

    internal double? Progress { get; set; }

    internal string? ProgressMessage { get; set; }

    internal ReadOnlyMemory<byte> Result { get; set; }

    /// <summary>The attempt that ends with the claim; null when none is kept.</summary>
    internal AttemptRecord? Attempt { get; set; }

    /// <summary>The cause of the failure of <see cref="Attempt"/>; null when it threw nothing.</summary>
    internal string? Fingerprint { get; set; }

    /// <summary>True when <see cref="Attempt"/> ended with an outcome of its own.</summary>
    internal bool IsSettled { get; set; }

    internal void ForgetProgress() => (Progress, ProgressMessage) = (null, null);
}

/// <summary>What a call claims jobs for, in the storage's own numbers.</summary>
/// <param name="Owner">The word of the owner's key.</param>
/// <param name="Boot">The word of the host's boot.</param>
/// <param name="Until">The end of the lease by the monotonic clock, in units of 100 ns.</param>
internal readonly record struct ClaimTerms(long Owner, long Boot, long Until);

namespace Lovage.Storage.Plans;

/// <summary>
/// What an attempt that ended with an outcome adds to statistics and failures: one rule for every storage.
/// </summary>
/// <remarks>Immutable.</remarks>
/// <param name="Wait">How long the job was ready before its first attempt; null when none is to be counted.</param>
/// <param name="Run">How long the handler ran; null when no handler ran.</param>
/// <param name="Fingerprint">The cause of the failure; null when nothing was thrown.</param>
public readonly record struct AttemptMeasures(TimeSpan? Wait, TimeSpan? Run, string? Fingerprint)
{
    /// <summary>The measures of one attempt.</summary>
    /// <remarks>An attempt that no handler saw, such as that of an expired job, has no wait and took no time.</remarks>
    /// <param name="attempt">The attempt that a worker wrote with its outcome.</param>
    /// <param name="name">The job's name.</param>
    public static AttemptMeasures Of(AttemptRecord attempt, string name)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return new(
            attempt.Number == 1 ? attempt.Wait : null,
            attempt.Wait is not null || attempt.Duration > TimeSpan.Zero ? attempt.Duration : null,
            attempt.Error?.Fingerprint(name));
    }
}

using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Whether and when a failed attempt is tried again, for jobs and for tasks of this process.</summary>
/// <remarks>Safe for use by several threads, whatever the source of jitter is.</remarks>
internal sealed class RetryRule(Random random)
{
    private readonly Lock _lock = new();

    /// <summary>Decides by the table in <see cref="JobLifecycle"/>.</summary>
    /// <param name="ending">How the attempt ended.</param>
    /// <param name="policy">The policy; null when nothing is tried again.</param>
    /// <param name="retries">Failures counted so far, this one not included.</param>
    /// <param name="maxAttempts">Attempts at the most.</param>
    internal static JobDecision Decide(AttemptEnding ending, RetryPolicy? policy, int retries, int maxAttempts) =>
        JobLifecycle.Decide(
            JobState.Running,
            ending.End,
            new AttemptFacts(
                retries,
                policy is null ? 1 : maxAttempts,
                ending.Error is null || (policy is not null && policy.Allows(ending.Error))));

    /// <summary>The wait before the next try.</summary>
    /// <param name="ending">How the attempt ended.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="retry">Which retry: 1 after the first failure.</param>
    internal TimeSpan Delay(AttemptEnding ending, RetryPolicy policy, int retry)
    {
        if (ending.RetryAfter is { } asked)
        {
            return asked;
        }

        lock (_lock)
        {
            return policy.DelayBefore(retry, random);
        }
    }
}

namespace Lovage;

/// <summary>How often a job is tried at the most: one rule for clients, workers and tasks of this process.</summary>
internal static class AttemptLimit
{
    /// <summary>
    /// The number of the message, else of the job's definition, else of the retry policy. Null leaves it to the
    /// worker's own number (<c>Lovage:Worker:MaxAttempts</c>).
    /// </summary>
    /// <param name="own">What the message says; null when it says nothing.</param>
    /// <param name="definition">What is known here of the job; null for a job that runs elsewhere.</param>
    /// <param name="policy">The retry policy that applies; null where it is not known.</param>
    internal static int? Of(int? own, JobDefinition? definition, RetryPolicy? policy) =>
        own ?? definition?.MaxAttempts ?? policy?.MaxAttempts;
}

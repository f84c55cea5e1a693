namespace Lovage.Storage;

/// <summary>What the worker knows of a job when one of its attempts ends.</summary>
/// <param name="Retries">Failures counted so far, this one not included.</param>
/// <param name="MaxAttempts">Attempts at the most.</param>
/// <param name="ErrorMayBeRetried">What the retry policy says of the exception.</param>
/// <param name="RecordedStarts">Starts that were recorded in advance and ended in the death of their process, this one
/// included.</param>
public readonly record struct AttemptFacts(
    int Retries, int MaxAttempts, bool ErrorMayBeRetried = true, int RecordedStarts = 0);

/// <summary>What the storage does with a job whose attempt ended.</summary>
public enum JobDecision
{
    /// <summary>Nothing: the job has already ended, and this outcome comes too late.</summary>
    Ignore = 0,

    /// <summary>Put the job back to the front of its queue; count nothing.</summary>
    Release = 1,

    /// <summary>Run it again after the policy's wait; count one failure.</summary>
    Retry = 2,

    /// <summary>It has succeeded.</summary>
    Succeed = 3,

    /// <summary>It has failed for good.</summary>
    Fail = 4,

    /// <summary>It is cancelled.</summary>
    Cancel = 5,

    /// <summary>It has expired.</summary>
    Expire = 6,

    /// <summary>It is set aside as a dead letter.</summary>
    Bury = 7,
}

/// <summary>The life cycle of a job as one pure table: state × end of the attempt × facts → decision.</summary>
public static class JobLifecycle
{
    /// <summary>
    /// A job is set aside after this many recorded starts that ended in the death of their process: 2.
    /// </summary>
    public const int DeathsMax = 2;

    /// <summary>The reason on jobs that ended because a person purged their queue.</summary>
    public const string PurgedReason = "purged";

    /// <summary>Decides.</summary>
    /// <param name="state">Where the job stands.</param>
    /// <param name="end">How the attempt ended.</param>
    /// <param name="facts">What is known.</param>
    public static JobDecision Decide(JobState state, AttemptEnd end, AttemptFacts facts)
    {
        if (state.IsFinal)
        {
            return JobDecision.Ignore;
        }

        var attemptsLeft = facts.Retries + 1 < facts.MaxAttempts;
        return end switch
        {
            AttemptEnd.Succeeded => JobDecision.Succeed,
            AttemptEnd.Failed or AttemptEnd.TimedOut =>
                attemptsLeft && facts.ErrorMayBeRetried ? JobDecision.Retry : JobDecision.Fail,
            AttemptEnd.RetryAsked => attemptsLeft ? JobDecision.Retry : JobDecision.Fail,
            AttemptEnd.BadArguments => JobDecision.Fail,
            AttemptEnd.Rejected or AttemptEnd.Malformed => JobDecision.Bury,
            AttemptEnd.Cancelled => JobDecision.Cancel,
            AttemptEnd.Expired => JobDecision.Expire,
            AttemptEnd.Interrupted => JobDecision.Release,
            AttemptEnd.OwnerDied => facts.RecordedStarts < DeathsMax ? JobDecision.Release : JobDecision.Bury,
            _ => throw new ArgumentOutOfRangeException(nameof(end), end, "Not an end of an attempt."),
        };
    }

    /// <summary>The reason on a job that is set aside because its process died too often.</summary>
    /// <param name="deaths">How often.</param>
    public static string DeathReason(long deaths) => $"Its process died {deaths} times while it ran.";

    /// <summary>The state a decision leads to.</summary>
    /// <param name="decision">What was decided.</param>
    /// <param name="current">The state it is in, which <see cref="JobDecision.Ignore"/> keeps.</param>
    public static JobState After(JobDecision decision, JobState current) => decision switch
    {
        JobDecision.Ignore => current,
        JobDecision.Release => JobState.Queued,
        JobDecision.Retry => JobState.Retrying,
        JobDecision.Succeed => JobState.Succeeded,
        JobDecision.Fail => JobState.Failed,
        JobDecision.Cancel => JobState.Cancelled,
        JobDecision.Expire => JobState.Expired,
        JobDecision.Bury => JobState.Dead,
        _ => throw new ArgumentOutOfRangeException(nameof(decision), decision, "Not a decision."),
    };
}

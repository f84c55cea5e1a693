namespace Lovage;

/// <summary>Where a job stands. The number is stored: never renumber.</summary>
public enum JobState
{
    /// <summary>Waiting for its due time.</summary>
    Scheduled = 0,

    /// <summary>Ready to run, or fetched by a worker and not yet started.</summary>
    Queued = 1,

    /// <summary>An attempt is running.</summary>
    Running = 2,

    /// <summary>An attempt failed and the next one waits for its time.</summary>
    Retrying = 3,

    /// <summary>Ended with a result.</summary>
    Succeeded = 4,

    /// <summary>Ended: its attempts are used up, or the error is one that is not retried.</summary>
    Failed = 5,

    /// <summary>Ended: a person or a program cancelled it.</summary>
    Cancelled = 6,

    /// <summary>Ended: it was not started before its expiry.</summary>
    Expired = 7,

    /// <summary>Set aside with payload and reason, for a person to decide: a dead letter.</summary>
    Dead = 8,
}

/// <summary>What holds for each <see cref="JobState"/>, Celery's word included: one table.</summary>
public static class JobStates
{
    private static readonly (JobState State, string Celery, bool Final)[] Table =
    [
        (JobState.Scheduled, "PENDING", false),
        (JobState.Queued, "PENDING", false),
        (JobState.Running, "STARTED", false),
        (JobState.Retrying, "RETRY", false),
        (JobState.Succeeded, "SUCCESS", true),
        (JobState.Failed, "FAILURE", true),
        (JobState.Cancelled, "REVOKED", true),
        (JobState.Expired, "REVOKED", true),
        (JobState.Dead, "FAILURE", true),
    ];

    extension(JobState state)
    {
        /// <summary>Celery's word: PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED (celery/states.py).</summary>
        public string CeleryWord => Table[(int)state].Celery;

        /// <summary>True when the job has ended and stays so unless a person requeues it.</summary>
        public bool IsFinal => Table[(int)state].Final;
    }
}

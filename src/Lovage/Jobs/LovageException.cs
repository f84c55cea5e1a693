namespace Lovage;

/// <summary>An operational error of Lovage: the message says what happened, what is known and what to do.</summary>
public abstract class LovageException : Exception
{
    /// <summary>For the sealed types of this library.</summary>
    /// <param name="message">What happened, what is known, what to do.</param>
    /// <param name="cause">The error behind it.</param>
    protected LovageException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>The arguments do not fit the handler: found before it runs, never retried.</summary>
public sealed class BadArgumentsException : LovageException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="job">The job's name.</param>
    /// <param name="parameter">The parameter at fault; null when none is to blame alone.</param>
    /// <param name="message">What is wrong and what is expected.</param>
    /// <param name="cause">The error behind it.</param>
    public BadArgumentsException(string job, string? parameter, string message, Exception? cause = null)
        : base($"Job '{JobNames.Shown(job)}': {message}", cause)
    {
        Job = job;
        Parameter = parameter;
    }

    private BadArgumentsException(BadArgumentsException original, string message)
        : base(message)
    {
        Job = original.Job;
        Parameter = original.Parameter;
        Needed = original.Needed;
    }

    /// <summary>The job's name.</summary>
    public string Job { get; }

    /// <summary>The parameter at fault; null when none is to blame alone.</summary>
    public string? Parameter { get; }

    /// <summary>
    /// How many parameters a handler must have to take the arguments, when there are more of them than it has; else 0.
    /// </summary>
    internal int Needed { get; init; }

    /// <summary>The refusal without secrets: itself when its texts hold none, else one without the cause.</summary>
    internal BadArgumentsException Without(SecretTexts secrets) =>
        secrets.Holds(this) ? new BadArgumentsException(this, secrets.Clean(Message)) : this;
}

/// <summary>The arguments are larger than the cap.</summary>
public sealed class PayloadTooLargeException(string job, long sizeBytesMax)
    : LovageException(
        $"The arguments of job '{JobNames.Shown(job)}' are larger than {sizeBytesMax:N0} bytes. Store the data "
            + "elsewhere and pass a reference, or raise Lovage:Limits:PayloadBytesMax.")
{
    /// <summary>The cap in bytes.</summary>
    public long SizeBytesMax { get; } = sizeBytesMax;
}

/// <summary>The caller's own id belongs to another job.</summary>
public sealed class JobIdConflictException(JobId id)
    : LovageException(
        $"Job id '{id}' is already taken by a job with another name or other arguments. Enqueue the same job again "
            + "with the same content, or choose another id.")
{
    /// <summary>The id.</summary>
    public JobId Id { get; } = id;
}

/// <summary>
/// The storage cannot be used: it is unreachable, full, of another version, or cannot do what the caller asks.
/// </summary>
public sealed class StorageException : LovageException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, what is known, what to do.</param>
    /// <param name="isTransient">True when the same call may succeed later.</param>
    /// <param name="cause">The error behind it.</param>
    public StorageException(string message, bool isTransient, Exception? cause = null)
        : base(message, cause) => IsTransient = isTransient;

    /// <summary>True when the same call may succeed later.</summary>
    public bool IsTransient { get; }
}

/// <summary>The work was refused because a bound was reached; nothing was accepted.</summary>
public sealed class QueueFullException(string queue, string reason, TimeSpan retryAfter)
    : LovageException(
        $"Queue '{queue}' is full: {reason} Try again in {retryAfter.TotalSeconds:0} s, add workers, or raise the "
            + "limit.")
{
    /// <summary>The queue.</summary>
    public string Queue { get; } = queue;

    /// <summary>When it is worth trying again.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A task of this process was refused because the app is stopping; nothing was accepted.</summary>
public sealed class AppStoppingException(string task)
    : LovageException(
        $"Task '{JobNames.Shown(task)}' was refused: the app is stopping and waits only for the tasks it has. What "
            + "must happen all the same belongs in a durable job (JobClient).");

/// <summary>
/// An attempt could not be completed in a transaction, because its right to run the job is gone; nothing was written.
/// </summary>
public sealed class LeaseLostException(JobId id)
    : LovageException(
        $"Job {id} cannot be completed by this attempt: its lease has passed to another one, or the job has ended. "
            + "Roll the transaction back (let this exception out of the handler); the other attempt's outcome counts.")
{
    /// <summary>The job.</summary>
    public JobId Id { get; } = id;
}

/// <summary>A caller waited for a job, and the job ended without a result.</summary>
public sealed class JobFailedException(JobId id, JobState state, JobError? error)
    : LovageException($"Job {id} ended as {state}{(error is null ? "." : $": {error.Type}: {error.Message}")}")
{
    /// <summary>The job.</summary>
    public JobId Id { get; } = id;

    /// <summary>How it ended.</summary>
    public JobState State { get; } = state;

    /// <summary>What its last attempt threw; null when nothing was thrown.</summary>
    public JobError? Error { get; } = error;
}

/// <summary>A job has succeeded, and its result was left out: it is too large, or no JSON.</summary>
public sealed class JobResultMissingException(JobId id, string reason)
    : LovageException($"Job {id} succeeded. {reason}")
{
    /// <summary>The job.</summary>
    public JobId Id { get; } = id;
}

/// <summary>A schedule cannot be added, found or changed as asked; nothing was changed.</summary>
public sealed class ScheduleException(string id, string message)
    : LovageException($"Schedule '{JobNames.Shown(id)}': {message}")
{
    /// <summary>The schedule.</summary>
    public string Id { get; } = id;

    /// <summary>
    /// True when the storage has no schedule of this id; false when it has one, or for another reason.
    /// </summary>
    public bool IsMissing { get; init; }
}

namespace Lovage;

/// <summary>
/// How an attempt ended, before anything was decided about the job. The number is stored: never renumber.
/// </summary>
public enum AttemptEnd
{
    /// <summary>The handler returned.</summary>
    Succeeded = 0,

    /// <summary>The handler threw.</summary>
    Failed = 1,

    /// <summary>The attempt ran over its time limit.</summary>
    TimedOut = 2,

    /// <summary>The handler asked to be run again later.</summary>
    RetryAsked = 3,

    /// <summary>The handler rejected the job.</summary>
    Rejected = 4,

    /// <summary>The arguments do not fit the handler.</summary>
    BadArguments = 5,

    /// <summary>The message cannot be understood.</summary>
    Malformed = 6,

    /// <summary>The job was cancelled and the handler stopped.</summary>
    Cancelled = 7,

    /// <summary>The job was fetched after its expiry.</summary>
    Expired = 8,

    /// <summary>The worker shut down before the handler was done.</summary>
    Interrupted = 9,

    /// <summary>The process that ran it died.</summary>
    OwnerDied = 10,
}

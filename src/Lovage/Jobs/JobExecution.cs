namespace Lovage;

/// <summary>Where a handler runs.</summary>
public enum JobExecution
{
    /// <summary>On the thread pool, for handlers that await: the default.</summary>
    Async = 0,

    /// <summary>On a thread of the worker's own, for handlers that compute or block.</summary>
    DedicatedThread = 1,
}

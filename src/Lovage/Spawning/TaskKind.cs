namespace Lovage;

/// <summary>The kinds of work that live in one process.</summary>
public enum TaskKind
{
    /// <summary>Bound to a request: starts when its response has gone out.</summary>
    AfterResponse = 0,

    /// <summary>Started by <see cref="TaskSpawner"/> beside the code that goes on.</summary>
    Spawned = 1,

    /// <summary>A call that <see cref="TaskSpawner"/> runs on a thread of its own.</summary>
    Dedicated = 2,
}

/// <summary>A task of this process that has not ended, at one moment.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name: the one its code gave it, or the job's.</param>
/// <param name="Started">True once it runs; false while it waits for its turn or for its delay.</param>
/// <param name="Age">How long ago it was accepted.</param>
/// <param name="Attempt">Which try this is: 1 is the first.</param>
public sealed record RunningTask(TaskKind Kind, string Name, bool Started, TimeSpan Age, int Attempt);

/// <summary>A task of this process that failed for good.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Exception">What it threw last.</param>
/// <param name="Attempts">How often it was tried.</param>
public sealed record TaskFailure(TaskKind Kind, string Name, Exception Exception, int Attempts);

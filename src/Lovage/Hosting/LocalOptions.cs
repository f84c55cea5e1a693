using Lovage.Spawning;

namespace Lovage;

/// <summary>
/// How this process runs its own tasks, as in the section <c>Lovage:Local</c>: tasks after a response, spawned tasks
/// and calls on dedicated threads.
/// </summary>
public sealed class LocalOptions
{
    /// <summary>
    /// Tasks after a response that may be unfinished; one more is refused before its response, 1 to 1,000,000; 10,000
    /// by default.
    /// </summary>
    public int AfterResponseMax { get; set; } = 10_000;

    /// <summary>
    /// Requests whose tasks run at the same time, those of one request one after the other, 1 to 100,000; 100 by
    /// default.
    /// </summary>
    public int AfterResponseConcurrency { get; set; } = 100;

    /// <summary>
    /// Spawned tasks that may be unfinished, delayed ones included; one more is refused, 1 to 10,000,000; 10,000 by
    /// default.
    /// </summary>
    public int SpawnedMax { get; set; } = 10_000;

    /// <summary>
    /// Calls on dedicated threads that may be unfinished, waiting ones included, 1 to 1,000,000; 1,000 by default.
    /// </summary>
    public int DedicatedMax { get; set; } = 1_000;

    /// <summary>
    /// Dedicated threads for such calls and for jobs that ask for one and run in this process without a worker, 1 to
    /// 10,000. Null (the default): the number of processors, at least 4.
    /// </summary>
    public int? DedicatedThreads { get; set; }

    /// <summary>
    /// How long the app's stop waits for them before it cancels them, 0 to 1 day; 25 s by default. It counts from the
    /// beginning of the stop for spawned tasks, and from the end of the web server for tasks after a response. With
    /// <see cref="CancelTime"/> it should fit the host's ShutdownTimeout: a longer one is cut.
    /// </summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How long the stop then waits for cancelled ones before it leaves without them, 0 to 1 h; 3 s by default. It is
    /// kept free at the end of the host's ShutdownTimeout.
    /// </summary>
    public TimeSpan CancelTime { get; set; } = TimeSpan.FromSeconds(3);

    /// <param name="stopTime">What the host gives its whole stop.</param>
    internal LocalSettings Settings(TimeSpan stopTime) => new()
    {
        AfterResponseMax = AfterResponseMax,
        AfterResponseConcurrency = AfterResponseConcurrency,
        SpawnedMax = SpawnedMax,
        DedicatedMax = DedicatedMax,
        DedicatedThreads = DedicatedThreads ?? Math.Max(4, Environment.ProcessorCount),
        DrainTime = DrainTime,
        CancelTime = CancelTime,
        StopTime = stopTime == Timeout.InfiniteTimeSpan ? null : stopTime,
    };
}

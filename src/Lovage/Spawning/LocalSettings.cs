namespace Lovage.Spawning;

/// <summary>How tasks of this process are run; fixed while it runs.</summary>
internal sealed record LocalSettings
{
    /// <summary>Tries of a task whose retry policy names no number.</summary>
    internal const int RetryAttempts = 3;

    /// <summary>What one timer can wait for.</summary>
    internal static readonly TimeSpan TimerMax = TimeSpan.FromDays(49);

    internal required int AfterResponseMax { get; init; }

    internal required int AfterResponseConcurrency { get; init; }

    internal required int SpawnedMax { get; init; }

    internal required int DedicatedMax { get; init; }

    internal required int DedicatedThreads { get; init; }

    internal required TimeSpan DrainTime { get; init; }

    internal required TimeSpan CancelTime { get; init; }

    /// <summary>What the host gives its whole stop; null for no bound.</summary>
    internal required TimeSpan? StopTime { get; init; }

    /// <summary>How many tasks of a kind may be unfinished, and the setting that says so.</summary>
    internal (int Max, string Option) Bound(TaskKind kind) => kind switch
    {
        TaskKind.AfterResponse => (AfterResponseMax, "Lovage:Local:AfterResponseMax"),
        TaskKind.Spawned => (SpawnedMax, "Lovage:Local:SpawnedMax"),
        _ => (DedicatedMax, "Lovage:Local:DedicatedMax"),
    };
}

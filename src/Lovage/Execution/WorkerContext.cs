using Lovage.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>What all parts of one worker share.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class WorkerContext(
    JobStorage storage, JobWorkerServices services, WorkerOwner owner, WorkerSettings settings)
{
    private WorkerSettings _settings = settings;

    internal JobStorage Storage => storage;

    internal JobWorkerServices Services => services;

    internal TimeProvider Time => services.Time;

    /// <summary>Under which name the worker holds leases.</summary>
    internal WorkerOwner Owner => owner;

    /// <summary>How the worker works now: a snapshot, which a later one replaces.</summary>
    internal WorkerSettings Settings
    {
        get => Volatile.Read(ref _settings);
        set => Volatile.Write(ref _settings, value);
    }

    /// <summary>What the worker says in the log of itself.</summary>
    internal WorkerReport Report { get; } = new(
        services.Loggers.Guarded("Lovage.Worker"), services.Outage);

    /// <summary>Cancelled when the worker has stopped, after its outcomes are written.</summary>
    internal required CancellationToken Stopped { get; init; }

    /// <summary>
    /// True when the worker's loops and dedicated handlers have threads of their own; false when all of it stays on its
    /// caller's scheduler.
    /// </summary>
    internal bool OwnThreads { get; init; } = true;

    /// <summary>A time with jitter: a half to one and a half of it.</summary>
    internal TimeSpan Around(TimeSpan time) => time * (0.5 + services.Random.NextDouble());
}

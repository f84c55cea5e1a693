using System.Collections.Immutable;
using Lovage.Execution;
using Lovage.Simulation.Load;

namespace Lovage.Simulation;

/// <summary>The times that all simulated worlds share.</summary>
internal sealed record SimulationSettings
{
    internal TimeSpan Lease { get; } = TimeSpan.FromSeconds(10);

    internal TimeSpan SweepInterval { get; } = TimeSpan.FromSeconds(3);

    internal TimeSpan PollInterval { get; } = TimeSpan.FromSeconds(5);

    internal TimeSpan WatchInterval { get; } = TimeSpan.FromSeconds(4);

    internal TimeSpan DrainTime { get; } = TimeSpan.FromSeconds(6);

    internal TimeSpan CancelTime { get; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a job may be offered without a start.</summary>
    internal TimeSpan OfferLimit { get; } = TimeSpan.FromSeconds(8);

    /// <summary>Waits between two offers of one job are no longer.</summary>
    internal TimeSpan OfferDelayMax { get; } = TimeSpan.FromSeconds(3);

    internal TimeSpan OverrunLimit { get; } = TimeSpan.FromSeconds(6);

    /// <summary>A process that died is back within this.</summary>
    internal TimeSpan RestartMax { get; } = TimeSpan.FromSeconds(8);

    /// <summary>Faults happen before this, and clients are at work.</summary>
    internal TimeSpan FaultTime { get; } = TimeSpan.FromSeconds(60);

    internal RetryPolicy Retry { get; } = new() { DelayMax = TimeSpan.FromSeconds(10) };

    internal WorkerSettings Worker(int concurrency, int prefetch, ImmutableArray<string> queues) => new()
    {
        Queues = queues,
        Concurrency = concurrency,
        PrefetchMax = prefetch,
        Lease = Lease,
        PollInterval = PollInterval,
        SweepInterval = SweepInterval,
        WatchInterval = WatchInterval,
        DrainTime = DrainTime,
        CancelTime = CancelTime,
        OfferLimit = OfferLimit,
        OfferDelayMax = OfferDelayMax,
        Retry = Retry,
        LogLinesMax = 0,
    };
}

namespace Lovage.Execution;

/// <summary>What a worker is doing.</summary>
internal enum WorkerPhase
{
    /// <summary>Not started.</summary>
    Idle = 0,

    /// <summary>Fetching and running.</summary>
    Running = 1,

    /// <summary>Finishing what it runs, fetching no more.</summary>
    Stopping = 2,

    /// <summary>Stopped.</summary>
    Stopped = 3,
}

/// <summary>A worker at one moment.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Concurrency">Attempts at the same time.</param>
/// <param name="Running">Attempts that run now.</param>
/// <param name="Buffered">Jobs fetched and not started.</param>
/// <param name="Unwritten">Outcomes that the storage has not confirmed yet.</param>
/// <param name="RenewalAge">How long ago the leases were renewed; zero while there are none.</param>
/// <param name="Lease">How long a lease lasts.</param>
internal sealed record WorkerStatus(
    WorkerPhase Phase, int Concurrency, int Running, int Buffered, int Unwritten, TimeSpan RenewalAge, TimeSpan Lease)
{
    /// <summary>
    /// False when the leases were not renewed in time, so that other workers may be taking this one's jobs.
    /// </summary>
    public bool IsHealthy => RenewalAge < Lease;

    /// <summary>
    /// True when a renewal, which is due after a third of a lease, has been waiting for another third.
    /// </summary>
    public bool IsLate => RenewalAge >= Lease * 2 / 3;
}

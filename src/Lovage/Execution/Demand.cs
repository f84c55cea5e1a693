namespace Lovage.Execution;

/// <summary>
/// How many jobs to fetch ahead of free slots: as many as the slots finish while a fetch is under way, twice over; none
/// when a job takes over a second, so that no job waits behind a slow one while another worker is idle.
/// </summary>
/// <remarks>
/// The fetching loop and the slots write it without a lock: a lost update of an average does no harm.
/// </remarks>
internal sealed class Demand(TimeProvider time)
{
    private const double SlowJobSeconds = 1;
    private const double HiccupSeconds = 0.1;

    private double _jobSeconds = -1;
    private double _fetchSeconds;

    /// <summary>Jobs to hold ahead now.</summary>
    /// <param name="settings">How the worker works now.</param>
    internal int Prefetch(WorkerSettings settings)
    {
        var job = Volatile.Read(ref _jobSeconds);
        if (job < 0)
        {
            return Math.Min(settings.Concurrency, settings.PrefetchMax);
        }

        if (job > SlowJobSeconds)
        {
            return 0;
        }

        var wanted = settings.Concurrency / Math.Max(job, 1e-7) * _fetchSeconds * 2;
        return (int)Math.Clamp(wanted, 0, settings.PrefetchMax);
    }

    internal void JobTook(double seconds)
    {
        var average = Volatile.Read(ref _jobSeconds);

        // A slow job shows at once, quick ones little by little. Up to a tenth of a second it may be a quick one that
        // the scheduler or the collector held up: such a hiccup, counted as a slow job, cut what was held ahead to a
        // few jobs, and the speed of no-op jobs to a half.
        var weight = seconds <= average ? 0.05 : seconds > HiccupSeconds ? 0.2 : 0.01;
        Volatile.Write(ref _jobSeconds, average < 0 ? seconds : average + ((seconds - average) * weight));
    }

    internal void FetchTook(long startTimestamp)
    {
        var seconds = time.GetElapsedTime(startTimestamp).TotalSeconds;
        _fetchSeconds = _fetchSeconds == 0 ? seconds : _fetchSeconds + ((seconds - _fetchSeconds) * 0.2);
    }
}

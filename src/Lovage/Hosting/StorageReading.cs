using Lovage.Storage;

namespace Lovage;

/// <summary>What the gauges of a storage tell, read once. Nothing here counts rows.</summary>
/// <param name="Queues">The queues.</param>
/// <param name="Workers">The live workers; null where the storage keeps no list.</param>
/// <param name="Counters">The totals by queue and job name; empty where the storage keeps none.</param>
/// <param name="Overdue">For how long the schedule that is due the longest has been due; zero when none is, null where
/// the storage keeps no schedules.</param>
internal sealed record StorageReading(
    IReadOnlyList<QueueStatus> Queues,
    IReadOnlyList<WorkerRecord>? Workers,
    IReadOnlyList<JobCounter> Counters,
    TimeSpan? Overdue)
{
    /// <summary>Due schedules that are looked at; the storage lists the longest due first.</summary>
    private const int DueMax = 100;

    /// <summary>Reads it.</summary>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    internal static async Task<StorageReading> OfAsync(JobStorage storage, CancellationToken cancellationToken) => new(
        await storage.Broker.QueuesAsync(cancellationToken),
        storage.Workers is { } workers ? await workers.ListAsync(cancellationToken) : null,
        storage.History is { } history ? await history.CountersAsync(cancellationToken) : [],
        storage.Schedules is { } schedules ? OverdueOf(await schedules.DueAsync(DueMax, cancellationToken)) : null);

    private static TimeSpan OverdueOf(DueResult due)
    {
        var longest = TimeSpan.Zero;
        foreach (var (schedule, _) in due.Schedules)
        {
            if (schedule.NextTick is { } tick && due.Now - tick > longest)
            {
                longest = due.Now - tick;
            }
        }

        return longest;
    }
}

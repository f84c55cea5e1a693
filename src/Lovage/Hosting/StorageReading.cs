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

    /// <summary>
    /// How long ago the live worker told that it lives that has been silent the longest, by the storage's clock; null
    /// when no worker lives, or where the storage cannot say.
    /// </summary>
    internal TimeSpan? HeartbeatAge { get; init; }

    /// <summary>Reads it.</summary>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    internal static async Task<StorageReading> OfAsync(JobStorage storage, CancellationToken cancellationToken)
    {
        var queues = await storage.Broker.QueuesAsync(cancellationToken);
        var workers = storage.Workers is { } directory ? await directory.ListAsync(cancellationToken) : null;
        var counters = storage.History is { } history ? await history.CountersAsync(cancellationToken) : [];
        var due = storage.Schedules is { } schedules ? await schedules.DueAsync(DueMax, cancellationToken) : null;
        return new StorageReading(queues, workers, counters, due is null ? null : OverdueOf(due))
        {
            HeartbeatAge = due is not null && workers is { Count: > 0 } ? AgeOf(workers, due.Now) : null,
        };
    }

    private static TimeSpan AgeOf(IReadOnlyList<WorkerRecord> workers, DateTimeOffset now)
    {
        var age = now - workers.Min(static worker => worker.BeatAt);
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

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

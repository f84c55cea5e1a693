using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Takes back the jobs of dead owners, and removes ended jobs and lines of schedules' history that are old enough.</summary>
internal sealed class Sweeper(JobStorage storage, OwnerProbe probe, WorkerSettings settings, TimeProvider time, Random random, Action<ReclaimResult> reclaimed)
{
    private const int ReclaimMax = 500;
    private const int PruneMax = 500;

    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(1);

    private long? _prunedTimestamp;

    /// <summary>One round; returns the wait until the next.</summary>
    internal async Task<TimeSpan> SweepAsync(CancellationToken stopped)
    {
        var owners = await storage.Broker.OwnersAsync(stopped);
        if (owners.Count > 0)
        {
            string[] dead = [.. owners.Where(key => probe.IsDead(WorkerOwner.Parse(key)))];
            ReclaimResult result;
            do
            {
                result = await storage.Broker.ReclaimAsync(dead, ReclaimMax, stopped);
                if (result.Returned + result.Buried > 0)
                {
                    reclaimed(result);
                }
            }
            while (result.Returned + result.Buried >= ReclaimMax);
        }

        if (_prunedTimestamp is not { } pruned || time.GetElapsedTime(pruned) >= PruneInterval)
        {
            while (await storage.Store.PruneAsync(settings.Retention, PruneMax, stopped) >= PruneMax)
            {
            }

            while (storage.Schedules is { } schedules && await schedules.PruneAsync(settings.ScheduleRetention, PruneMax, stopped) >= PruneMax)
            {
            }

            _prunedTimestamp = time.GetTimestamp();
        }

        return settings.SweepInterval * (0.75 + (random.NextDouble() / 4));
    }
}

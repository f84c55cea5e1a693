using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Reclaims the jobs of dead owners, and removes what is old enough: ended jobs, lines of schedules' history, audit
/// records and ended operations.
/// </summary>
internal sealed class Sweeper(
    JobStorage storage,
    OwnerProbe probe,
    Func<WorkerSettings> current,
    TimeProvider time,
    Random random,
    Action<ReclaimResult> reclaimed)
{
    private const int ReclaimMax = 500;
    private const int PruneMax = 500;

    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(1);

    private long? _prunedTimestamp;
    private long? _answeredTimestamp;
    private long? _backTimestamp;
    private bool _hasFailed;

    /// <summary>One round; returns the wait until the next.</summary>
    internal async Task<TimeSpan> SweepAsync(CancellationToken stopped)
    {
        try
        {
            return await SweepOnceAsync(stopped);
        }
        catch (StorageException)
        {
            _hasFailed = true;
            throw;
        }
    }

    private async Task<TimeSpan> SweepOnceAsync(CancellationToken stopped)
    {
        var settings = current();
        var owners = await storage.Broker.OwnersAsync(stopped);
        if (MayJudge() && owners.Count > 0)
        {
            string[] dead = [.. owners.Where(key => probe.IsDead(WorkerOwner.Parse(key)))];
            ReclaimResult result;
            do
            {
                result = await storage.Broker.ReclaimAsync(dead, ReclaimMax, stopped);
                if (result.Count > 0)
                {
                    reclaimed(result);
                }
            }
            while (result.Count >= ReclaimMax);
        }

        if (_prunedTimestamp is not { } pruned || time.GetElapsedTime(pruned) >= PruneInterval)
        {
            while (await storage.Store.PruneAsync(settings.Retention, PruneMax, stopped) >= PruneMax)
            {
            }

            while (storage.Schedules is { } schedules
                && await schedules.PruneAsync(settings.ScheduleRetention, PruneMax, stopped) >= PruneMax)
            {
            }

            while (storage.Audit is { } audit
                && await audit.PruneAsync(settings.AuditRetention, PruneMax, stopped) >= PruneMax)
            {
            }

            while (storage.Operations is { } operations
                && await operations.PruneAsync(settings.OperationRetention, PruneMax, stopped) >= PruneMax)
            {
            }

            _prunedTimestamp = time.GetTimestamp();
        }

        return settings.SweepInterval * (0.75 + (random.NextDouble() / 4));
    }

    /// <summary>
    /// The storage has answered. If it could not be reached for so long that leases may have run out, their owners, who
    /// could not reach it either, get the time to renew them: they are not dead.
    /// </summary>
    private bool MayJudge()
    {
        var now = time.GetTimestamp();
        if (_hasFailed
            && _answeredTimestamp is { } answered
            && time.GetElapsedTime(answered, now) >= current().Lease / 3)
        {
            _backTimestamp = now;
        }

        (_hasFailed, _answeredTimestamp) = (false, now);
        return _backTimestamp is not { } back || time.GetElapsedTime(back, now) >= current().Lease / 2;
    }
}

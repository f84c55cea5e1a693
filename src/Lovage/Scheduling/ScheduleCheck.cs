using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>
/// Looks through all stored schedules, at the start of a process and each minute, for those that stand wrong: broken
/// ones that this process can compute, and ones that a clock that was ahead has put too far into the future.
/// </summary>
/// <remarks>Every node looks, because the leader may be the one that cannot compute a trigger.</remarks>
/// <param name="store">Where the schedules are.</param>
/// <param name="triggers">Reads stored triggers.</param>
/// <param name="time">Measures the pauses between the looks.</param>
/// <param name="report">Writes the log.</param>
internal sealed class ScheduleCheck(
    ScheduleStore store, TriggerCache triggers, TimeProvider time, SchedulerReport report)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, DateTimeOffset> _ahead = new(StringComparer.Ordinal);
    private long? _lookedTimestamp;

    /// <summary>Looks, when it is time to.</summary>
    /// <param name="now">The storage's time.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>True when a schedule was put right: others may be due now.</returns>
    internal async Task<bool> LookAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_lookedTimestamp is { } looked && time.GetElapsedTime(looked) < Interval)
        {
            return false;
        }

        var isAnyPutRight = false;
        await foreach (var record in store.AllAsync(cancellationToken))
        {
            if (record.State != ScheduleState.Paused && triggers.TryRead(record.Trigger, out _) is { } trigger)
            {
                TellAhead(record, now);
                isAnyPutRight |= await PutRightAsync(record, trigger, now, cancellationToken);
            }
        }

        _lookedTimestamp = time.GetTimestamp();
        return isAnyPutRight;
    }

    private async ValueTask<bool> PutRightAsync(
        ScheduleRecord record, Trigger trigger, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var earlier = ScheduleTicks.Earlier(trigger, now, record);
        if (earlier is null && record.State != ScheduleState.Broken)
        {
            return false;
        }

        // A broken one keeps the tick it stands at, so that its misfire rule decides about the ticks since.
        var next = earlier ?? record.NextTick;
        var right = record with
        {
            State = next is null && record.QueuedTick is null ? ScheduleState.Ended : ScheduleState.Active,
            Reason = null,
            NextTick = next,
        };
        if (await store.SaveAsync(right, cancellationToken) is null)
        {
            // Another node or a person has just changed it.
            return false;
        }

        if (record.State == ScheduleState.Broken)
        {
            report.Revived(record.Id, next);
        }
        else
        {
            report.PutBack(record.Id, record.NextTick, next);
        }

        return true;
    }

    /// <summary>Says once that ticks after now were dealt with: until then the schedule is silent.</summary>
    private void TellAhead(ScheduleRecord record, DateTimeOffset now)
    {
        if (record.LastTick is not { } last || last - now <= SchedulePlan.OnTime)
        {
            _ahead.Remove(record.Id);
        }
        else if (record.State == ScheduleState.Active && _ahead.TryAdd(record.Id, last))
        {
            report.FiredAhead(record.Id, last, now);
        }
    }
}

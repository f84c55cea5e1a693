using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// Ticks, their jobs and the schedule's step: of each firing all or nothing, since nothing is written before everything
/// is checked.
/// </summary>
internal sealed class RecordOperation(IReadOnlyList<Firing> firings) : WriteOperation<IReadOnlyList<FireStatus>>
{
    internal override int Weight => firings.Sum(static firing => 1 + firing.Ticks.Count + firing.Jobs.Count);

    internal override bool WakesOthers => firings.Any(static firing => firing.Jobs.Count > 0);

    internal override void Run(WriteSession session)
    {
        var statuses = new FireStatus[firings.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            statuses[i] = Fire(session, firings[i]);
        }

        Result = statuses;
    }

    private static FireStatus Fire(WriteSession session, Firing firing)
    {
        if (SchedulePlace.Find(session, firing.Id) is not { State: ScheduleState.Active } schedule
            || schedule.Version != firing.Version)
        {
            return FireStatus.Stale;
        }

        var status = Check(session, schedule, firing.Ticks);
        if (status != FireStatus.Recorded)
        {
            return status;
        }

        Ticks.ForgetEnded(session, schedule.Key);
        for (var i = 0; i < firing.Jobs.Count; i++)
        {
            Ticks.Enqueue(session, schedule.Key, firing.Jobs[i]);
        }

        var (last, fired, missed, skipped) = (schedule.LastTick, 0L, 0L, 0L);
        for (var i = 0; i < firing.Ticks.Count; i++)
        {
            var tick = firing.Ticks[i];
            Ticks.Write(session, schedule.Key, tick);
            last = Math.Max(StorageTime.From(tick.Through), last ?? long.MinValue);
            fired += tick.Status == TickStatus.Fired ? 1 : 0;
            missed += tick.Status == TickStatus.Missed ? tick.Count : 0;
            skipped += tick.Status == TickStatus.Skipped ? tick.Count : 0;
        }

        session.Statement("""
            UPDATE schedule_course SET version = ?2, state = ?3, reason = ?4, next_tick = ?5, queued_tick = ?6,
              last_tick = ?7, fired = fired + ?8, missed = missed + ?9, skipped = skipped + ?10
            WHERE schedule = ?1
            """)
            .Bind(1, schedule.Key)
            .Bind(2, session.NextTicket())
            .Bind(3, (long)firing.State)
            .Bind(4, firing.Reason)
            .Bind(5, StorageTime.From(firing.NextTick))
            .Bind(6, StorageTime.From(firing.QueuedTick))
            .Bind(7, last)
            .Bind(8, fired)
            .Bind(9, missed)
            .Bind(10, skipped)
            .Run();
        return FireStatus.Recorded;
    }

    private static FireStatus Check(WriteSession session, in SchedulePlace schedule, IReadOnlyList<TickRecord> ticks)
    {
        // They follow one another: the last one is the newest.
        if (ticks.Count > 0 && StorageTime.From(ticks[^1].Through) > session.Now)
        {
            return FireStatus.Early;
        }

        for (var i = 0; i < ticks.Count; i++)
        {
            if (Ticks.WasRecorded(session, schedule, StorageTime.From(ticks[i].Tick)))
            {
                return FireStatus.Stale;
            }
        }

        return FireStatus.Recorded;
    }
}

internal sealed class RunOperation(string id, JobMessage job) : WriteOperation<bool>
{
    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        if (SchedulePlace.Find(session, id) is not { } schedule)
        {
            Result = false;
            return;
        }

        Result = true;
        Ticks.ForgetEnded(session, schedule.Key);
        if (Ticks.Enqueue(session, schedule.Key, job) == PublishStatus.Accepted
            || !Ticks.WasRunByHand(session, schedule.Key, job.Id))
        {
            // Else it is the same call again.
            Ticks.WriteManual(session, schedule.Key, job.Id);
        }
    }
}

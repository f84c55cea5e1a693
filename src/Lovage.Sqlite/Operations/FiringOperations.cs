using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>
/// Records ticks, their jobs and the schedule's step: of each firing all or nothing, since everything is checked before
/// anything is written.
/// </summary>
internal sealed class RecordOperation(IReadOnlyList<Firing> firings) : WriteOperation<IReadOnlyList<FireStatus>>
{
    /// <summary>
    /// ?1 schedule, ?2 version, ?3 state, ?4 reason, ?5 next tick, ?6 the tick that waits, ?7 the newest tick that was
    /// dealt with, ?8 to ?10 what is added to fired, missed and skipped.
    /// </summary>
    private const string Advance = """
        UPDATE lovage_schedule_course SET version = ?2, state = ?3, reason = ?4, next_tick = ?5, queued_tick = ?6,
          last_tick = ?7, fired = fired + ?8, missed = missed + ?9, skipped = skipped + ?10
        WHERE schedule = ?1
        """;

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
        if (StoredSchedule.Find(session, firing.Id) is not { } schedule)
        {
            return FireStatus.Stale;
        }

        var status = Check(session, schedule, firing);
        if (status != FireStatus.Recorded)
        {
            return status;
        }

        ScheduledJobs.ForgetEnded(session, schedule.Key);
        for (var i = 0; i < firing.Jobs.Count; i++)
        {
            ScheduledJobs.Enqueue(session, schedule.Key, firing.Jobs[i]);
        }

        Ticks.Write(session, schedule, firing);
        var plan = FiringPlan.Of(firing, schedule.LastTick);
        session.Statement(Advance)
            .Bind(1, schedule.Key)
            .Bind(2, session.NextTicket())
            .Bind(3, (long)firing.State)
            .Bind(4, firing.Reason)
            .Bind(5, StorageTime.From(firing.NextTick))
            .Bind(6, StorageTime.From(firing.QueuedTick))
            .Bind(7, plan.LastTick)
            .Bind(8, plan.Fired)
            .Bind(9, plan.Missed)
            .Bind(10, plan.Skipped)
            .Run();
        return FireStatus.Recorded;
    }

    private static FireStatus Check(WriteSession session, in StoredSchedule schedule, Firing firing)
    {
        var status = FiringPlan.Check(firing, schedule.Version, schedule.State, session.Now);
        for (var i = 0; status == FireStatus.Recorded && i < firing.Ticks.Count; i++)
        {
            if (Ticks.WasRecorded(session, schedule, StorageTime.From(firing.Ticks[i].Tick)))
            {
                status = FireStatus.Stale;
            }
        }

        return status;
    }
}

/// <summary>Enqueues a job of a schedule outside of its ticks.</summary>
internal sealed class RunOperation(string id, JobMessage job) : WriteOperation<bool>
{
    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        if (StoredSchedule.Find(session, id) is not { } schedule)
        {
            Result = false;
            return;
        }

        Result = true;
        ScheduledJobs.ForgetEnded(session, schedule.Key);
        if (ScheduledJobs.Enqueue(session, schedule.Key, job) == PublishStatus.Accepted
            || !Ticks.WasRunByHand(session, schedule.Key, job.Id))
        {
            // Else it is the same call again.
            Ticks.WriteManual(session, schedule.Key, job.Id);
        }
    }
}

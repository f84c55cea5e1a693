using Lovage.Protocol;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>What a firing needs of a schedule.</summary>
internal readonly record struct SchedulePlace(
    long Key, long Version, ScheduleState State, long? LastTick, long? QueuedTick)
{
    internal static SchedulePlace? Find(WriteSession session, string id)
    {
        var row = session.Statement(
            "SELECT p.schedule, p.version, p.state, p.last_tick, p.queued_tick FROM schedule s CROSS JOIN "
                + "schedule_course p ON p.schedule = s.key WHERE s.id = ?1")
            .Bind(1, id);
        SchedulePlace? place = row.Read()
            ? new SchedulePlace(
                row.Int64(0), row.Int64(1), (ScheduleState)row.Int32(2), row.Int64OrNull(3), row.Int64OrNull(4))
            : null;
        row.Reset();
        return place;
    }
}

/// <summary>What the writer does to lines of history.</summary>
internal static class Ticks
{
    private static readonly string ForgetEndedSql =
        $"DELETE FROM schedule_open AS o WHERE o.schedule = ?1 AND NOT {TickRow.IsUnfinished}";

    /// <summary>Writes a line, over one that said that the same tick waits.</summary>
    internal static void Write(WriteSession session, long schedule, TickRecord tick) =>
        session.Statement("""
            INSERT INTO tick(schedule, tick, manual, through, count, status, job, recorded_at)
              VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (schedule, tick, manual) DO UPDATE SET through = excluded.through, count = excluded.count,
              status = excluded.status, job = excluded.job, recorded_at = excluded.recorded_at
            """)
            .Bind(1, schedule)
            .Bind(2, StorageTime.From(tick.Tick))
            .Bind(3, StorageTime.From(tick.Through))
            .Bind(4, tick.Count)
            .Bind(5, (long)tick.Status)
            .Bind(6, tick.JobId?.Value)
            .Bind(7, session.Now)
            .Run();

    /// <summary>Writes that somebody ran the schedule; twice in the same instant is still twice.</summary>
    internal static void WriteManual(WriteSession session, long schedule, JobId job)
    {
        var insert = session.Statement("""
            INSERT INTO tick(schedule, tick, manual, through, count, status, job, recorded_at)
              VALUES (?1, ?2, 1, ?2, 1, ?3, ?4, ?5) ON CONFLICT (schedule, tick, manual) DO NOTHING
            """);
        for (var at = session.Now; insert.Bind(1, schedule).Bind(2, at).Bind(3, (long)TickStatus.Manual)
            .Bind(4, job.Value).Bind(5, session.Now).Run() == 0; at++)
        {
        }
    }

    internal static bool WasRunByHand(WriteSession session, long schedule, JobId job)
    {
        var row = session.Statement("SELECT 1 FROM tick WHERE schedule = ?1 AND manual = 1 AND job = ?2 LIMIT 1")
            .Bind(1, schedule)
            .Bind(2, job.Value);
        var found = row.Read();
        row.Reset();
        return found;
    }

    /// <summary>True for a tick that was dealt with, unless it is the one that waits.</summary>
    internal static bool WasRecorded(WriteSession session, in SchedulePlace schedule, long tick)
    {
        if (!(tick <= schedule.LastTick))
        {
            return false;
        }

        if (tick != schedule.QueuedTick)
        {
            return true;
        }

        var row = session.Statement("SELECT status FROM tick WHERE schedule = ?1 AND tick = ?2 AND manual = 0")
            .Bind(1, schedule.Key)
            .Bind(2, tick);
        var found = row.Read() && (TickStatus)row.Int32(0) != TickStatus.Queued;
        row.Reset();
        return found;
    }

    /// <summary>Enqueues a job that counts as unfinished from now on.</summary>
    internal static PublishStatus Enqueue(WriteSession session, long schedule, JobMessage job)
    {
        var status = session.Publish(job, out var key);
        session.Statement(
            "INSERT INTO schedule_open(schedule, job) VALUES (?1, ?2) ON CONFLICT (schedule, job) DO NOTHING")
            .Bind(1, schedule)
            .Bind(2, key)
            .Run();
        return status;
    }

    /// <summary>
    /// Once a firing has seen that a job has ended, it no longer counts, even when somebody puts it back.
    /// </summary>
    internal static void ForgetEnded(WriteSession session, long schedule) =>
        session.Statement(ForgetEndedSql).Bind(1, schedule).Run();
}

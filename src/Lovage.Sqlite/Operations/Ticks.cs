using Lovage.Sqlite.Life;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>What the writer does to lines of history.</summary>
internal static class Ticks
{
    /// <summary>
    /// Writes a line, over one that said that the same tick waits: ?1 schedule, ?2 tick, ?3 the last tick of the row,
    /// ?4 how many the row has, ?5 status, ?6 id of the job, ?7 now.
    /// </summary>
    private const string WriteTick = """
        INSERT INTO lovage_tick(schedule, tick, manual, through, count, status, job, recorded_at)
          VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (schedule, tick, manual) DO UPDATE SET through = excluded.through, count = excluded.count,
          status = excluded.status, job = excluded.job, recorded_at = excluded.recorded_at
        """;

    /// <summary>
    /// Extends the newest line: ?1 schedule, ?2 the last tick that was dealt with, ?3 the last tick of the row, ?4 how
    /// many more the row has, ?5 status, ?6 now. No row is changed when that line is of another kind.
    /// </summary>
    private const string ExtendTick = """
        UPDATE lovage_tick SET through = ?3, count = count + ?4, recorded_at = ?6
        WHERE schedule = ?1 AND manual = 0 AND through = ?2 AND status = ?5 AND tick = (
          SELECT t.tick FROM lovage_tick t WHERE t.schedule = ?1 AND t.manual = 0 ORDER BY t.tick DESC LIMIT 1)
        """;

    /// <summary>
    /// ?1 schedule, ?2 tick, ?3 status, ?4 id of the job, ?5 now. No row is changed when the tick has one.
    /// </summary>
    private const string InsertManual = """
        INSERT INTO lovage_tick(schedule, tick, manual, through, count, status, job, recorded_at)
          VALUES (?1, ?2, 1, ?2, 1, ?3, ?4, ?5) ON CONFLICT (schedule, tick, manual) DO NOTHING
        """;

    private static bool Extend(WriteSession session, long schedule, long last, TickRecord tick) =>
        session.Statement(ExtendTick)
            .Bind(1, schedule)
            .Bind(2, last)
            .Bind(3, StorageTime.From(tick.Through))
            .Bind(4, tick.Count)
            .Bind(5, (long)tick.Status)
            .Bind(6, session.Now)
            .Run() > 0;

    private static void Write(WriteSession session, long schedule, TickRecord tick) =>
        session.Statement(WriteTick)
            .Bind(1, schedule)
            .Bind(2, StorageTime.From(tick.Tick))
            .Bind(3, StorageTime.From(tick.Through))
            .Bind(4, tick.Count)
            .Bind(5, (long)tick.Status)
            .Bind(6, tick.JobId?.Value)
            .Bind(7, session.Now)
            .Run();

    /// <summary>Writes the lines of a firing; neighbours of the same kind become one line.</summary>
    internal static void Write(WriteSession session, in StoredSchedule schedule, Firing firing)
    {
        var isExtended = FiringPlan.MayExtend(firing, schedule.LastTick)
            && Extend(session, schedule.Key, schedule.LastTick!.Value, firing.Ticks[0]);
        for (var i = isExtended ? 1 : 0; i < firing.Ticks.Count; i++)
        {
            Write(session, schedule.Key, firing.Ticks[i]);
        }
    }

    /// <summary>Writes that a person ran the schedule; twice in the same instant is still twice.</summary>
    internal static void WriteManual(WriteSession session, long schedule, JobId job)
    {
        var insert = session.Statement(InsertManual);
        for (var at = session.Now; insert.Bind(1, schedule).Bind(2, at).Bind(3, (long)TickStatus.Manual)
            .Bind(4, job.Value).Bind(5, session.Now).Run() == 0; at++)
        {
        }
    }

    internal static bool WasRunByHand(WriteSession session, long schedule, JobId job)
    {
        var row = session.Statement(
            "SELECT 1 FROM lovage_tick WHERE schedule = ?1 AND manual = 1 AND job = ?2 LIMIT 1")
            .Bind(1, schedule)
            .Bind(2, job.Value);
        var found = row.Read();
        row.Reset();
        return found;
    }

    /// <summary>True for a tick that was dealt with, unless it is the one that waits.</summary>
    internal static bool WasRecorded(WriteSession session, in StoredSchedule schedule, long tick)
    {
        if (!(tick <= schedule.LastTick))
        {
            return false;
        }

        if (tick != schedule.QueuedTick)
        {
            return true;
        }

        var row = session.Statement("SELECT status FROM lovage_tick WHERE schedule = ?1 AND tick = ?2 AND manual = 0")
            .Bind(1, schedule.Key)
            .Bind(2, tick);
        var found = row.Read() && (TickStatus)row.Int32(0) != TickStatus.Queued;
        row.Reset();
        return found;
    }
}

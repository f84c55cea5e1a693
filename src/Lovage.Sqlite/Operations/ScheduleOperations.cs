using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Operations;

/// <summary>
/// Stores a schedule. The result: the new version, null when the stored one is another; and the last tick of a schedule
/// that would come to it again, which is not written.
/// </summary>
internal sealed class SaveOperation(ScheduleRecord schedule) : WriteOperation<(long? Version, long? LastTick)>
{
    /// <summary>?1 schedule, ?2 version, ?3 state, ?4 reason, ?5 next tick, ?6 the tick that waits.</summary>
    private const string SaveCourse = """
        INSERT INTO lovage_schedule_course(schedule, version, state, reason, next_tick, queued_tick)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (schedule) DO UPDATE SET version = excluded.version, state = excluded.state,
          reason = excluded.reason, next_tick = excluded.next_tick, queued_tick = excluded.queued_tick
        """;

    internal override int Weight => 2;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var known = StoredSchedule.Find(session, schedule.Id);
        Result = default;
        if ((known?.Version ?? 0) != schedule.Version)
        {
            return;
        }

        if (StorageTime.From(schedule.NextTick) <= known?.LastTick)
        {
            Result = (null, known.Value.LastTick);
            return;
        }

        var key = known?.Key ?? session.NextTicket();
        var version = session.NextTicket();
        var write = session.Statement(known is null ? ScheduleRow.Insert : ScheduleRow.Update);
        ScheduleRow.Bind(write, key, schedule, session.Words, session.Now);
        write.Run();
        session.Statement(SaveCourse)
            .Bind(1, key)
            .Bind(2, version)
            .Bind(3, (long)schedule.State)
            .Bind(4, schedule.Reason)
            .Bind(5, StorageTime.From(schedule.NextTick))
            .Bind(6, StorageTime.From(schedule.QueuedTick))
            .Run();
        Result = (version, null);
    }
}

/// <summary>Removes a schedule and its history.</summary>
internal sealed class RemoveOperation(string id) : WriteOperation<bool>
{
    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        Result = false;
        if (StoredSchedule.Find(session, id) is { } schedule)
        {
            session.Statement("DELETE FROM lovage_tick WHERE schedule = ?1").Bind(1, schedule.Key).Run();
            session.Statement("DELETE FROM lovage_schedule_open WHERE schedule = ?1").Bind(1, schedule.Key).Run();
            session.Statement("DELETE FROM lovage_schedule_course WHERE schedule = ?1").Bind(1, schedule.Key).Run();
            session.Statement("DELETE FROM lovage_schedule WHERE key = ?1").Bind(1, schedule.Key).Run();
            Result = true;
        }
    }
}

/// <summary>
/// Removes old lines of history, the oldest first, but none whose job has not ended or whose tick still waits.
/// </summary>
internal sealed class PruneTicksOperation(TimeSpan keep, int max) : WriteOperation<int>
{
    /// <summary>
    /// ?1 the time before which lines are old, ?2 lines at the most. Comes back, the oldest first: schedule, tick,
    /// manual. A tick that an operator's change has left behind waits no longer.
    /// </summary>
    private static readonly string Old = $"""
        SELECT t.schedule, t.tick, t.manual FROM lovage_tick t WHERE t.recorded_at < ?1
          AND NOT EXISTS (SELECT 1 FROM lovage_message k CROSS JOIN lovage_schedule_open o
          ON o.schedule = t.schedule AND o.job = k.key WHERE k.id = t.job AND {Sql.IsUnfinished})
          AND NOT (t.status = {StoredNumbers.Of(TickStatus.Queued)} AND EXISTS (SELECT 1 FROM lovage_schedule_course p
          WHERE p.schedule = t.schedule AND p.queued_tick = t.tick))
        ORDER BY t.recorded_at LIMIT ?2
        """;

    internal override int Weight => max;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = 0;
        return Candidates(session, 1).Count > 0;
    }

    internal override void Run(WriteSession session)
    {
        var delete = session.Statement("DELETE FROM lovage_tick WHERE schedule = ?1 AND tick = ?2 AND manual = ?3");
        var old = Candidates(session, max);
        foreach (var (schedule, tick, manual) in old)
        {
            delete.Bind(1, schedule).Bind(2, tick).Bind(3, manual).Run();
        }

        Result = old.Count;
    }

    private List<(long Schedule, long Tick, long Manual)> Candidates(WriteSession session, int count)
    {
        var row = session.Statement(Old).Bind(1, session.Now - keep.Ticks).Bind(2, count);
        var old = new List<(long, long, long)>();
        while (row.Read())
        {
            old.Add((row.Int64(0), row.Int64(1), row.Int64(2)));
        }

        return old;
    }
}

/// <summary>
/// Takes or keeps the lead. As with a claim, a lead from before the host started again has ended, and it need not be on
/// the disk.
/// </summary>
internal sealed class LeadOperation(string owner, TimeSpan lease) : WriteOperation<bool>
{
    /// <summary>
    /// ?1 owner, ?2 boot, ?3 the end of the lead and ?4 now, both by the monotonic clock of that boot in units of 100
    /// ns. No row is changed while another leads.
    /// </summary>
    private const string TakeLead = """
        INSERT INTO lovage_lead(one, owner, boot, until) VALUES (1, ?1, ?2, ?3)
        ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, boot = excluded.boot, until = excluded.until
          WHERE owner = ?1 OR boot <> ?2 OR until <= ?4
        """;

    internal override bool IsDurable => false;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = false;
        var row = session.Statement("SELECT owner, boot, until FROM lovage_lead");
        var isTaken = row.Read()
            && row.Text(0) != owner
            && row.Text(1) == session.Boot
            && row.Int64(2) > session.Monotonic;
        row.Reset();
        return !isTaken;
    }

    internal override void Run(WriteSession session) =>
        Result = session.Statement(TakeLead)
            .Bind(1, owner)
            .Bind(2, session.Boot)
            .Bind(3, StorageTime.Add(session.Monotonic, lease))
            .Bind(4, session.Monotonic)
            .Run() > 0;
}

/// <summary>Gives the lead up.</summary>
internal sealed class ResignOperation(string owner) : WriteOperation<bool>
{
    internal override bool WakesOthers => true;

    internal override bool IsDurable => false;

    internal override void Run(WriteSession session) =>
        Result = session.Statement("DELETE FROM lovage_lead WHERE owner = ?1").Bind(1, owner).Run() > 0;
}

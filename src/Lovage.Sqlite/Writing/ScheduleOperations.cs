using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// The result: the new version, null when the stored one is another; and the last tick of a schedule that would come to
/// it again, which is not written.
/// </summary>
internal sealed class SaveOperation(ScheduleRecord schedule) : WriteOperation<(long? Version, long? LastTick)>
{
    internal override int Weight => 2;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var known = SchedulePlace.Find(session, schedule.Id);
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
        session.Statement("""
            INSERT INTO schedule_course(schedule, version, state, reason, next_tick, queued_tick)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (schedule) DO UPDATE SET version = excluded.version, state = excluded.state,
              reason = excluded.reason, next_tick = excluded.next_tick, queued_tick = excluded.queued_tick
            """)
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

internal sealed class RemoveOperation(string id) : WriteOperation<bool>
{
    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        Result = false;
        if (SchedulePlace.Find(session, id) is { } schedule)
        {
            session.Statement("DELETE FROM tick WHERE schedule = ?1").Bind(1, schedule.Key).Run();
            session.Statement("DELETE FROM schedule_open WHERE schedule = ?1").Bind(1, schedule.Key).Run();
            session.Statement("DELETE FROM schedule_course WHERE schedule = ?1").Bind(1, schedule.Key).Run();
            session.Statement("DELETE FROM schedule WHERE key = ?1").Bind(1, schedule.Key).Run();
            Result = true;
        }
    }
}

/// <summary>
/// Removes old lines of history, the oldest first, but none whose job has not ended or whose tick still waits.
/// </summary>
internal sealed class PruneTicksOperation(TimeSpan keep, int max) : WriteOperation<int>
{
    // Status 1: queued. One that an operator's change has left behind waits no longer.
    private static readonly string Old = $"""
        SELECT t.schedule, t.tick, t.manual FROM tick t WHERE t.recorded_at < ?1
          AND NOT EXISTS (SELECT 1 FROM job k CROSS JOIN schedule_open o ON o.schedule = t.schedule AND o.job = k.key
          WHERE k.id = t.job AND {TickRow.IsUnfinished})
          AND NOT (t.status = 1 AND EXISTS (SELECT 1 FROM schedule_course p
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
        var delete = session.Statement("DELETE FROM tick WHERE schedule = ?1 AND tick = ?2 AND manual = ?3");
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
/// Takes or keeps the lead. As with a claim, one from before the host was started again has ended, and nothing hangs on
/// a flush.
/// </summary>
internal sealed class LeadOperation(string owner, TimeSpan lease) : WriteOperation<bool>
{
    internal override bool IsDurable => false;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = false;
        var row = session.Statement("SELECT owner, boot, until FROM lead");
        var isTaken = row.Read()
            && row.Text(0) != owner
            && row.Text(1) == session.BootId
            && row.Int64(2) > session.Monotonic;
        row.Reset();
        return !isTaken;
    }

    internal override void Run(WriteSession session) =>
        Result = session.Statement("""
            INSERT INTO lead(one, owner, boot, until) VALUES (1, ?1, ?2, ?3)
            ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, boot = excluded.boot, until = excluded.until
              WHERE owner = ?1 OR boot <> ?2 OR until <= ?4
            """)
            .Bind(1, owner)
            .Bind(2, session.BootId)
            .Bind(3, StorageClock.Add(session.Monotonic, lease))
            .Bind(4, session.Monotonic)
            .Run() > 0;
}

internal sealed class ResignOperation(string owner) : WriteOperation<bool>
{
    internal override bool WakesOthers => true;

    internal override bool IsDurable => false;

    internal override void Run(WriteSession session) =>
        Result = session.Statement("DELETE FROM lead WHERE owner = ?1").Bind(1, owner).Run() > 0;
}

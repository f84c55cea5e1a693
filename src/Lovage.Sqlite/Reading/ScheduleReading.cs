using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads schedules, what is due of them, and their history.</summary>
internal static class ScheduleReading
{
    private const string Select = $"""
        SELECT {ScheduleRow.Columns} FROM lovage_schedule s
          CROSS JOIN lovage_schedule_course p ON p.schedule = s.key
        """;

    /// <summary>?1 id, ?2 lines at the most.</summary>
    private const string SelectHistory = $"""
        SELECT {ScheduleRow.TickColumns} FROM lovage_tick t
        WHERE t.schedule = (SELECT key FROM lovage_schedule WHERE id = ?1) ORDER BY t.tick DESC, t.manual DESC LIMIT ?2
        """;

    /// <summary>?1 now. Comes back: the next tick of all after it.</summary>
    internal static readonly string NextTick = $"""
        SELECT next_tick FROM lovage_schedule_course WHERE state = {Active} AND next_tick > ?1
        ORDER BY next_tick LIMIT 1
        """;

    /// <summary>A row comes back when a tick waits for the job before it.</summary>
    internal static readonly string AnyQueued =
        $"SELECT 1 FROM lovage_schedule_course WHERE state = {Active} AND queued_tick IS NOT NULL LIMIT 1";

    /// <summary>
    /// ?1 now, ?2 schedules at the most. Comes back, the longest due first: the schedule, then how many of its jobs
    /// have not ended.
    /// </summary>
    internal static readonly string DueByTick = $"""
        SELECT {ScheduleRow.Columns}, (SELECT count(*) FROM lovage_schedule_open o
          WHERE o.schedule = p.schedule AND {Sql.IsUnfinished})
        FROM lovage_schedule_course p CROSS JOIN lovage_schedule s ON s.key = p.schedule
        WHERE p.state = {Active} AND p.next_tick <= ?1 ORDER BY p.next_tick LIMIT ?2
        """;

    /// <summary>
    /// ?1 schedules at the most. Comes back, the longest queued first: schedules whose tick may run now.
    /// </summary>
    internal static readonly string DueByQueue = $"""
        SELECT {ScheduleRow.Columns} FROM lovage_schedule_course p CROSS JOIN lovage_schedule s ON s.key = p.schedule
        WHERE p.state = {Active} AND p.queued_tick IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lovage_schedule_open o
          WHERE o.schedule = p.schedule AND {Sql.IsUnfinished})
        ORDER BY p.queued_tick LIMIT ?1
        """;

    /// <summary>As the indexes have it.</summary>
    private static string Active => StoredNumbers.Of(ScheduleState.Active);

    internal static ScheduleRecord? Find(Reader reader, string id)
    {
        var row = reader.Statement($"{Select} WHERE s.id = ?1").Bind(1, id);
        var schedule = row.Read() ? ScheduleColumns.Read(reader.Row(row)) : null;
        row.Reset();
        return schedule;
    }

    internal static IReadOnlyList<ScheduleRecord> List(Reader reader, string? after, int limit)
    {
        var row = reader.Statement($"{Select} WHERE s.id > ?1 ORDER BY s.id LIMIT ?2")
            .Bind(1, after ?? "")
            .Bind(2, limit);
        var schedules = new List<ScheduleRecord>();
        while (row.Read())
        {
            schedules.Add(ScheduleColumns.Read(reader.Row(row)));
        }

        return schedules;
    }

    internal static long Count(Reader reader) =>
        First(reader, "SELECT count(*) FROM lovage_schedule_course", null) ?? 0;

    internal static DueResult Due(Reader reader, long now, int max)
    {
        var due = new List<(long At, DueSchedule Schedule)>();
        var isAnyQueued = First(reader, AnyQueued, null) is not null;
        if (isAnyQueued)
        {
            AddQueued(reader, max + 1, due);
        }

        AddDue(reader, now, max + 1, due);
        due.Sort(static (a, b) => a.At.CompareTo(b.At));

        // One more than wanted tells that there are more.
        TimeSpan? untilNext = due.Count > max ? TimeSpan.Zero
            : First(reader, NextTick, now) is { } next ? TimeSpan.FromTicks(next - now)
            : null;
        return new DueResult(
            StorageTime.To(now), [.. due.Take(max).Select(static item => item.Schedule)], untilNext, isAnyQueued);
    }

    internal static IReadOnlyList<TickRecord> History(Reader reader, string id, int limit)
    {
        var row = reader.Statement(SelectHistory);
        row.Bind(1, id).Bind(2, limit);
        var ticks = new List<TickRecord>();
        while (row.Read())
        {
            ticks.Add(ScheduleColumns.ReadTick(reader.Row(row)));
        }

        return ticks;
    }

    private static void AddQueued(Reader reader, int count, List<(long At, DueSchedule Schedule)> due)
    {
        var row = reader.Statement(DueByQueue).Bind(1, count);
        while (row.Read())
        {
            var schedule = ScheduleColumns.Read(reader.Row(row));
            due.Add((StorageTime.From(schedule.QueuedTick!.Value), new DueSchedule(schedule, 0)));
        }
    }

    private static void AddDue(Reader reader, long now, int count, List<(long At, DueSchedule Schedule)> due)
    {
        var queued = due.Select(static item => item.Schedule.Schedule.Id).ToHashSet(StringComparer.Ordinal);
        var row = reader.Statement(DueByTick).Bind(1, now).Bind(2, count);
        while (row.Read())
        {
            var schedule = ScheduleColumns.Read(reader.Row(row));
            if (!queued.Contains(schedule.Id))
            {
                due.Add((StorageTime.From(schedule.NextTick!.Value), new DueSchedule(
                    schedule, row.Int32(ScheduleColumns.Count))));
            }
        }
    }

    private static long? First(Reader reader, string sql, long? value)
    {
        var row = reader.Statement(sql);
        if (value is { } parameter)
        {
            row.Bind(1, parameter);
        }

        long? found = row.Read() ? row.Int64(0) : null;
        row.Reset();
        return found;
    }
}

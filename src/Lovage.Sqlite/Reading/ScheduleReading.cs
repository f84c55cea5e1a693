using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads schedules, what is due of them, and their history.</summary>
internal static class ScheduleReading
{
    internal const string NextTick =
        "SELECT next_tick FROM schedule_course WHERE state = 0 AND next_tick > ?1 ORDER BY next_tick LIMIT 1";
    internal const string AnyQueued =
        "SELECT 1 FROM schedule_course WHERE state = 0 AND queued_tick IS NOT NULL LIMIT 1";

    /// <summary>State 0: active, as the indexes have it.</summary>
    internal static readonly string DueByTick = $"""
        SELECT {ScheduleRow.Columns}, (SELECT count(*) FROM schedule_open o
          WHERE o.schedule = p.schedule AND {TickRow.IsUnfinished})
        FROM schedule_course p CROSS JOIN schedule s ON s.key = p.schedule
        WHERE p.state = 0 AND p.next_tick <= ?1 ORDER BY p.next_tick LIMIT ?2
        """;

    internal static readonly string DueByQueue = $"""
        SELECT {ScheduleRow.Columns} FROM schedule_course p CROSS JOIN schedule s ON s.key = p.schedule
        WHERE p.state = 0 AND p.queued_tick IS NOT NULL AND NOT EXISTS (SELECT 1 FROM schedule_open o
          WHERE o.schedule = p.schedule AND {TickRow.IsUnfinished})
        ORDER BY p.queued_tick LIMIT ?1
        """;

    private const string Select =
        $"SELECT {ScheduleRow.Columns} FROM schedule s CROSS JOIN schedule_course p ON p.schedule = s.key";

    internal static ScheduleRecord? Find(Reader reader, string id)
    {
        var row = reader.Statement($"{Select} WHERE s.id = ?1").Bind(1, id);
        var schedule = row.Read() ? ScheduleRow.Read(row, reader.Words) : null;
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
            schedules.Add(ScheduleRow.Read(row, reader.Words));
        }

        return schedules;
    }

    internal static long Count(Reader reader) => First(reader, "SELECT count(*) FROM schedule_course", null) ?? 0;

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
        var row = reader.Statement(
            $"SELECT {TickRow.Columns} FROM tick t WHERE t.schedule = (SELECT key FROM schedule WHERE id = ?1) ORDER "
                + "BY t.tick DESC, t.manual DESC LIMIT ?2");
        row.Bind(1, id).Bind(2, limit);
        var ticks = new List<TickRecord>();
        while (row.Read())
        {
            ticks.Add(TickRow.Read(row));
        }

        return ticks;
    }

    private static void AddQueued(Reader reader, int count, List<(long At, DueSchedule Schedule)> due)
    {
        var row = reader.Statement(DueByQueue).Bind(1, count);
        while (row.Read())
        {
            var schedule = ScheduleRow.Read(row, reader.Words);
            due.Add((StorageTime.From(schedule.QueuedTick!.Value), new DueSchedule(schedule, 0)));
        }
    }

    private static void AddDue(Reader reader, long now, int count, List<(long At, DueSchedule Schedule)> due)
    {
        var queued = due.Select(static item => item.Schedule.Schedule.Id).ToHashSet(StringComparer.Ordinal);
        var row = reader.Statement(DueByTick).Bind(1, now).Bind(2, count);
        while (row.Read())
        {
            var schedule = ScheduleRow.Read(row, reader.Words);
            if (!queued.Contains(schedule.Id))
            {
                due.Add((StorageTime.From(schedule.NextTick!.Value), new DueSchedule(
                    schedule, row.Int32(ScheduleRow.ColumnCount))));
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

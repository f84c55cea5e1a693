using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Reads schedules, what is due of them, and their history.</summary>
internal sealed class ScheduleReading(SchemaName schema)
{
    // Comes back: the columns of schedules.
    private const string Select =
        $"SELECT {ScheduleRow.Columns} FROM lovage.schedule m JOIN lovage.schedule_course p ON p.schedule = m.key "
            + $"{MessageRow.Words}";

    // $1: the time. Comes back: the next tick that lies ahead, whether a tick waits for the job before it.
    private static readonly string NextAndQueued = $"""
        SELECT (SELECT min(next_tick) FROM lovage.schedule_course
            WHERE state = {Schedules.Active} AND next_tick > $1),
          EXISTS (SELECT 1 FROM lovage.schedule_course WHERE state = {Schedules.Active} AND queued_tick IS NOT NULL)
        """;

    // $1: the id, $2: lines at the most. Comes back: lines, newest first.
    private const string History = $"""
        SELECT {ScheduleRow.TickColumns} FROM lovage.tick t WHERE t.schedule = (SELECT key FROM lovage.schedule
          WHERE id = $1) ORDER BY t.tick DESC, t.manual DESC LIMIT $2
        """;

    // $1: the time. Comes back: the time.
    private const string Now = $"SELECT {Sql.Now}";

    // $1: the time, $2: schedules at the most. Comes back for each: its columns, and how many of its jobs have not
    // ended.
    private static readonly string DueByTick = $"""
        SELECT {ScheduleRow.Columns}, (SELECT count(*) FROM lovage.schedule_open o
          WHERE o.schedule = p.schedule AND {Sql.IsUnfinished})
        FROM lovage.schedule_course p JOIN lovage.schedule m ON m.key = p.schedule {MessageRow.Words}
          WHERE p.state = {Schedules.Active} AND p.next_tick <= $1 ORDER BY p.next_tick, m.id LIMIT $2
        """;

    // $1: schedules at the most. Comes back for each: its columns.
    private static readonly string DueByQueue = $"""
        SELECT {ScheduleRow.Columns} FROM lovage.schedule_course p
          JOIN lovage.schedule m ON m.key = p.schedule {MessageRow.Words}
        WHERE p.state = {Schedules.Active} AND p.queued_tick IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM lovage.schedule_open o WHERE o.schedule = p.schedule AND {Sql.IsUnfinished})
        ORDER BY p.queued_tick, m.id LIMIT $1
        """;

    internal async Task<ScheduleRecord?> FindAsync(
        NpgsqlConnection connection, string id, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql($"{Select} WHERE m.id = $1")).Add(id), cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? ScheduleColumns.Read(new Row(rows)) : null;
    }

    internal async Task<IReadOnlyList<ScheduleRecord>> ListAsync(
        NpgsqlConnection connection, string? after, int limit, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql($"{Select} WHERE m.id > $1 ORDER BY m.id LIMIT $2"))
                .Add(after ?? "")
                .Add((long)limit),
            cancellationToken);
        var row = new Row(rows);
        var schedules = new List<ScheduleRecord>();
        while (await rows.ReadAsync(cancellationToken))
        {
            schedules.Add(ScheduleColumns.Read(row));
        }

        return schedules;
    }

    internal Task<long> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ScalarAsync<long>(
            new Statement(schema.Sql("SELECT count(*) FROM lovage.schedule_course")), cancellationToken);

    internal async Task<DueResult> DueAsync(
        NpgsqlConnection connection, int max, long? clock, CancellationToken cancellationToken)
    {
        var now = await connection.ScalarAsync<long>(new Statement(Now).Add(clock), cancellationToken);
        await using var batch = connection.Batch(
            new Statement(schema.Sql(NextAndQueued)).Add(now),
            new Statement(schema.Sql(DueByQueue)).Add(max + 1L),
            new Statement(schema.Sql(DueByTick)).Add(now).Add(max + 1L));
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        var (next, isAnyQueued) = (rows.Int64OrNull(0), rows.GetBoolean(1));

        var due = new List<(long At, DueSchedule Schedule)>();
        await rows.NextResultAsync(cancellationToken);
        var row = new Row(rows);
        while (await rows.ReadAsync(cancellationToken))
        {
            var schedule = ScheduleColumns.Read(row);
            due.Add((StorageTime.From(schedule.QueuedTick!.Value), new DueSchedule(schedule, 0)));
        }

        var queued = due.Select(static item => item.Schedule.Schedule.Id).ToHashSet(StringComparer.Ordinal);
        await rows.NextResultAsync(cancellationToken);
        row = new Row(rows);
        while (await rows.ReadAsync(cancellationToken))
        {
            var schedule = ScheduleColumns.Read(row);
            if (!queued.Contains(schedule.Id))
            {
                due.Add((StorageTime.From(schedule.NextTick!.Value), new DueSchedule(
                    schedule, row.Int32(ScheduleColumns.Count))));
            }
        }

        due.Sort(static (a, b) => a.At.CompareTo(b.At));

        // One more than wanted tells that there are more.
        TimeSpan? untilNext = due.Count > max ? TimeSpan.Zero : next is { } at ? TimeSpan.FromTicks(at - now) : null;
        return new DueResult(
            StorageTime.To(now), [.. due.Take(max).Select(static item => item.Schedule)], untilNext, isAnyQueued);
    }

    internal async Task<IReadOnlyList<TickRecord>> HistoryAsync(
        NpgsqlConnection connection, string id, int limit, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(History)).Add(id).Add((long)limit), cancellationToken);
        var row = new Row(rows);
        var ticks = new List<TickRecord>();
        while (await rows.ReadAsync(cancellationToken))
        {
            ticks.Add(ScheduleColumns.ReadTick(row));
        }

        return ticks;
    }
}

using Lovage.PostgreSql.Commands;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>
/// A schedule as columns of <c>schedule</c> and <c>schedule_course</c>, and a line of its history as one of
/// <c>tick</c>, both ways.
/// </summary>
internal static class ScheduleRow
{
    /// <summary>
    /// Of <c>schedule m</c> with the words of its job and <c>schedule_course p</c>; first those of the job, as
    /// <see cref="MessageRow"/> reads them.
    /// </summary>
    internal const string Columns = """
        m.job, n.text, q.text, m.priority, m.flags, m.retries, m.created_at, m.delay, m.eta, m.expires, m.max_attempts,
        m.body, m.more, m.extra, o.text,
        m.id, m.trigger, m.app, m.digest, m.edited, m.misfire, m.grace, m.catch_up_max, m.overlap, m.overlap_max,
        m.jitter,
        p.version, p.state, p.reason, p.next_tick, p.last_tick, p.queued_tick, p.fired, p.missed, p.skipped
        """;

    internal const int ColumnCount = 35;

    internal const string TickColumns = "t.tick, t.through, t.count, t.status, t.job, t.recorded_at";

    private const int CreatedAt = MessageRow.EnqueuedAt;
    private const int First = MessageRow.ColumnCount;

    /// <summary>The columns of a schedule: those of its job, then its own with its id as <c>schedule</c>.</summary>
    internal static Input<ScheduleRecord> Input() => new Input<ScheduleRecord>()
        .Include(MessageRow.Input(), static schedule => schedule.Job)
        .Text("schedule", static schedule => schedule.Id)
        .Text("trigger", static schedule => schedule.Trigger)
        .Text("app", static schedule => schedule.App)
        .Text("digest", static schedule => schedule.CodeDigest)
        .Boolean("edited", static schedule => schedule.IsEdited)
        .Int16("misfire", static schedule => (short)schedule.Policy.Misfire)
        .Int64OrNull("grace", static schedule => schedule.Policy.Grace?.Ticks)
        .Int32("catch_up_max", static schedule => schedule.Policy.CatchUpMax)
        .Int16("overlap", static schedule => (short)schedule.Policy.Overlap)
        .Int32("overlap_max", static schedule => schedule.Policy.OverlapMax)
        .Int64("jitter", static schedule => schedule.Policy.Jitter.Ticks);

    internal static ScheduleRecord Read(NpgsqlDataReader row) => new()
    {
        Job = MessageRow.Read(row, 0),
        CreatedAt = StorageTime.To(row.GetInt64(CreatedAt)),
        Id = row.GetString(First),
        Trigger = row.GetString(First + 1),
        App = row.TextOrNull(First + 2),
        CodeDigest = row.TextOrNull(First + 3),
        IsEdited = row.GetBoolean(First + 4),
        Policy = new SchedulePolicy
        {
            Misfire = (MisfireRule)row.GetInt16(First + 5),
            Grace = row.Int64OrNull(First + 6) is { } grace ? new TimeSpan(grace) : null,
            CatchUpMax = row.GetInt32(First + 7),
            Overlap = (OverlapRule)row.GetInt16(First + 8),
            OverlapMax = row.GetInt32(First + 9),
            Jitter = new TimeSpan(row.GetInt64(First + 10)),
        },
        Version = row.GetInt64(First + 11),
        State = (ScheduleState)row.GetInt16(First + 12),
        Reason = row.TextOrNull(First + 13),
        NextTick = StorageTime.To(row.Int64OrNull(First + 14)),
        LastTick = StorageTime.To(row.Int64OrNull(First + 15)),
        QueuedTick = StorageTime.To(row.Int64OrNull(First + 16)),
        Fired = row.GetInt64(First + 17),
        Missed = row.GetInt64(First + 18),
        Skipped = row.GetInt64(First + 19),
    };

    internal static TickRecord ReadTick(NpgsqlDataReader row) =>
        new(StorageTime.To(row.GetInt64(0)), (TickStatus)row.GetInt16(3))
        {
            Through = StorageTime.To(row.GetInt64(1)),
            Count = row.GetInt64(2),
            JobId = row.IsDBNull(4) ? null : JobId.Parse(row.GetString(4)),
            RecordedAt = StorageTime.To(row.GetInt64(5)),
        };
}

using Lovage.PostgreSql.Commands;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.PostgreSql.Schema;

/// <summary>A schedule as columns of <c>schedule</c> and <c>schedule_course</c>, and a line of its history.</summary>
internal static class ScheduleRow
{
    /// <summary>
    /// Of <c>schedule m</c> with the words of its job and <c>schedule_course p</c>, as
    /// <see cref="ScheduleColumns.Read"/> reads them.
    /// </summary>
    internal const string Columns = """
        m.job, n.text, q.text, m.priority, m.flags, m.retries, m.created_at, m.delay, m.eta, m.expires, m.max_attempts,
        m.body, m.more, m.extra, o.text,
        m.id, m.trigger, m.app, m.digest, m.code_version, m.edited, m.misfire, m.grace, m.catch_up_max, m.overlap,
        m.overlap_max, m.jitter,
        p.version, p.state, p.reason, p.next_tick, p.last_tick, p.queued_tick, p.fired, p.missed, p.skipped
        """;

    /// <summary>Of <c>tick t</c>, as <see cref="ScheduleColumns.ReadTick"/> reads them.</summary>
    internal const string TickColumns = "t.tick, t.through, t.count, t.status, t.job, t.recorded_at";

    /// <summary>The columns of a schedule: those of its job, then its own with its id as <c>schedule</c>.</summary>
    internal static Input<ScheduleRecord> Input() => new Input<ScheduleRecord>()
        .Include(MessageRow.Input(), static schedule => schedule.Job)
        .Text("schedule", static schedule => schedule.Id)
        .Text("trigger", static schedule => schedule.Trigger)
        .Text("app", static schedule => schedule.App)
        .Text("digest", static schedule => schedule.CodeDigest)
        .Text("code_version", static schedule => schedule.CodeVersion)
        .Boolean("edited", static schedule => schedule.IsEdited)
        .Int16("misfire", static schedule => (short)schedule.Policy.Misfire)
        .Int64OrNull("grace", static schedule => schedule.Policy.Grace?.Ticks)
        .Int32("catch_up_max", static schedule => schedule.Policy.CatchUpMax)
        .Int16("overlap", static schedule => (short)schedule.Policy.Overlap)
        .Int32("overlap_max", static schedule => schedule.Policy.OverlapMax)
        .Int64("jitter", static schedule => schedule.Policy.Jitter.Ticks);
}

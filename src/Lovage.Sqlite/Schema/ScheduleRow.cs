using Lovage.Sqlite.Native;
using Lovage.Storage;

namespace Lovage.Sqlite.Schema;

/// <summary>
/// Writes a schedule as columns of <c>lovage_schedule</c>, and names those that <see
/// cref="Storage.Columns.ScheduleColumns"/> reads.
/// </summary>
internal static class ScheduleRow
{
    /// <summary>
    /// ?1 key, ?2 to ?16 the job as <see cref="MessageRow.Bind"/> binds it with the time of creation, ?17 id, ?18
    /// trigger, ?19 app, ?20 digest, ?21 code_version, ?22 edited, ?23 misfire, ?24 grace, ?25 catch_up_max, ?26
    /// overlap, ?27 overlap_max, ?28 jitter.
    /// </summary>
    internal const string Insert = """
        INSERT INTO lovage_schedule(key, job, name, queue, priority, flags, retries, created_at, delay, eta, expires,
          max_attempts, body, more, extra, origin,
          id, trigger, app, digest, code_version, edited, misfire, grace, catch_up_max, overlap, overlap_max, jitter)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
          ?23, ?24, ?25, ?26, ?27, ?28)
        """;

    /// <summary>With the parameters of <see cref="Insert"/>; id and time of creation stay.</summary>
    internal const string Update = """
        UPDATE lovage_schedule SET job = ?2, name = ?3, queue = ?4, priority = ?5, flags = ?6, retries = ?7, delay = ?9,
          eta = ?10, expires = ?11, max_attempts = ?12, body = ?13, more = ?14, extra = ?15,
          origin = ?16, trigger = ?18, app = ?19, digest = ?20, code_version = ?21, edited = ?22, misfire = ?23,
          grace = ?24, catch_up_max = ?25, overlap = ?26, overlap_max = ?27, jitter = ?28 WHERE key = ?1
        """;

    /// <summary>
    /// Of <c>lovage_schedule s</c> and <c>lovage_schedule_course p</c>, first those of the job.
    /// </summary>
    internal const string Columns = """
        s.job, s.name, s.queue, s.priority, s.flags, s.retries, s.created_at, s.delay, s.eta, s.expires, s.max_attempts,
        s.body, s.more, s.extra, s.origin,
        s.id, s.trigger, s.app, s.digest, s.code_version, s.edited, s.misfire, s.grace, s.catch_up_max, s.overlap,
        s.overlap_max, s.jitter,
        p.version, p.state, p.reason, p.next_tick, p.last_tick, p.queued_tick, p.fired, p.missed, p.skipped
        """;

    /// <summary>Of <c>lovage_tick t</c>.</summary>
    internal const string TickColumns = "t.tick, t.through, t.count, t.status, t.job, t.recorded_at";

    internal static void Bind(SqliteStatement statement, long key, ScheduleRecord schedule, WordWriter words, long now)
    {
        // Words first: looking one up may fail, and then nothing is bound.
        var job = schedule.Job;
        long? origin = job.Origin is null ? null : words.Id(job.Origin);
        long? app = schedule.App is null ? null : words.Id(schedule.App);
        MessageRow.Bind(statement.Bind(1, key), job, words.Id(job.Name), words.Id(job.Queue), now, origin);
        var policy = schedule.Policy;
        statement.Bind(17, schedule.Id)
            .Bind(18, schedule.Trigger)
            .Bind(19, app)
            .Bind(20, schedule.CodeDigest)
            .Bind(21, schedule.CodeVersion)
            .Bind(22, schedule.IsEdited ? 1L : 0L)
            .Bind(23, (long)policy.Misfire)
            .Bind(24, policy.Grace?.Ticks)
            .Bind(25, policy.CatchUpMax)
            .Bind(26, (long)policy.Overlap)
            .Bind(27, policy.OverlapMax)
            .Bind(28, policy.Jitter.Ticks);
    }
}

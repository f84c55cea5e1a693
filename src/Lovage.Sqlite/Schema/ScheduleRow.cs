using Lovage.Sqlite.Native;
using Lovage.Storage;

namespace Lovage.Sqlite.Schema;

/// <summary>A schedule as columns of <c>schedule</c> and <c>schedule_course</c>, both ways.</summary>
internal static class ScheduleRow
{
    internal const string Insert = """
        INSERT INTO schedule(key, job, name, queue, priority, flags, retries, created_at, delay, eta, expires,
          max_attempts, body, more, extra, origin,
          id, trigger, app, digest, edited, misfire, grace, catch_up_max, overlap, overlap_max, jitter)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
          ?23, ?24, ?25, ?26, ?27)
        """;

    /// <summary>With the parameters of <see cref="Insert"/>; id and time of creation stay.</summary>
    internal const string Update = """
        UPDATE schedule SET job = ?2, name = ?3, queue = ?4, priority = ?5, flags = ?6, retries = ?7, delay = ?9,
          eta = ?10, expires = ?11, max_attempts = ?12, body = ?13, more = ?14, extra = ?15,
          origin = ?16, trigger = ?18, app = ?19, digest = ?20, edited = ?21, misfire = ?22, grace = ?23,
          catch_up_max = ?24, overlap = ?25, overlap_max = ?26, jitter = ?27 WHERE key = ?1
        """;

    /// <summary>
    /// Of <c>schedule s</c> and <c>schedule_course p</c>; first those of the job, as <see cref="MessageRow"/> reads
    /// them.
    /// </summary>
    internal const string Columns = """
        s.job, s.name, s.queue, s.priority, s.flags, s.retries, s.created_at, s.delay, s.eta, s.expires, s.max_attempts,
        s.body, s.more, s.extra, s.origin,
        s.id, s.trigger, s.app, s.digest, s.edited, s.misfire, s.grace, s.catch_up_max, s.overlap, s.overlap_max,
        s.jitter,
        p.version, p.state, p.reason, p.next_tick, p.last_tick, p.queued_tick, p.fired, p.missed, p.skipped
        """;

    internal const int ColumnCount = 35;

    private const int CreatedAt = 6;
    private const int First = Sql.JobColumnCount;

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
            .Bind(21, schedule.IsEdited ? 1L : 0L)
            .Bind(22, (long)policy.Misfire)
            .Bind(23, policy.Grace?.Ticks)
            .Bind(24, policy.CatchUpMax)
            .Bind(25, (long)policy.Overlap)
            .Bind(26, policy.OverlapMax)
            .Bind(27, policy.Jitter.Ticks);
    }

    internal static ScheduleRecord Read(SqliteStatement row, WordLookup words) => new()
    {
        Job = MessageRow.Read(row, 0, words, retries: null),
        CreatedAt = StorageTime.To(row.Int64(CreatedAt)),
        Id = row.Text(First),
        Trigger = row.Text(First + 1),
        App = row.IsNull(First + 2) ? null : words.Text(row.Int64(First + 2)),
        CodeDigest = row.TextOrNull(First + 3),
        IsEdited = row.Int64(First + 4) != 0,
        Policy = new SchedulePolicy
        {
            Misfire = (MisfireRule)row.Int32(First + 5),
            Grace = row.Int64OrNull(First + 6) is { } grace ? new TimeSpan(grace) : null,
            CatchUpMax = row.Int32(First + 7),
            Overlap = (OverlapRule)row.Int32(First + 8),
            OverlapMax = row.Int32(First + 9),
            Jitter = new TimeSpan(row.Int64(First + 10)),
        },
        Version = row.Int64(First + 11),
        State = (ScheduleState)row.Int32(First + 12),
        Reason = row.TextOrNull(First + 13),
        NextTick = StorageTime.To(row.Int64OrNull(First + 14)),
        LastTick = StorageTime.To(row.Int64OrNull(First + 15)),
        QueuedTick = StorageTime.To(row.Int64OrNull(First + 16)),
        Fired = row.Int64(First + 17),
        Missed = row.Int64(First + 18),
        Skipped = row.Int64(First + 19),
    };
}

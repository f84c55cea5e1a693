using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Schema;

/// <summary>
/// The statements of the hot paths, shared with the benchmark's baseline so that the two cannot drift apart.
/// </summary>
/// <remarks>Times are in units of 100 ns since 1970; names, queues, workers and boots are numbers of words.</remarks>
internal static class Sql
{
    internal const string Begin = "BEGIN IMMEDIATE";
    internal const string Commit = "COMMIT";
    internal const string Rollback = "ROLLBACK";

    /// <summary>
    /// Comes back: the last ticket, how many ended jobs are kept, and the hour up to which <c>lovage_counter</c>
    /// counts.
    /// </summary>
    internal const string ReadMeta = "SELECT ticket, ended, hour FROM lovage_meta";

    /// <summary>?1 the last ticket, ?2 how many ended jobs are kept, ?3 the hour.</summary>
    internal const string WriteMeta = "UPDATE lovage_meta SET ticket = ?1, ended = ?2, hour = ?3";

    /// <summary>
    /// ?1 key, ?2 to ?16 as <see cref="MessageRow.Bind"/> binds them. No row is changed when the id is known.
    /// </summary>
    internal const string InsertMessage = """
        INSERT INTO lovage_message(key, id, name, queue, priority, flags, retries, enqueued_at, delay, eta, expires,
          max_attempts, body, more, extra, origin)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT (id) DO NOTHING
        """;

    /// <summary>?1 kind, ?2 text, ?3 key. A message may say the same twice.</summary>
    internal const string InsertMark =
        "INSERT INTO lovage_mark(kind, text, job) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

    /// <summary>?1 block, ?2 kind, ?3 word. Another process may have written it.</summary>
    internal const string InsertBlock =
        "INSERT INTO lovage_block(block, kind, word) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

    /// <summary>?1 id, ?2 name, ?3 body. Comes back: whether name and body are those of the stored message.</summary>
    internal const string IsSameMessage = "SELECT name = ?2 AND body = ?3 FROM lovage_message WHERE id = ?1";

    /// <summary>
    /// ?1 queue, ?2 lane, ?3 priority, ?4 place, ?5 key, ?6 when it became ready (NULL: when it was accepted), ?7
    /// whether <c>lovage_course</c> has a row.
    /// </summary>
    internal const string InsertReady =
        "INSERT INTO lovage_ready(queue, lane, priority, seq, job, ready_at, again) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    /// <summary>?1 queue, ?2 due time, ?3 key, ?4 priority.</summary>
    internal const string InsertDelayed =
        "INSERT INTO lovage_delayed(queue, due, job, priority) VALUES (?1, ?2, ?3, ?4)";

    /// <summary>Of <c>lovage_message m</c>, as <see cref="Storage.MessageColumns.Read"/> reads them.</summary>
    internal const string MessageColumns =
        "m.id, m.name, m.queue, m.priority, m.flags, m.retries, m.enqueued_at, m.delay, m.eta, m.expires, "
            + "m.max_attempts, m.body, m.more, m.extra, m.origin";

    /// <summary>
    /// ?1 queue, ?2 lane, ?3 jobs at the most. Comes back, in the order in which jobs run: the message, then priority,
    /// place, key, when it became ready, whether <c>lovage_course</c> has a row.
    /// </summary>
    internal const string SelectReady = $"""
        SELECT {MessageColumns}, r.priority, r.seq, r.job, r.ready_at, r.again FROM lovage_ready r CROSS
          JOIN lovage_message m ON m.key = r.job
        WHERE r.queue = ?1 AND r.lane = ?2 ORDER BY r.priority, r.seq LIMIT ?3
        """;

    /// <summary>?1 queue, ?2 lane, ?3 and ?4 priority and place of the last that goes.</summary>
    internal const string DeleteReadyUpTo =
        "DELETE FROM lovage_ready WHERE queue = ?1 AND lane = ?2 AND (priority, seq) <= (?3, ?4)";

    /// <summary>?5 the end of the lease by the monotonic clock of the boot ?4, in units of 100 ns.</summary>
    internal const string InsertClaim = """
        INSERT INTO lovage_claim(job, stamp, owner, boot, until, lane, seq, ready_at, again, name, queue, priority,
          retries, id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        """;

    /// <summary>?1 key.</summary>
    internal const string SelectClaim = """
        SELECT stamp, owner, lane, seq, ready_at, again, started_at, ahead, cancel, cancel_reason, progress,
          progress_message, name, queue, priority, retries, id
        FROM lovage_claim WHERE job = ?1
        """;

    /// <summary>?1 key.</summary>
    internal const string DeleteClaim = "DELETE FROM lovage_claim WHERE job = ?1";

    /// <summary>
    /// ?1 key. Comes back: state, retries (NULL: those of the message), due time, deaths, attempts, offers, time of the
    /// first offer, who was asked, reason.
    /// </summary>
    internal const string SelectCourse =
        "SELECT state, retries, due, deaths, attempts, offers, first_offer_at, asked, reason FROM lovage_course "
            + "WHERE job = ?1";

    /// <summary>
    /// Writes what has become of a job with its newest attempt: ?1 key, ?2 state, ?3 retries, ?4 due time, ?5 deaths,
    /// ?6 attempts, ?7 to ?11 the attempt (number, end, start, duration, worker), ?12 stamp of its claim, ?13 the state
    /// that its outcome gave the job, ?14 end of the job, ?15 result, ?16 error, ?17 logs, ?18 reason, ?19 and ?20
    /// progress and its text, ?21 wait, ?22 fingerprint (NULL: that of the attempt before).
    /// </summary>
    internal const string WriteAttempt = """
        INSERT INTO lovage_course(job, state, retries, due, deaths, attempts, number, ended_as, started_at, duration,
          worker, stamp, settled_as, finished_at, result, error, logs, reason, progress, progress_message, wait,
          fingerprint)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
        ON CONFLICT (job) DO UPDATE SET state = excluded.state, retries = excluded.retries, due = excluded.due,
          deaths = excluded.deaths, attempts = excluded.attempts, number = excluded.number,
          ended_as = excluded.ended_as, started_at = excluded.started_at, duration = excluded.duration,
          worker = excluded.worker, stamp = excluded.stamp, settled_as = excluded.settled_as,
          finished_at = excluded.finished_at, result = excluded.result, error = excluded.error, logs = excluded.logs,
          reason = excluded.reason, progress = excluded.progress, progress_message = excluded.progress_message,
          wait = excluded.wait, fingerprint = ifnull(excluded.fingerprint, fingerprint), offers = 0,
          first_offer_at = NULL, asked = NULL
        """;

    /// <summary>
    /// Writes what has become of a job and leaves its attempts alone: ?1 key, ?2 state, ?3 retries, ?4 due time, ?5
    /// deaths, ?6 end of the job, ?7 reason, ?8 and ?9 progress and its text, ?10 offers, ?11 time of the first one,
    /// ?12 who was asked.
    /// </summary>
    internal const string WriteCourse = """
        INSERT INTO lovage_course(job, state, retries, due, deaths, finished_at, reason, progress, progress_message,
          offers, first_offer_at, asked)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (job) DO UPDATE SET state = excluded.state, retries = excluded.retries, due = excluded.due,
          deaths = excluded.deaths, finished_at = excluded.finished_at, reason = excluded.reason,
          progress = excluded.progress, progress_message = excluded.progress_message, offers = excluded.offers,
          first_offer_at = excluded.first_offer_at, asked = excluded.asked
        """;

    /// <summary>Ends a job that no worker held: ?1 key, ?2 state, ?3 end, ?4 reason.</summary>
    internal const string EndCourse = """
        INSERT INTO lovage_course(job, state, finished_at, reason) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (job) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at,
          reason = excluded.reason
        """;

    /// <summary>A new job that waits for its time: ?1 key, ?2 state, ?3 due time.</summary>
    internal const string InsertDelayedCourse = "INSERT INTO lovage_course(job, state, due) VALUES (?1, ?2, ?3)";

    /// <summary>Writes where a job stands in its queue: ?1 key, ?2 state, ?3 place.</summary>
    internal const string QueueCourse = """
        INSERT INTO lovage_course(job, state, seq) VALUES (?1, ?2, ?3)
        ON CONFLICT (job) DO UPDATE SET state = excluded.state, seq = excluded.seq
        """;

    /// <summary>
    /// Keeps a job's newest attempt before another one, or a person, takes its place; nothing when there is none: ?1
    /// key.
    /// </summary>
    internal const string ArchiveAttempt = """
        INSERT INTO lovage_attempt(job, ordinal, number, ended_as, started_at, wait, duration, worker, stamp, error,
          logs)
        SELECT job, attempts, number, ended_as, started_at, wait, duration, worker, stamp, error, logs
          FROM lovage_course WHERE job = ?1 AND ended_as IS NOT NULL
        """;

    /// <summary>?1 queue, ?2 name, ?3 to ?9 what is added to each sum.</summary>
    internal const string AddToCounter = """
        INSERT INTO lovage_counter(queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (queue, name) DO UPDATE SET enqueued = enqueued + excluded.enqueued,
          succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
          retried = retried + excluded.retried, cancelled = cancelled + excluded.cancelled,
          expired = expired + excluded.expired, dead = dead + excluded.dead
        """;

    /// <summary>Adds hours that have ended to the counters: ?1 the first hour, ?2 the one behind the last.</summary>
    internal const string CountHours = """
        INSERT INTO lovage_counter(queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead)
          SELECT queue, name, sum(enqueued), sum(succeeded), sum(failed), sum(retried), sum(cancelled), sum(expired),
            sum(dead)
          FROM lovage_hour WHERE hour >= ?1 AND hour < ?2 GROUP BY queue, name
        ON CONFLICT (queue, name) DO UPDATE SET enqueued = enqueued + excluded.enqueued,
          succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
          retried = retried + excluded.retried, cancelled = cancelled + excluded.cancelled,
          expired = expired + excluded.expired, dead = dead + excluded.dead
        """;

    /// <summary>Comes back for each queue and name: both, and the sums since the file was made.</summary>
    internal const string SelectCounters = """
        SELECT queue, name, sum(enqueued), sum(succeeded), sum(failed), sum(retried), sum(cancelled), sum(expired),
          sum(dead)
        FROM (
          SELECT queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead FROM lovage_counter
          UNION ALL
          SELECT queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead FROM lovage_hour
            WHERE hour >= (SELECT hour FROM lovage_meta))
        GROUP BY queue, name
        """;

    /// <summary>?1 hour, ?2 queue, ?3 name. Comes back: the histograms of waits and runs.</summary>
    internal const string SelectHour =
        "SELECT wait, run FROM lovage_hour WHERE hour = ?1 AND queue = ?2 AND name = ?3";

    /// <summary>
    /// ?1 hour, ?2 queue, ?3 name, ?4 to ?10 what is added to each sum, ?11 and ?12 the histograms (NULL: as they are).
    /// </summary>
    internal const string WriteHour = """
        INSERT INTO lovage_hour(hour, queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead,
          wait, run)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (hour, queue, name) DO UPDATE SET enqueued = enqueued + excluded.enqueued,
          succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
          retried = retried + excluded.retried, cancelled = cancelled + excluded.cancelled,
          expired = expired + excluded.expired, dead = dead + excluded.dead, wait = ifnull(excluded.wait, wait),
          run = ifnull(excluded.run, run)
        """;

    /// <summary>?1 fingerprint, ?2 name, ?3 the newest error, ?4 the id of its job, ?5 now.</summary>
    internal const string WriteFailure = """
        INSERT INTO lovage_failure(fingerprint, name, error, job, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
        ON CONFLICT (fingerprint) DO UPDATE SET error = excluded.error, job = excluded.job, last_at = excluded.last_at
        """;

    /// <summary>?1 fingerprint, ?2 step, ?3 what is added.</summary>
    internal const string AddToFailureStep = """
        INSERT INTO lovage_failure_step(fingerprint, step, count) VALUES (?1, ?2, ?3)
        ON CONFLICT (fingerprint, step) DO UPDATE SET count = count + excluded.count
        """;

    /// <summary>?1 queue, ?2 to ?4 what is added to ready, delayed and claimed.</summary>
    internal const string AddToQueue = """
        INSERT INTO lovage_queue(id, ready, delayed, claimed) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET ready = ready + excluded.ready, delayed = delayed + excluded.delayed,
          claimed = claimed + excluded.claimed
        """;

    /// <summary>
    /// Whether a job's newest outcome was written under a token: ?1 id, ?2 key, ?3 stamp. A row comes back when it was:
    /// the state that it gave the job, NULL when the job has moved on since.
    /// </summary>
    internal static readonly string SettledBefore = $"""
        SELECT CASE WHEN c.stamp = ?3 AND c.settled_as = c.state THEN c.state END
        FROM lovage_message m JOIN lovage_course c ON c.job = m.key WHERE m.id = ?1 AND m.key = ?2
          AND CASE WHEN c.settled_as IS NOT NULL THEN c.stamp = ?3 ELSE ?3 = (SELECT a.stamp FROM lovage_attempt a
            WHERE a.job = m.key AND {IsOutcome} ORDER BY a.ordinal DESC LIMIT 1) END
        """;

    /// <summary>
    /// Whether any outcome of a job was written under a token: ?1 id, ?2 key, ?3 stamp. A row comes back when one was.
    /// </summary>
    internal static readonly string WasSettled = $"""
        SELECT 1 FROM lovage_message m JOIN lovage_course c ON c.job = m.key WHERE m.id = ?1 AND m.key = ?2 AND (
          (c.stamp = ?3 AND c.settled_as IS NOT NULL)
          OR EXISTS (SELECT 1 FROM lovage_attempt a WHERE a.job = m.key AND a.stamp = ?3 AND {IsOutcome}))
        """;

    /// <summary>A condition on <c>lovage_schedule_open o</c>: its job is there and has not ended.</summary>
    internal static readonly string IsUnfinished = $"""
        EXISTS (SELECT 1 FROM lovage_message j LEFT JOIN lovage_course c ON c.job = j.key
          WHERE j.key = o.job AND (c.state IS NULL OR c.state NOT {StoredNumbers.IsFinal}))
        """;

    /// <summary>
    /// A condition on <c>lovage_attempt a</c>: it ended with an outcome. The attempt of a lost claim bears that claim's
    /// stamp too, but is none.
    /// </summary>
    private static string IsOutcome =>
        $"a.ended_as NOT IN ({StoredNumbers.Of(AttemptEnd.OwnerDied)}, {StoredNumbers.Of(AttemptEnd.Interrupted)})";
}

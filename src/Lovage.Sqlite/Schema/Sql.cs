namespace Lovage.Sqlite.Schema;

/// <summary>
/// The statements of the hot paths, shared with the benchmark's baseline so that the two cannot drift apart.
/// </summary>
internal static class Sql
{
    internal const string Begin = "BEGIN IMMEDIATE";
    internal const string Commit = "COMMIT";
    internal const string Rollback = "ROLLBACK";

    internal const string ReadMeta = "SELECT ticket, ended FROM meta";
    internal const string WriteMeta = "UPDATE meta SET ticket = ?1, ended = ?2";

    internal const string InsertJob = """
        INSERT INTO job(key, id, name, queue, priority, flags, retries, enqueued_at, delay, eta, expires, max_attempts,
          body, more, extra, origin)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT (id) DO NOTHING
        """;

    internal const string InsertReady =
        "INSERT INTO ready(queue, lane, priority, seq, job, ready_at, again) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    internal const string InsertDelayed = "INSERT INTO delayed(queue, due, job, priority) VALUES (?1, ?2, ?3, ?4)";

    internal const string JobColumns =
        "j.id, j.name, j.queue, j.priority, j.flags, j.retries, j.enqueued_at, j.delay, j.eta, j.expires, "
            + "j.max_attempts, j.body, j.more, j.extra, j.origin";
    internal const int JobColumnCount = 15;

    internal const string SelectReady = $"""
        SELECT {JobColumns}, r.priority, r.seq, r.job, r.ready_at, r.again FROM ready r CROSS
          JOIN job j ON j.key = r.job
        WHERE r.queue = ?1 AND r.lane = ?2 ORDER BY r.priority, r.seq LIMIT ?3
        """;

    internal const string DeleteReadyUpTo =
        "DELETE FROM ready WHERE queue = ?1 AND lane = ?2 AND (priority, seq) <= (?3, ?4)";

    internal const string InsertClaim = """
        INSERT INTO claim(job, stamp, owner, boot, until, lane, seq, ready_at, again, name, queue, priority, retries,
          id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        """;

    internal const string SelectClaim = """
        SELECT stamp, owner, lane, seq, ready_at, again, started_at, ahead, cancel, cancel_reason, progress,
          progress_message, name, queue, priority, retries, id
        FROM claim WHERE job = ?1
        """;

    internal const string DeleteClaim = "DELETE FROM claim WHERE job = ?1";

    internal const string WriteCourse = """
        INSERT INTO course(job, state, retries, due, deaths, attempts, number, ended_as, started_at, duration, worker,
          stamp, finished_at, result, error, logs, reason, progress, progress_message)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
        ON CONFLICT (job) DO UPDATE SET state = excluded.state, retries = excluded.retries,
          due = ifnull(excluded.due, due), deaths = excluded.deaths, attempts = excluded.attempts,
          number = excluded.number, ended_as = excluded.ended_as, started_at = excluded.started_at,
          duration = excluded.duration, worker = excluded.worker, stamp = excluded.stamp,
          finished_at = excluded.finished_at, result = excluded.result, error = excluded.error, logs = excluded.logs,
          reason = excluded.reason,
          progress = excluded.progress, progress_message = excluded.progress_message
        """;

    /// <summary>
    /// Whether an outcome was written under a token: ?1 id, ?2 job, ?3 stamp; ?4 and ?5 are the ends that are none.
    /// </summary>
    internal const string AppliedBefore = """
        SELECT 1 FROM job j JOIN course c ON c.job = j.key WHERE j.id = ?1 AND j.key = ?2 AND (
          (c.stamp = ?3 AND c.ended_as NOT IN (?4, ?5)) OR EXISTS (SELECT 1 FROM attempt a
          WHERE a.job = j.key AND a.stamp = ?3 AND a.ended_as NOT IN (?4, ?5)))
        """;

    internal const string AddToCounter = """
        INSERT INTO counter(queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (queue, name) DO UPDATE SET enqueued = enqueued + excluded.enqueued,
          succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
          retried = retried + excluded.retried, cancelled = cancelled + excluded.cancelled,
          expired = expired + excluded.expired, dead = dead + excluded.dead
        """;

    internal const string AddToQueue = """
        INSERT INTO queue(id, ready, delayed, claimed) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET ready = ready + excluded.ready, delayed = delayed + excluded.delayed,
          claimed = claimed + excluded.claimed
        """;

    // What a job's newest attempt leaves behind when another one takes its place.
    internal const string ArchiveAttempt = """
        INSERT INTO attempt(job, ordinal, number, ended_as, started_at, duration, worker, stamp, error, logs)
        SELECT job, attempts, number, ended_as, started_at, duration, worker, stamp, error, logs FROM course
          WHERE job = ?1 AND ended_as IS NOT NULL
        """;

    internal const string SelectCourse = "SELECT state, retries, due, seq, deaths, attempts FROM course WHERE job = ?1";
}

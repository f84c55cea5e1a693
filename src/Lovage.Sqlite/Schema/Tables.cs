namespace Lovage.Sqlite.Schema;

/// <summary>
/// The tables. Where a job waits or runs is told by the table its key stands in; <c>job</c> is written once, and
/// <c>course</c> holds what has become of a job as soon as there is more to say than "queued": so a job that runs once
/// costs one row in each, both in the order of their keys.
/// </summary>
internal static class Tables
{
    /// <summary>"LOVA": tells Lovage's files from others'.</summary>
    internal const int ApplicationId = 0x4C4F5641;

    /// <summary>
    /// Steps from one version of the schema to the next; the version of a file is the number of steps it has seen.
    /// Never edit a step that was released.
    /// </summary>
    internal static readonly string[][] Steps =
    [
        [
            // One row. "ticket" numbers everything that needs an order: keys, places in queues, stamps. "ended" counts
            // rows of "course" that have ended.
            "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK (one = 1), ticket INTEGER NOT NULL, ended INTEGER NOT "
                + "NULL) STRICT",
            "INSERT INTO meta(one, ticket, ended) VALUES (1, 0, 0)",

            // Names of queues, jobs, workers and boots, which the other tables hold as numbers.
            "CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT",

            // What was published. Times are in units of 100 ns since 1970; "more" is JSON with the rarely used fields
            // of a message.
            """
            CREATE TABLE job(
              key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name INTEGER NOT NULL, queue INTEGER NOT NULL,
              priority INTEGER NOT NULL, flags INTEGER NOT NULL,
              retries INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, delay INTEGER, eta INTEGER, expires INTEGER,
              max_attempts INTEGER, body BLOB NOT NULL, more BLOB, extra BLOB, origin INTEGER) STRICT
            """,

            // Jobs that could run now. Lane 0: they came back from a dead owner. "ready_at" is null when they were
            // ready at once; "again" tells that "course" has a row.
            """
            CREATE TABLE ready(
              queue INTEGER NOT NULL, lane INTEGER NOT NULL, priority INTEGER NOT NULL, seq INTEGER NOT NULL,
              job INTEGER NOT NULL, ready_at INTEGER, again INTEGER NOT NULL,
              PRIMARY KEY (queue, lane, priority, seq)) STRICT, WITHOUT ROWID
            """,

            // Jobs that wait for their time.
            "CREATE TABLE delayed(queue INTEGER NOT NULL, due INTEGER NOT NULL, job INTEGER NOT NULL, priority "
                + "INTEGER NOT NULL, PRIMARY KEY (queue, due, job)) STRICT, WITHOUT ROWID",

            // Jobs that workers hold, with what an outcome needs of the job. "until" is by the host's monotonic clock
            // in 100 ns, valid within the boot named.
            """
            CREATE TABLE claim(
              job INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, owner INTEGER NOT NULL, boot INTEGER NOT NULL,
              until INTEGER NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL,
              ready_at INTEGER, again INTEGER NOT NULL, started_at INTEGER, ahead INTEGER NOT NULL DEFAULT 0,
              cancel INTEGER NOT NULL DEFAULT 0, cancel_reason TEXT,
              progress REAL, progress_message TEXT, name INTEGER NOT NULL, queue INTEGER NOT NULL,
              priority INTEGER NOT NULL, retries INTEGER NOT NULL, id TEXT NOT NULL) STRICT
            """,

            // What has become of a job, its newest attempt included. "base" is how many attempts it had when a person
            // put it back.
            """
            CREATE TABLE course(
              job INTEGER PRIMARY KEY, state INTEGER NOT NULL, retries INTEGER, due INTEGER, seq INTEGER,
              deaths INTEGER NOT NULL DEFAULT 0, base INTEGER NOT NULL DEFAULT 0,
              attempts INTEGER NOT NULL DEFAULT 0, number INTEGER, ended_as INTEGER, started_at INTEGER,
              duration INTEGER, worker INTEGER, stamp INTEGER,
              finished_at INTEGER, result BLOB, error BLOB, logs BLOB, reason TEXT, progress REAL,
              progress_message TEXT) STRICT
            """,
            "CREATE INDEX course_state ON course(state, job)",
            "CREATE INDEX course_finished ON course(state, finished_at) WHERE finished_at IS NOT NULL",

            // Attempts before the newest.
            """
            CREATE TABLE attempt(
              job INTEGER NOT NULL, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, ended_as INTEGER NOT NULL,
              started_at INTEGER NOT NULL, duration INTEGER NOT NULL,
              worker INTEGER NOT NULL, stamp INTEGER NOT NULL, error BLOB, logs BLOB,
              PRIMARY KEY (job, ordinal)) STRICT, WITHOUT ROWID
            """,

            """
            CREATE TABLE counter(
              queue INTEGER NOT NULL, name INTEGER NOT NULL, enqueued INTEGER NOT NULL, succeeded INTEGER NOT NULL,
              failed INTEGER NOT NULL, retried INTEGER NOT NULL,
              cancelled INTEGER NOT NULL, expired INTEGER NOT NULL, dead INTEGER NOT NULL,
              PRIMARY KEY (queue, name)) STRICT, WITHOUT ROWID
            """,
            "CREATE TABLE queue(id INTEGER PRIMARY KEY, ready INTEGER NOT NULL, delayed INTEGER NOT NULL, claimed "
                + "INTEGER NOT NULL, pause_reason TEXT) STRICT",
        ],
        [
            // Schedules as they were saved, the job that each tick enqueues in the columns of "job". "schedule_course"
            // holds what a tick changes, so that a tick does not write the job's arguments again.
            """
            CREATE TABLE schedule(
              key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trigger TEXT NOT NULL, app INTEGER, digest TEXT,
              edited INTEGER NOT NULL, created_at INTEGER NOT NULL,
              misfire INTEGER NOT NULL, grace INTEGER, catch_up_max INTEGER NOT NULL, overlap INTEGER NOT NULL,
              overlap_max INTEGER NOT NULL, jitter INTEGER NOT NULL,
              job TEXT NOT NULL, name INTEGER NOT NULL, queue INTEGER NOT NULL, priority INTEGER NOT NULL,
              flags INTEGER NOT NULL, retries INTEGER NOT NULL, delay INTEGER, eta INTEGER,
              expires INTEGER, max_attempts INTEGER, body BLOB NOT NULL, more BLOB, extra BLOB, origin INTEGER) STRICT
            """,
            """
            CREATE TABLE schedule_course(
              schedule INTEGER PRIMARY KEY, version INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT,
              next_tick INTEGER, last_tick INTEGER, queued_tick INTEGER,
              fired INTEGER NOT NULL DEFAULT 0, missed INTEGER NOT NULL DEFAULT 0,
              skipped INTEGER NOT NULL DEFAULT 0) STRICT
            """,

            // State 0: active.
            "CREATE INDEX schedule_due ON schedule_course(next_tick) WHERE state = 0 AND next_tick IS NOT NULL",
            "CREATE INDEX schedule_queued ON schedule_course(queued_tick) WHERE state = 0 AND queued_tick IS NOT NULL",

            // Jobs of a schedule, by their keys, from when they are enqueued until its next firing sees that they have
            // ended.
            "CREATE TABLE schedule_open(schedule INTEGER NOT NULL, job INTEGER NOT NULL, PRIMARY KEY (schedule, job)) "
                + "STRICT, WITHOUT ROWID",

            // What became of ticks. The job is named by its id, since its row may go before this one.
            """
            CREATE TABLE tick(
              schedule INTEGER NOT NULL, tick INTEGER NOT NULL, manual INTEGER NOT NULL, through INTEGER NOT NULL,
              count INTEGER NOT NULL, status INTEGER NOT NULL, job TEXT,
              recorded_at INTEGER NOT NULL, PRIMARY KEY (schedule, tick, manual)) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX tick_recorded ON tick(recorded_at)",

            // Who leads. "until" as in "claim".
            "CREATE TABLE lead(one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT NOT NULL, boot TEXT NOT NULL, "
                + "until INTEGER NOT NULL) STRICT",
        ],
    ];

    internal static int Version => Steps.Length;
}

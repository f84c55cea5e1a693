using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Schema;

/// <summary>
/// The tables. The table in which a job's key stands tells where it waits or runs; <c>lovage_message</c> is written
/// once, and <c>lovage_course</c> holds what has become of a job as soon as there is more to say than "queued".
/// </summary>
/// <remarks>
/// A job that runs once costs one row in each of the two, both in the order of their keys. Times are in units of 100 ns
/// since 1970 and durations in units of 100 ns, unless a column says otherwise.
/// </remarks>
internal static class Tables
{
    /// <summary>The lane of jobs that came back from a dead owner.</summary>
    internal const long OrphanLane = 0;

    /// <summary>The lane of all other jobs.</summary>
    internal const long OrdinaryLane = 1;

    /// <summary>The highest priority's number is 0, the lowest one's 9.</summary>
    internal const int PriorityMax = 9;

    private const long UnitsAnHour = TimeSpan.TicksPerHour;

    /// <summary>Keys of one block of <c>lovage_block</c>: 2 to the power of this.</summary>
    private const int BlockBits = 10;

    private static readonly string IsActive = $"state = {StoredNumbers.Of(ScheduleState.Active)}";

    /// <summary>
    /// Steps from one version of the schema to the next; the version of a file is the number of steps it has seen.
    /// Never edit a step that was released.
    /// </summary>
    internal static readonly SchemaStep[] Steps =
    [
        new(
            ReadableFrom: 1,
            [
                // One row. "ticket" numbers everything that needs an order: keys, places in queues, stamps. "ended"
                // counts rows of "course" that have ended. "hour" is the first one that "counter" does not hold.
                "CREATE TABLE lovage_meta(one INTEGER PRIMARY KEY CHECK (one = 1), ticket INTEGER NOT NULL, ended "
                    + "INTEGER NOT NULL, hour INTEGER NOT NULL) STRICT",
                "INSERT INTO lovage_meta(one, ticket, ended, hour) VALUES (1, 0, 0, 0)",

                // Names of queues, jobs, workers and boots, which the other tables hold as numbers.
                "CREATE TABLE lovage_word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT",

                // What was published. "more" is JSON with the rarely used fields of a message.
                """
                CREATE TABLE lovage_message(
                  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name INTEGER NOT NULL, queue INTEGER NOT NULL,
                  priority INTEGER NOT NULL, flags INTEGER NOT NULL,
                  retries INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, delay INTEGER, eta INTEGER, expires INTEGER,
                  max_attempts INTEGER, body BLOB NOT NULL, more BLOB, extra BLOB, origin INTEGER) STRICT
                """,

                // Jobs by facts that few of them have, and that stand in "more" too: tag, root, schedule, edited from.
                """
                CREATE TABLE lovage_mark(kind INTEGER NOT NULL, text TEXT NOT NULL, job INTEGER NOT NULL,
                  PRIMARY KEY (kind, text, job)) STRICT, WITHOUT ROWID
                """,

                // Which names, queues and workers occur among the keys of a block. There may be too many rows, never
                // too few.
                """
                CREATE TABLE lovage_block(block INTEGER NOT NULL, kind INTEGER NOT NULL, word INTEGER NOT NULL,
                  PRIMARY KEY (block, kind, word)) STRICT, WITHOUT ROWID
                """,

                // Jobs that could run now. Lane 0: orphans. "ready_at" is null when they were ready at once; "again"
                // tells that "course" has a row.
                """
                CREATE TABLE lovage_ready(
                  queue INTEGER NOT NULL, lane INTEGER NOT NULL, priority INTEGER NOT NULL, seq INTEGER NOT NULL,
                  job INTEGER NOT NULL, ready_at INTEGER, again INTEGER NOT NULL,
                  PRIMARY KEY (queue, lane, priority, seq)) STRICT, WITHOUT ROWID
                """,

                // Jobs that wait for their time.
                "CREATE TABLE lovage_delayed(queue INTEGER NOT NULL, due INTEGER NOT NULL, job INTEGER NOT NULL, "
                    + "priority INTEGER NOT NULL, PRIMARY KEY (queue, due, job)) STRICT, WITHOUT ROWID",

                // Jobs that workers hold, with what an outcome needs of the job. "until" is by the host's monotonic
                // clock in 100 ns, valid within the boot named.
                """
                CREATE TABLE lovage_claim(
                  job INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, owner INTEGER NOT NULL, boot INTEGER NOT NULL,
                  until INTEGER NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL,
                  ready_at INTEGER, again INTEGER NOT NULL, started_at INTEGER, ahead INTEGER NOT NULL DEFAULT 0,
                  cancel INTEGER NOT NULL DEFAULT 0, cancel_reason TEXT,
                  progress REAL, progress_message TEXT, lines BLOB, name INTEGER NOT NULL, queue INTEGER NOT NULL,
                  priority INTEGER NOT NULL, retries INTEGER NOT NULL, id TEXT NOT NULL) STRICT
                """,

                // What has become of a job, its newest attempt included. "base" is how many attempts it had when a
                // person requeued it. "settled_as" is the state that an outcome gave it; null when the newest attempt
                // ended without one. "offers", "first_offer_at" and "asked" tell of workers that did not know its name.
                // "fingerprint" is that of the newest failed attempt since the last requeue.
                """
                CREATE TABLE lovage_course(
                  job INTEGER PRIMARY KEY, state INTEGER NOT NULL, retries INTEGER, due INTEGER, seq INTEGER,
                  deaths INTEGER NOT NULL DEFAULT 0, base INTEGER NOT NULL DEFAULT 0,
                  attempts INTEGER NOT NULL DEFAULT 0, number INTEGER, ended_as INTEGER, settled_as INTEGER,
                  started_at INTEGER, wait INTEGER, duration INTEGER, worker INTEGER, stamp INTEGER,
                  fingerprint TEXT, finished_at INTEGER, result BLOB, error BLOB, logs BLOB, reason TEXT, progress REAL,
                  progress_message TEXT, offers INTEGER NOT NULL DEFAULT 0, first_offer_at INTEGER, asked TEXT) STRICT
                """,
                "CREATE INDEX lovage_course_state ON lovage_course(state, job)",
                "CREATE INDEX lovage_course_fingerprint ON lovage_course(fingerprint, job) WHERE fingerprint IS NOT "
                    + "NULL",
                "CREATE INDEX lovage_course_finished ON lovage_course(state, finished_at) WHERE finished_at IS NOT "
                    + "NULL",

                // Attempts before the newest.
                """
                CREATE TABLE lovage_attempt(
                  job INTEGER NOT NULL, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, ended_as INTEGER NOT NULL,
                  started_at INTEGER NOT NULL, wait INTEGER, duration INTEGER NOT NULL,
                  worker INTEGER NOT NULL, stamp INTEGER NOT NULL, error BLOB, logs BLOB,
                  PRIMARY KEY (job, ordinal)) STRICT, WITHOUT ROWID
                """,

                // Sums of the hours before "hour" of "lovage_meta". Those of later hours stand in "lovage_hour" alone,
                // so that a transaction counts once.
                """
                CREATE TABLE lovage_counter(
                  queue INTEGER NOT NULL, name INTEGER NOT NULL, enqueued INTEGER NOT NULL, succeeded INTEGER NOT NULL,
                  failed INTEGER NOT NULL, retried INTEGER NOT NULL,
                  cancelled INTEGER NOT NULL, expired INTEGER NOT NULL, dead INTEGER NOT NULL,
                  PRIMARY KEY (queue, name)) STRICT, WITHOUT ROWID
                """,

                // Sums by hours since 1970, with histograms of waits and runs as DurationCounts writes them.
                """
                CREATE TABLE lovage_hour(
                  hour INTEGER NOT NULL, queue INTEGER NOT NULL, name INTEGER NOT NULL, enqueued INTEGER NOT NULL,
                  succeeded INTEGER NOT NULL, failed INTEGER NOT NULL, retried INTEGER NOT NULL,
                  cancelled INTEGER NOT NULL, expired INTEGER NOT NULL, dead INTEGER NOT NULL, wait BLOB, run BLOB,
                  PRIMARY KEY (hour, queue, name)) STRICT, WITHOUT ROWID
                """,

                // Failed attempts by their cause: the newest one, and counts by steps of ten minutes since 1970. The
                // job is named by its id, since its row may go before this one.
                """
                CREATE TABLE lovage_failure(fingerprint TEXT NOT NULL UNIQUE, name INTEGER NOT NULL,
                  error BLOB NOT NULL, job TEXT NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL) STRICT
                """,
                "CREATE INDEX lovage_failure_last ON lovage_failure(last_at)",
                """
                CREATE TABLE lovage_failure_step(fingerprint TEXT NOT NULL, step INTEGER NOT NULL,
                  count INTEGER NOT NULL, PRIMARY KEY (fingerprint, step)) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX lovage_failure_step_step ON lovage_failure_step(step)",

                "CREATE TABLE lovage_queue(id INTEGER PRIMARY KEY, ready INTEGER NOT NULL, delayed INTEGER NOT NULL, "
                    + "claimed INTEGER NOT NULL, pause_reason TEXT) STRICT",

                // Schedules as they were saved, the job that each tick enqueues in the columns of "message".
                // "schedule_course" holds what a tick changes, so that a tick does not write the job's arguments again.
                """
                CREATE TABLE lovage_schedule(
                  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trigger TEXT NOT NULL, app INTEGER, digest TEXT,
                  code_version TEXT, edited INTEGER NOT NULL, created_at INTEGER NOT NULL,
                  misfire INTEGER NOT NULL, grace INTEGER, catch_up_max INTEGER NOT NULL, overlap INTEGER NOT NULL,
                  overlap_max INTEGER NOT NULL, jitter INTEGER NOT NULL,
                  job TEXT NOT NULL, name INTEGER NOT NULL, queue INTEGER NOT NULL, priority INTEGER NOT NULL,
                  flags INTEGER NOT NULL, retries INTEGER NOT NULL, delay INTEGER, eta INTEGER,
                  expires INTEGER, max_attempts INTEGER, body BLOB NOT NULL, more BLOB, extra BLOB,
                  origin INTEGER) STRICT
                """,
                """
                CREATE TABLE lovage_schedule_course(
                  schedule INTEGER PRIMARY KEY, version INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT,
                  next_tick INTEGER, last_tick INTEGER, queued_tick INTEGER,
                  fired INTEGER NOT NULL DEFAULT 0, missed INTEGER NOT NULL DEFAULT 0,
                  skipped INTEGER NOT NULL DEFAULT 0) STRICT
                """,
                "CREATE INDEX lovage_schedule_due ON lovage_schedule_course(next_tick) "
                    + $"WHERE {IsActive} AND next_tick IS NOT NULL",
                "CREATE INDEX lovage_schedule_queued ON lovage_schedule_course(queued_tick) "
                    + $"WHERE {IsActive} AND queued_tick IS NOT NULL",

                // Jobs of a schedule, by their keys, from when they are enqueued until its next firing sees that they
                // have ended.
                "CREATE TABLE lovage_schedule_open(schedule INTEGER NOT NULL, job INTEGER NOT NULL, PRIMARY KEY "
                    + "(schedule, job)) STRICT, WITHOUT ROWID",

                // What became of ticks. The job is named by its id, since its row may go before this one.
                """
                CREATE TABLE lovage_tick(
                  schedule INTEGER NOT NULL, tick INTEGER NOT NULL, manual INTEGER NOT NULL, through INTEGER NOT NULL,
                  count INTEGER NOT NULL, status INTEGER NOT NULL, job TEXT,
                  recorded_at INTEGER NOT NULL, PRIMARY KEY (schedule, tick, manual)) STRICT, WITHOUT ROWID
                """,
                "CREATE INDEX lovage_tick_recorded ON lovage_tick(recorded_at)",

                // Who leads. "until" as in "claim".
                "CREATE TABLE lovage_lead(one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT NOT NULL, boot TEXT NOT "
                    + "NULL, until INTEGER NOT NULL) STRICT",

                // Live workers as their last beats told; "until" as in "claim", "queues" a JSON list, "names" the
                // digest of the names that a worker knows.
                """
                CREATE TABLE lovage_worker(
                  owner TEXT PRIMARY KEY, boot TEXT NOT NULL, until INTEGER NOT NULL, beat_at INTEGER NOT NULL,
                  host TEXT NOT NULL, process INTEGER NOT NULL, version TEXT NOT NULL, started_at INTEGER NOT NULL,
                  queues BLOB NOT NULL, slots INTEGER NOT NULL, running INTEGER NOT NULL, names TEXT NOT NULL,
                  quiet INTEGER NOT NULL)
                  STRICT, WITHOUT ROWID
                """,

                // Sets of job names, each once, as JSON lists.
                "CREATE TABLE lovage_name_set(digest TEXT PRIMARY KEY, names BLOB NOT NULL) STRICT, WITHOUT ROWID",

                .. ConsoleTables.Statements,
            ]),
    ];

    /// <summary>The version that this build writes.</summary>
    internal static int Version => Steps.Length;

    /// <summary>The block that a key belongs to.</summary>
    internal static long BlockOf(long key) => key >> BlockBits;

    /// <summary>The first key of a block.</summary>
    internal static long FirstKeyOf(long block) => block << BlockBits;

    /// <summary>The hour of an instant, as <c>lovage_hour</c> counts them.</summary>
    internal static long HourOf(long at) => (at - (((at % UnitsAnHour) + UnitsAnHour) % UnitsAnHour)) / UnitsAnHour;

    /// <summary>When an hour begins, in units of 100 ns since 1970.</summary>
    internal static long StartOf(long hour) => hour * UnitsAnHour;
}

/// <summary>What a word is in a block. The file keeps the numbers.</summary>
internal enum BlockKind
{
    /// <summary>The name of a job.</summary>
    Name = 0,

    /// <summary>The queue of a job.</summary>
    Queue = 1,

    /// <summary>The worker that runs a job or ran it last.</summary>
    Worker = 2,
}

/// <summary>One step of the schema.</summary>
/// <param name="ReadableFrom">The lowest version whose builds can still use a file that has seen this step.</param>
/// <param name="Statements">What brings a file of the version before up to this one.</param>
internal sealed record SchemaStep(int ReadableFrom, IReadOnlyList<string> Statements);

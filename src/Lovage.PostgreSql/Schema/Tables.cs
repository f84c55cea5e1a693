namespace Lovage.PostgreSql.Schema;

/// <summary>
/// The tables. The table in which a job's key stands tells where the job waits or runs: <c>message</c> is written once,
/// <c>ready</c>, <c>delayed</c> and <c>claim</c> hold the jobs that are there now, and <c>course</c> holds what has
/// become of a job as soon as there is more to say than "queued".
/// </summary>
/// <remarks>
/// No index that changes with each job holds a state, so that a claim and an outcome write few indexes.
/// </remarks>
internal static class Tables
{
    /// <summary>The schema as it is written here; <see cref="SchemaName"/> puts the real one in its place.</summary>
    internal const string Placeholder = "lovage.";

    private const string Queue = """
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
            vacuum_truncate = off
        """;

    private const string Counts = """
        ready bigint NOT NULL DEFAULT 0, delayed bigint NOT NULL DEFAULT 0, claimed bigint NOT NULL DEFAULT 0,
          enqueued bigint NOT NULL DEFAULT 0, succeeded bigint NOT NULL DEFAULT 0, failed bigint NOT NULL DEFAULT 0,
          retried bigint NOT NULL DEFAULT 0, cancelled bigint NOT NULL DEFAULT 0, expired bigint NOT NULL DEFAULT 0,
          dead bigint NOT NULL DEFAULT 0, kept bigint NOT NULL DEFAULT 0
        """;

    private const string Happened = """
        enqueued bigint NOT NULL, succeeded bigint NOT NULL, failed bigint NOT NULL, retried bigint NOT NULL,
          cancelled bigint NOT NULL, expired bigint NOT NULL, dead bigint NOT NULL
        """;

    private static readonly string First = $"""
        -- Numbers everything that needs an order: keys, places in queues, stamps, versions of schedules.
        CREATE SEQUENCE lovage.ticket;

        -- Names of queues, jobs, workers, origins and apps, which the other tables hold as numbers.
        CREATE TABLE lovage.word(id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          text text COLLATE "C" NOT NULL UNIQUE);

        -- What was published. Times are in units of 100 ns since 1970; "more" is JSON with the rarely used fields of a
        -- message.
        CREATE TABLE lovage.message(
          key bigint PRIMARY KEY, enqueued_at bigint NOT NULL, delay bigint, eta bigint, expires bigint,
          name integer NOT NULL, queue integer NOT NULL, origin integer,
          retries integer NOT NULL, max_attempts integer, priority integer NOT NULL, flags smallint NOT NULL,
          id text COLLATE "C" NOT NULL UNIQUE,
          body bytea NOT NULL, more bytea, extra bytea);

        -- Jobs by tag ({Marks.Tag}), root ({Marks.Root}), schedule ({Marks.Schedule}) and the job that they were made
        -- from ({Marks.EditedFrom}). All of it stands in "more" too: by that the rows are found when the job goes.
        CREATE TABLE lovage.mark(job bigint NOT NULL, kind smallint NOT NULL, text text COLLATE "C" NOT NULL,
          PRIMARY KEY (kind, text, job));

        -- Which blocks of {Blocks.Size} keys hold jobs of a queue ({Blocks.Queue}), a name ({Blocks.Name}), both
        -- ({Blocks.QueueAndName}: the queue's number in the upper half), jobs that a worker ran last ({Blocks.Worker}),
        -- and jobs that succeeded ({Blocks.Succeeded}). A block may hold none any more. The sweep writes rows from the
        -- lines of "tally", so that no index grows with each job.
        CREATE TABLE lovage.block(word bigint NOT NULL, block bigint NOT NULL, kind smallint NOT NULL,
          PRIMARY KEY (kind, word, block));
        CREATE INDEX block_block ON lovage.block(block);

        -- Jobs that could run now. Lane {Lanes.Orphans}: they came back from a dead owner. "ready_at" is null when they
        -- were ready at once; "again" tells that "course" has a row.
        CREATE TABLE lovage.ready(
          seq bigint NOT NULL, job bigint NOT NULL, ready_at bigint, queue integer NOT NULL, lane smallint NOT NULL,
          priority smallint NOT NULL, again boolean NOT NULL,
          PRIMARY KEY (queue, lane, priority, seq))
          WITH ({Queue});

        -- Jobs that wait for their time.
        CREATE TABLE lovage.delayed(due bigint NOT NULL, job bigint NOT NULL, queue integer NOT NULL,
          priority smallint NOT NULL, PRIMARY KEY (queue, due, job))
          WITH ({Queue});

        -- Jobs that workers hold, with what an outcome needs of the job, and the look that claimed them: owner and look
        -- find the claims of a look whose reply was lost. What a renewal changes is not indexed and pages have room
        -- left, so that it writes no index.
        CREATE TABLE lovage.claim(
          job bigint PRIMARY KEY, stamp bigint NOT NULL, until bigint NOT NULL, seq bigint NOT NULL,
          look bigint NOT NULL, ready_at bigint, started_at bigint, progress double precision,
          owner integer NOT NULL, name integer NOT NULL, queue integer NOT NULL, retries integer NOT NULL,
          attempts integer NOT NULL, deaths integer NOT NULL, offers integer,
          lane smallint NOT NULL, priority smallint NOT NULL, again boolean NOT NULL,
          ahead boolean NOT NULL DEFAULT false, cancel boolean NOT NULL DEFAULT false,
          id text COLLATE "C" NOT NULL, cancel_reason text, progress_message text, lines bytea)
          WITH (fillfactor = 70, {Queue});

        -- Those that run, the longest first. The table itself may be full of dead rows after a burst.
        CREATE INDEX claim_started ON lovage.claim(started_at, job) WHERE started_at IS NOT NULL;

        -- What has become of a job, its newest attempt included. "base" is how many attempts it had when a person put
        -- it back; "turned" is true when its newest outcome was a retry that became a cancellation; "offers",
        -- "first_offer_at" and "asked" tell of workers that declined it since its last start. "fingerprint" is that of
        -- the newest attempt that failed, as a number.
        CREATE TABLE lovage.course(
          job bigint PRIMARY KEY, due bigint, seq bigint, started_at bigint, duration bigint, stamp bigint,
          finished_at bigint, first_offer_at bigint, wait bigint, fingerprint bigint, progress double precision,
          retries integer,
          deaths integer NOT NULL DEFAULT 0, base integer NOT NULL DEFAULT 0, attempts integer NOT NULL DEFAULT 0,
          number integer, worker integer, offers integer, state smallint NOT NULL,
          ended_as smallint, turned boolean, result bytea, error bytea, logs bytea, reason text, progress_message text,
          asked text);

        -- States as in JobState. Those that succeeded ({States.Succeeded}) are by far the most: they are found by
        -- "course_finished", and have no place in the other.
        CREATE INDEX course_state ON lovage.course(state, job) WHERE state <> {States.Succeeded};
        CREATE INDEX course_finished ON lovage.course(finished_at, job) WHERE state {States.HaveFinished};
        CREATE INDEX course_dead ON lovage.course(finished_at, job) WHERE state = {States.Dead};
        CREATE INDEX course_fingerprint ON lovage.course(fingerprint, job) WHERE fingerprint IS NOT NULL;

        -- Attempts before the newest.
        CREATE TABLE lovage.attempt(
          job bigint NOT NULL, started_at bigint NOT NULL, duration bigint NOT NULL, stamp bigint NOT NULL,
          wait bigint, ordinal integer NOT NULL, number integer NOT NULL, worker integer NOT NULL,
          ended_as smallint NOT NULL, error bytea, logs bytea, PRIMARY KEY (job, ordinal));

        -- Counts by queue and job name (0: of the queue alone). Each transaction adds a line to "tally" and waits for
        -- no other; a worker's sweep sums the lines up into "counter", "hour" and "block". A line of a name is of one
        -- block of keys and, with outcomes, of one worker. "hour" counts hours since 1970 and is null for what no
        -- statistics count. "buckets" holds a number an outcome: {Buckets.Size} times that of its wait plus that of its
        -- run, each its bucket plus 1, or 0 when there is nothing to count.
        CREATE TABLE lovage.counter(
          queue integer NOT NULL, name integer NOT NULL, {Counts},
          PRIMARY KEY (queue, name));
        CREATE TABLE lovage.tally(
          queue integer NOT NULL, name integer NOT NULL, {Counts},
          block bigint, wait_total bigint, run_total bigint, hour integer, worker integer, buckets smallint[])
          WITH ({Queue});

        -- What happened by hour, queue and name. The histograms end at their last bucket that is not empty. Rows change
        -- every few seconds: pages have room left.
        CREATE TABLE lovage.hour(
          {Happened}, wait_total bigint NOT NULL, run_total bigint NOT NULL, hour integer NOT NULL,
          queue integer NOT NULL, name integer NOT NULL, waits bigint[], runs bigint[],
          PRIMARY KEY (hour, queue, name))
          WITH (fillfactor = 50);

        -- Failed attempts by cause, and how many there were in each ten minutes since 1970. Each transaction adds its
        -- own to "fault", as to "tally".
        CREATE TABLE lovage.failure(
          fingerprint bigint PRIMARY KEY, first_at bigint NOT NULL, last_at bigint NOT NULL, name integer NOT NULL,
          sample text COLLATE "C" NOT NULL, error bytea NOT NULL);
        CREATE TABLE lovage.failure_step(
          fingerprint bigint NOT NULL, count bigint NOT NULL, step integer NOT NULL, PRIMARY KEY (fingerprint, step));
        CREATE TABLE lovage.fault(
          fingerprint bigint NOT NULL, at bigint NOT NULL, count bigint NOT NULL, name integer NOT NULL,
          sample text COLLATE "C" NOT NULL, error bytea NOT NULL)
          WITH ({Queue});
        CREATE TABLE lovage.queue(id integer PRIMARY KEY, pause_reason text);

        -- Schedules as they were saved, the job that each tick enqueues in the columns of "message". "schedule_course"
        -- holds what a tick changes.
        CREATE TABLE lovage.schedule(
          key bigint PRIMARY KEY, created_at bigint NOT NULL, delay bigint, eta bigint, expires bigint,
          name integer NOT NULL, queue integer NOT NULL, origin integer,
          retries integer NOT NULL, max_attempts integer, priority integer NOT NULL, flags smallint NOT NULL,
          job text COLLATE "C" NOT NULL, body bytea NOT NULL, more bytea, extra bytea,
          id text COLLATE "C" NOT NULL UNIQUE, trigger text NOT NULL, app text, digest text, code_version text,
          edited boolean NOT NULL, misfire smallint NOT NULL, grace bigint,
          catch_up_max integer NOT NULL, overlap smallint NOT NULL, overlap_max integer NOT NULL,
          jitter bigint NOT NULL);
        CREATE TABLE lovage.schedule_course(
          schedule bigint PRIMARY KEY, version bigint NOT NULL, next_tick bigint, last_tick bigint, queued_tick bigint,
          fired bigint NOT NULL DEFAULT 0, missed bigint NOT NULL DEFAULT 0,
          skipped bigint NOT NULL DEFAULT 0, state smallint NOT NULL, reason text);

        -- State {Schedules.Active}: active.
        CREATE INDEX schedule_due ON lovage.schedule_course(next_tick)
          WHERE state = {Schedules.Active} AND next_tick IS NOT NULL;
        CREATE INDEX schedule_queued ON lovage.schedule_course(queued_tick)
          WHERE state = {Schedules.Active} AND queued_tick IS NOT NULL;

        -- Jobs of a schedule, by their keys, from when they are enqueued until its next firing sees that they have
        -- ended.
        CREATE TABLE lovage.schedule_open(schedule bigint NOT NULL, job bigint NOT NULL, PRIMARY KEY (schedule, job));

        -- What became of ticks. The job is named by its id, since its row may go before this one.
        CREATE TABLE lovage.tick(
          schedule bigint NOT NULL, tick bigint NOT NULL, through bigint NOT NULL, count bigint NOT NULL,
          recorded_at bigint NOT NULL, status smallint NOT NULL, manual boolean NOT NULL,
          job text COLLATE "C", PRIMARY KEY (schedule, tick, manual));
        CREATE INDEX tick_recorded ON lovage.tick(recorded_at);

        -- Which scheduler leads.
        CREATE TABLE lovage.lead(one integer PRIMARY KEY CHECK (one = 1), owner text NOT NULL, until bigint NOT NULL);

        -- Workers as their last beats told, and the sets of job names that they know, each set once.
        CREATE TABLE lovage.worker(
          owner text COLLATE "C" PRIMARY KEY, started_at bigint NOT NULL, beat_at bigint NOT NULL,
          process integer NOT NULL, slots integer NOT NULL, running integer NOT NULL, host text NOT NULL,
          version text NOT NULL, digest text COLLATE "C" NOT NULL, quiet boolean NOT NULL, queues text[] NOT NULL);
        CREATE TABLE lovage.name_set(digest text COLLATE "C" PRIMARY KEY, names text[] NOT NULL);

        -- For people and their tools: columns are added, never changed. Status is Celery's word (celery/states.py).
        CREATE VIEW lovage.job AS
          SELECT m.id, n.text AS name, q.text AS queue,
            CASE WHEN k.job IS NOT NULL THEN CASE WHEN k.started_at IS NULL THEN 'PENDING' ELSE 'STARTED' END
              ELSE CASE c.state WHEN {States.Running} THEN 'STARTED' WHEN {States.Retrying} THEN 'RETRY'
                WHEN {States.Succeeded} THEN 'SUCCESS' WHEN {States.Failed} THEN 'FAILURE'
                WHEN {States.Cancelled} THEN 'REVOKED' WHEN {States.Expired} THEN 'REVOKED'
                WHEN {States.Dead} THEN 'FAILURE' ELSE 'PENDING' END
            END AS status,
            coalesce(c.attempts, 0) + CASE WHEN k.started_at IS NULL THEN 0 ELSE 1 END AS attempts,
            to_timestamp(m.enqueued_at / 10000000.0) AS created_at,
            to_timestamp(coalesce(k.started_at, c.started_at) / 10000000.0) AS started_at,
            to_timestamp(c.finished_at / 10000000.0) AS finished_at,
            split_part(split_part(w.text, '/', 5), '~', 1) || ':' || split_part(w.text, '/', 3) AS worker,
            CASE WHEN k.job IS NOT NULL THEN CASE WHEN k.started_at IS NULL THEN 'Queued' ELSE 'Running' END
              ELSE {States.Names("c.state")} END AS state,
            m.priority,
            to_timestamp(c.due / 10000000.0) AS due_at,
            c.reason,
            -- Text of PostgreSQL holds no U+0000, which JSON may.
            replace(convert_from(c.error, 'UTF8'), '\u0000', '\ufffd')::json ->> 0 AS error_type,
            replace(convert_from(c.error, 'UTF8'), '\u0000', '\ufffd')::json ->> 1 AS error,
            replace(convert_from(m.more, 'UTF8'), '\u0000', '\ufffd')::json -> 'headers' ->> 'lovage_schedule' AS
            schedule,
            w.text AS worker_key,
            CASE WHEN {Marks.MayBeIn("m.more", Marks.TagKey)} THEN ARRAY(SELECT {Marks.TagsOf("m.more")})
              ELSE ARRAY[]::text[] END AS tags
          FROM lovage.message m JOIN lovage.word n ON n.id = m.name JOIN lovage.word q ON q.id = m.queue
          LEFT JOIN lovage.claim k ON k.job = m.key LEFT JOIN lovage.course c ON c.job = m.key
          LEFT JOIN lovage.word w ON w.id = CASE WHEN k.started_at IS NULL THEN c.worker ELSE k.owner END;
        {ConsoleTables.Sql}
        """;

    /// <summary>
    /// Steps from one version of the schema to the next; its version is the number of steps it has seen. Never edit a
    /// step that was released: its checksum is stored.
    /// </summary>
    internal static readonly SchemaStep[] Steps = [new(First, ReadableFrom: 1)];

    internal static int Version => Steps.Length;
}

/// <summary>One step of the schema.</summary>
/// <param name="Sql">What it runs.</param>
/// <param name="ReadableFrom">The lowest version of this package that can work with the tables after it.</param>
internal sealed record SchemaStep(string Sql, int ReadableFrom);

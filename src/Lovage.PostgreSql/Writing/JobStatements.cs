using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>What is done to jobs from outside: they are cancelled, put back and removed.</summary>
internal sealed class JobStatements(SchemaName schema)
{
    private const int TriesMax = 20;

    // States 1, 6: queued, cancelled. What is neither waiting nor held nor ended was on its way from one place to
    // another: the next look finds it.
    private static readonly string Cancel = $"""
        WITH {Sql.Clock},
        known AS MATERIALIZED (
          SELECT m.key, m.id, m.name, m.queue, least(greatest(m.priority, 0), 9)::smallint AS priority,
            coalesce(c.seq, m.key) AS seq, c.due, coalesce(c.state IN ({Sql.FinalStates}), false) AS over
          FROM unnest($2::text[]) AS i(id) JOIN lovage.message m ON m.id = i.id LEFT
            JOIN lovage.course c ON c.job = m.key ORDER BY m.key),
        asked AS (UPDATE lovage.claim k SET cancel = true, cancel_reason = $3 FROM known WHERE k.job = known.key
          RETURNING k.job),
        unready AS (
          DELETE FROM lovage.ready r USING known k WHERE NOT k.over AND r.queue = k.queue AND r.lane IN (0, 1)
            AND r.priority = k.priority AND r.seq = k.seq RETURNING r.job, 1 AS ready),
        undelayed AS (DELETE FROM lovage.delayed d USING known k
          WHERE NOT k.over AND d.queue = k.queue AND d.due = k.due AND d.job = k.key RETURNING d.job, 0 AS ready),
        gone AS MATERIALIZED (SELECT * FROM unready UNION ALL SELECT * FROM undelayed),
        ended AS (
          INSERT INTO lovage.course AS c (job, state, finished_at, reason) SELECT gone.job, 6, clock.now, $3 FROM gone
            CROSS JOIN clock
          ON CONFLICT (job) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at,
            reason = excluded.reason),
        counted AS (
          INSERT INTO lovage.tally(queue, name, ready, delayed, cancelled, kept)
          SELECT k.queue, k.name, -sum(gone.ready), sum(gone.ready) - count(*), count(*), count(*) FROM gone
            JOIN known k ON k.key = gone.job GROUP BY k.queue, k.name)
        SELECT k.id, CASE WHEN a.job IS NOT NULL THEN 1 WHEN g.job IS NOT NULL THEN 0 WHEN k.over THEN 2 ELSE 9 END
        FROM known k LEFT JOIN asked a ON a.job = k.key LEFT JOIN gone g ON g.job = k.key
        """;

    private static readonly string Requeue = $"""
        WITH {Sql.Clock},
        known AS MATERIALIZED (
          SELECT m.key, m.queue, m.name, least(greatest(m.priority, 0), 9)::smallint AS priority FROM lovage.message m
            JOIN lovage.course c ON c.job = m.key
          WHERE m.id = ANY ($2::text[]) AND c.state IN ({Sql.FinalStates}) ORDER BY m.key),
        locked AS MATERIALIZED (
          SELECT c.* FROM lovage.course c WHERE c.job IN (SELECT key FROM known) AND c.state IN ({Sql.FinalStates})
            ORDER BY c.job FOR UPDATE),
        archived AS ({Sql.Archive} FROM locked c WHERE c.ended_as IS NOT NULL),
        numbered AS MATERIALIZED (
          SELECT nextval('lovage.ticket') AS seq, s.* FROM (
            SELECT k.*, i.ord FROM known k JOIN locked l ON l.job = k.key JOIN lovage.message m ON m.key = k.key
              JOIN unnest($2::text[]) WITH ORDINALITY AS i(id, ord) ON i.id = m.id ORDER BY i.ord OFFSET 0) s),
        back AS (
          UPDATE lovage.course c SET state = 1, seq = n.seq, retries = 0, due = NULL, deaths = 0, base = c.attempts,
            number = NULL, ended_as = NULL, duration = NULL, stamp = NULL,
            finished_at = NULL, result = NULL, error = NULL, logs = NULL, reason = NULL, progress = NULL,
            progress_message = NULL FROM numbered n WHERE c.job = n.key),
        renewed AS (
          UPDATE lovage.message m SET delay = NULL, eta = NULL,
            expires = CASE WHEN m.expires > clock.now THEN m.expires END FROM numbered n CROSS JOIN clock
          WHERE m.key = n.key AND (m.delay IS NOT NULL OR m.eta IS NOT NULL OR m.expires IS NOT NULL)),
        placed AS (
          INSERT INTO lovage.ready(queue, lane, priority, seq, job, ready_at, again)
            SELECT n.queue, 1, n.priority, n.seq, n.key, clock.now, true FROM numbered n CROSS JOIN clock),
        counted AS (INSERT INTO lovage.tally(queue, name, ready, enqueued, kept)
          SELECT queue, name, count(*), count(*), -count(*) FROM numbered GROUP BY queue, name)
        SELECT count(*) FROM numbered
        """;

    // The oldest by their end: first those over the bound on rows, then those over their age. $2: the age of a finished
    // one, $3: of a dead one, $4: the bound on rows, $5: at the most.
    private const string Prune = $"""
        WITH {Sql.Clock},
        kept AS MATERIALIZED (SELECT coalesce((SELECT sum(kept) FROM lovage.counter), 0) + coalesce((SELECT sum(kept)
          FROM lovage.tally), 0) AS rows),
        oldest AS MATERIALIZED (
          SELECT o.*, row_number() OVER (ORDER BY o.finished_at, o.job) AS place FROM (
            (SELECT job, finished_at, state FROM lovage.course WHERE state BETWEEN 4 AND 7 ORDER BY finished_at, job
              LIMIT $5)
            UNION ALL (SELECT job, finished_at, state FROM lovage.course WHERE state = 8 ORDER BY finished_at, job
              LIMIT $5)) o),
        old AS MATERIALIZED (
          SELECT c.job FROM lovage.course c WHERE c.state >= 4 AND c.job IN (
            SELECT o.job FROM oldest o CROSS JOIN clock CROSS JOIN kept
            WHERE o.place <= kept.rows - $4 OR clock.now - o.finished_at > CASE WHEN o.state = 8 THEN $3 ELSE $2 END
              ORDER BY o.place LIMIT $5)
          FOR UPDATE SKIP LOCKED),
        unattempted AS (DELETE FROM lovage.attempt a WHERE a.job IN (SELECT job FROM old)),
        uncoursed AS (DELETE FROM lovage.course c WHERE c.job IN (SELECT job FROM old)),
        gone AS (DELETE FROM lovage.message m WHERE m.key IN (SELECT job FROM old) RETURNING m.queue),
        counted AS (INSERT INTO lovage.tally(queue, name, kept) SELECT queue, 0, -count(*) FROM gone GROUP BY queue)
        SELECT count(*) FROM gone
        """;

    // One at a time: two would take each other's lines. Whoever comes second leaves it to the first.
    private const string Fold = """
        WITH lines AS (
          DELETE FROM lovage.tally WHERE ctid = ANY (ARRAY(SELECT ctid FROM lovage.tally LIMIT 10000))
            AND pg_try_advisory_xact_lock($1) RETURNING *)
        INSERT INTO lovage.counter AS c (queue, name, ready, delayed, claimed, enqueued, succeeded, failed, retried,
          cancelled, expired, dead, kept)
        SELECT queue, name, sum(ready), sum(delayed), sum(claimed), sum(enqueued), sum(succeeded), sum(failed),
          sum(retried), sum(cancelled), sum(expired), sum(dead), sum(kept)
        FROM lines GROUP BY queue, name ORDER BY queue, name
        ON CONFLICT (queue, name) DO UPDATE SET ready = c.ready + excluded.ready,
          delayed = c.delayed + excluded.delayed, claimed = c.claimed + excluded.claimed,
          enqueued = c.enqueued + excluded.enqueued, succeeded = c.succeeded + excluded.succeeded,
          failed = c.failed + excluded.failed, retried = c.retried + excluded.retried,
          cancelled = c.cancelled + excluded.cancelled, expired = c.expired + excluded.expired,
          dead = c.dead + excluded.dead, kept = c.kept + excluded.kept
        """;

    internal async Task<IReadOnlyList<CancelStatus>> CancelAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, string? reason, long? now)
    {
        var found = new Dictionary<string, CancelStatus>(StringComparer.Ordinal);
        var open = ids.Select(static id => id.Value).ToHashSet(StringComparer.Ordinal);
        for (var turn = 0; turn < TriesMax && open.Count > 0; turn++)
        {
            var moving = new HashSet<string>(StringComparer.Ordinal);
            await using var rows = await connection.ReadAsync(
                new Statement(schema.Sql(Cancel)).Add(now).Add([.. open]).Add(reason), CancellationToken.None);
            while (await rows.ReadAsync())
            {
                if (rows.GetInt32(1) <= (int)CancelStatus.AlreadyEnded)
                {
                    found[rows.GetString(0)] = (CancelStatus)rows.GetInt32(1);
                }
                else
                {
                    moving.Add(rows.GetString(0));
                }
            }

            open = moving;
        }

        return open.Count == 0
            ? [.. ids.Select(id => found.GetValueOrDefault(id.Value, CancelStatus.Unknown))]
            : throw new StorageException(
                "A job that is to be cancelled moves from place to place all the time; the call can be repeated.",
                isTransient: true);
    }

    internal async Task<int> RequeueAsync(NpgsqlConnection connection, IReadOnlyList<JobId> ids, long? now) =>
        (int)await connection.ScalarAsync<long>(
            new Statement(schema.Sql(Requeue))
                .Add(now)
                .Add([.. ids.Select(static id => id.Value).Distinct(StringComparer.Ordinal)]),
            CancellationToken.None);

    internal async Task<int> PruneAsync(NpgsqlConnection connection, RetentionPolicy policy, int max, long? now)
    {
        var prune = new Statement(schema.Sql(Prune)).Add(now).Add(policy.Finished.Ticks).Add(policy.Dead.Ticks)
            .Add(policy.RowsMax).Add((long)max);
        return (int)await connection.ScalarAsync<long>(prune, CancellationToken.None);
    }

    /// <summary>Sums up what transactions have counted.</summary>
    internal Task FoldAsync(NpgsqlConnection connection) =>
        connection.ExecuteAsync(new Statement(schema.Sql(Fold)).Add(schema.LockKey("tally")), CancellationToken.None);
}

using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Keeps the tables small: old jobs are removed, counts are summed up.</summary>
internal sealed class UpkeepStatements(SchemaName schema)
{
    // $1: the time, $2: the age of a finished job, $3: of a dead one, both in units of 100 ns, $4: the bound on rows,
    // $5: jobs at the most. Comes back: how many were removed. The oldest by their end go: first those over the bound
    // on rows, then those over their age.
    private static readonly string Prune = $"""
        WITH {Sql.Clock},
        kept AS MATERIALIZED (SELECT coalesce((SELECT sum(kept) FROM lovage.counter), 0) + coalesce((SELECT sum(kept)
          FROM lovage.tally), 0) AS rows),
        oldest AS MATERIALIZED (
          SELECT o.*, row_number() OVER (ORDER BY o.finished_at, o.job) AS place FROM (
            (SELECT job, finished_at, state FROM lovage.course WHERE state {States.HaveFinished}
              ORDER BY finished_at, job LIMIT $5)
            UNION ALL (SELECT job, finished_at, state FROM lovage.course WHERE state = {States.Dead}
              ORDER BY finished_at, job LIMIT $5)) o),
        old AS MATERIALIZED (
          SELECT c.job FROM lovage.course c WHERE c.state {States.HaveEnded} AND c.job IN (
            SELECT o.job FROM oldest o CROSS JOIN clock CROSS JOIN kept
            WHERE o.place <= kept.rows - $4
              OR clock.now - o.finished_at > CASE WHEN o.state = {States.Dead} THEN $3 ELSE $2 END
            ORDER BY o.place LIMIT $5)
          FOR UPDATE SKIP LOCKED),
        {Removal.Of("old")}
        SELECT count(*) FROM gone
        """;

    // $1: the key of a lock. Nothing comes back. One process at a time: two would take each other's lines. The second
    // one leaves it to the first.
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

    private readonly string _prune = schema.Sql(Prune);
    private readonly string _fold = schema.Sql(Fold);

    internal async Task<int> PruneAsync(NpgsqlConnection connection, RetentionPolicy policy, int max, long? now)
    {
        var prune = new Statement(_prune).Add(now).Add(policy.Finished.Ticks).Add(policy.Dead.Ticks)
            .Add(policy.RowsMax).Add((long)max);
        return (int)await connection.ScalarAsync<long>(prune, CancellationToken.None);
    }

    /// <summary>Sums up what transactions have counted.</summary>
    internal Task FoldAsync(NpgsqlConnection connection) =>
        connection.ExecuteAsync(new Statement(_fold).Add(schema.LockKey("tally")), CancellationToken.None);
}

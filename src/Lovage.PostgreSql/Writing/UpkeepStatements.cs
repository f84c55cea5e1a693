using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Keeps the tables small: old jobs are removed, statistics and failures of long ago are forgotten.</summary>
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

    // $1: the time, $2: the age of an hour, $3: the age of failures, both in units of 100 ns. Nothing comes back.
    private static readonly string Forget = $"""
        WITH {Sql.Clock},
        hours AS (DELETE FROM lovage.hour WHERE hour < (SELECT {Hours.Of("now - $2")} FROM clock)),
        steps AS (
          DELETE FROM lovage.failure_step s WHERE s.ctid = ANY (ARRAY(
            SELECT o.ctid FROM lovage.failure f CROSS JOIN LATERAL (SELECT o.ctid FROM lovage.failure_step o
              WHERE o.fingerprint = f.fingerprint AND (o.step < (SELECT {Hours.StepOf("now - $3")} FROM clock)
                OR f.last_at < (SELECT now - $3 FROM clock)) OFFSET 0) o)))
        DELETE FROM lovage.failure WHERE last_at < (SELECT now - $3 FROM clock)
        """;

    private readonly string _prune = schema.Sql(Prune);
    private readonly string _forget = schema.Sql(Forget);

    internal async Task<int> PruneAsync(NpgsqlConnection connection, RetentionPolicy policy, int max, long? now)
    {
        var prune = new Statement(_prune).Add(now).Add(policy.Finished.Ticks).Add(policy.Dead.Ticks)
            .Add(policy.RowsMax).Add((long)max);
        return (int)await connection.ScalarAsync<long>(prune, CancellationToken.None);
    }

    /// <summary>Forgets statistics and failures of long ago.</summary>
    internal Task ForgetAsync(NpgsqlConnection connection, long? now) => connection.ExecuteAsync(
        new Statement(_forget).Add(now).Add(JobHistory.StatisticsKept.Ticks).Add(JobHistory.FailuresKept.Ticks),
        CancellationToken.None);
}

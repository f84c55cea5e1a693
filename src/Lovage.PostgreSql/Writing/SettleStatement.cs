using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Writes outcomes, many in one statement: claims end, attempts are kept, jobs get their new state, retries wait,
/// counts are added.
/// </summary>
internal sealed class SettleStatement(SchemaName schema)
{
    // States 3, 6: retrying, cancelled. What each row becomes is worked out once, where its claim is locked: every
    // further step that keeps the rows would copy them. Claims are looked up one by one, by what the statement says and
    // not by what the planner thinks of a table that is nearly empty whenever it is counted. The claim knows whether
    // "course" has a row: an insert that must look for one first costs half as much again.
    private const string Settle = $"""
        WITH {Sql.Clock},
        outcome AS MATERIALIZED (
          SELECT k.job, k.id, k.again, k.queue, k.name, k.priority, k.deaths, k.attempts, k.stamp, i.number, i.ended_as,
            i.started_at, i.duration, i.worker, i.error, i.logs,
            CASE WHEN i.state = 3 AND k.cancel THEN 6 ELSE i.state END::smallint AS state,
              k.retries + CASE WHEN i.state = 3 THEN 1 ELSE 0 END AS retries, i.state = 3 AS fails,
            CASE WHEN i.state = 3 AND NOT k.cancel THEN least((SELECT now FROM clock) + i.retry_delay, $18) END AS due,
            CASE WHEN i.state <> 3 OR k.cancel THEN (SELECT now FROM clock) END AS finished_at,
            CASE WHEN i.state <> 3 THEN i.result END AS result, CASE WHEN i.state = 3
              AND k.cancel THEN k.cancel_reason ELSE i.reason END AS reason,
            CASE WHEN i.state <> 3 THEN coalesce(i.progress, k.progress) END AS progress,
            CASE WHEN i.state <> 3 THEN CASE WHEN i.progress IS NULL THEN k.progress_message ELSE i.progress_message END
              END AS progress_message
          FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::integer[], $7::smallint[],
            $8::bigint[], $9::bigint[], $10::integer[], $11::bigint[],
            $12::bytea[], $13::bytea[], $14::bytea[], $15::text[], $16::double precision[], $17::text[])
            AS i(job, stamp, id, state, number, ended_as, started_at, duration, worker, retry_delay, result, error,
            logs, reason, progress, progress_message)
          CROSS JOIN LATERAL (SELECT * FROM lovage.claim k WHERE k.job = i.job AND k.stamp = i.stamp
            AND k.id = i.id OFFSET 0 FOR UPDATE) k),
        ended AS (DELETE FROM lovage.claim WHERE job = ANY (ARRAY(SELECT job FROM outcome))),
        archived AS (
          {Sql.Archive} FROM outcome o
            CROSS JOIN LATERAL (SELECT * FROM lovage.course c WHERE c.job = o.job AND o.attempts > 0
              AND c.ended_as IS NOT NULL OFFSET 0) c),
        written AS (
          INSERT INTO lovage.course(job, state, retries, due, deaths, attempts, number, ended_as, started_at, duration,
            worker, stamp, finished_at, result, error, logs, reason, progress, progress_message)
          SELECT job, state, retries, due, deaths, attempts + 1, number, ended_as, started_at, duration, worker, stamp,
            finished_at, result, error, logs, reason, progress, progress_message
          FROM outcome WHERE NOT again),
        rewritten AS (
          UPDATE lovage.course c SET state = o.state, retries = o.retries, due = coalesce(o.due, c.due),
            deaths = o.deaths, attempts = o.attempts + 1, number = o.number, ended_as = o.ended_as,
            started_at = o.started_at, duration = o.duration, worker = o.worker, stamp = o.stamp,
            finished_at = o.finished_at, result = o.result, error = o.error, logs = o.logs,
            reason = o.reason, progress = o.progress, progress_message = o.progress_message
          FROM outcome o WHERE o.again AND c.job = o.job),
        waiting AS (INSERT INTO lovage.delayed(queue, due, job, priority) SELECT queue, due, job, priority FROM outcome
          WHERE state = 3),
        counted AS (
          INSERT INTO lovage.tally(queue, name, claimed, delayed, succeeded, failed, retried, cancelled, expired, dead,
            kept)
          SELECT queue, name, -count(*), count(*) FILTER (WHERE state = 3), count(*) FILTER (WHERE state = 4),
            count(*) FILTER (WHERE state = 5), count(*) FILTER (WHERE fails),
            count(*) FILTER (WHERE state = 6), count(*) FILTER (WHERE state = 7), count(*) FILTER (WHERE state = 8),
            count(*) FILTER (WHERE state <> 3)
          FROM outcome GROUP BY queue, name)
        SELECT stamp, id FROM outcome
        """;

    // An attempt that was written off with its owner bears the stamp of the claim too, but is no outcome. Ends 10, 11:
    // interrupted, owner died.
    private const string WasApplied = """
        SELECT i.stamp, i.id FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS i(job, stamp, id)
          JOIN lovage.message m ON m.key = i.job AND m.id = i.id
        WHERE EXISTS (SELECT 1 FROM lovage.course c WHERE c.job = i.job AND c.stamp = i.stamp
          AND c.ended_as NOT IN (10, 11))
          OR EXISTS (SELECT 1 FROM lovage.attempt a WHERE a.job = i.job AND a.stamp = i.stamp
          AND a.ended_as NOT IN (10, 11))
        """;

    /// <summary>The words that <see cref="RunAsync"/> needs.</summary>
    internal static HashSet<string> WordsOf(IReadOnlyList<Settlement> outcomes)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < outcomes.Count; i++)
        {
            words.Add(outcomes[i].Attempt.Worker);
        }

        return words;
    }

    /// <summary>Writes those that are not stale; of two with the same token the first.</summary>
    /// <returns>The stamps and ids of those that were written now.</returns>
    internal async Task<HashSet<(long Stamp, string Id)>> RunAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Settlement> outcomes,
        IReadOnlyDictionary<string, int> words,
        long? now)
    {
        // By the order of their keys, so that two who settle the same claims do not wait for each other in a circle.
        var sorted = outcomes.DistinctBy(static outcome => (outcome.Token, outcome.Id))
            .OrderBy(static outcome => outcome.Token.Claim)
            .ToArray();
        var statement = new Statement(schema.Sql(Settle))
            .Add(now)
            .Add(Column(sorted, static outcome => outcome.Token.Claim))
            .Add(Column(sorted, static outcome => outcome.Token.Stamp))
            .Add(Column<string?>(sorted, static outcome => outcome.Id.Value))
            .Add(Column(sorted, static outcome => (short)JobLifecycle.After(outcome.Decision, JobState.Running)))
            .Add(Column(sorted, static outcome => outcome.Attempt.Number))
            .Add(Column(sorted, static outcome => (short)outcome.Attempt.End))
            .Add(Column(sorted, static outcome => StorageTime.From(outcome.Attempt.StartedAt)))
            .Add(Column(sorted, static outcome => outcome.Attempt.Duration.Ticks))
            .Add(Column(sorted, outcome => words[outcome.Attempt.Worker]))
            .Add(Column(sorted, static outcome => StorageTime.Span(outcome.RetryDelay)))
            .Add(Column(sorted, static outcome => outcome.Result.IsEmpty ? null : outcome.Result.ToArray()))
            .Add(Column(sorted, static outcome => NullWhenEmpty(AttemptColumns.FromError(outcome.Attempt.Error))))
            .Add(Column(sorted, static outcome => NullWhenEmpty(AttemptColumns.FromLogs(outcome.Attempt.Logs))))
            .Add(Column(sorted, static outcome => outcome.Reason))
            .Add(Column(sorted, static outcome => outcome.Progress))
            .Add(Column(sorted, static outcome => outcome.ProgressMessage))
            .Add(StorageTime.Latest);
        return await StampsAsync(connection, statement);
    }

    /// <summary>The stamps and ids of those that an earlier call has written.</summary>
    internal Task<HashSet<(long Stamp, string Id)>> AppliedBeforeAsync(
        NpgsqlConnection connection, IReadOnlyList<Settlement> outcomes) =>
        StampsAsync(connection, new Statement(schema.Sql(WasApplied))
            .Add(Column(outcomes, static outcome => outcome.Token.Claim))
            .Add(Column(outcomes, static outcome => outcome.Token.Stamp))
            .Add(Column<string?>(outcomes, static outcome => outcome.Id.Value)));

    private static async Task<HashSet<(long Stamp, string Id)>> StampsAsync(
        NpgsqlConnection connection, Statement statement)
    {
        await using var rows = await connection.ReadAsync(statement, CancellationToken.None);
        var stamps = new HashSet<(long, string)>();
        while (await rows.ReadAsync())
        {
            stamps.Add((rows.GetInt64(0), rows.GetString(1)));
        }

        return stamps;
    }

    private static byte[]? NullWhenEmpty(byte[] bytes) => bytes.Length == 0 ? null : bytes;

    private static T[] Column<T>(IReadOnlyList<Settlement> outcomes, Func<Settlement, T> value)
    {
        var column = new T[outcomes.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(outcomes[i]);
        }

        return column;
    }
}

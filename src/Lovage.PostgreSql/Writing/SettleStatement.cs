using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Writes outcomes, many in one statement: claims end, attempts are kept, jobs get their new state, retries wait, counts are added.</summary>
internal sealed class SettleStatement(SchemaName schema)
{
    // States 3, 6: retrying, cancelled. The claim knows whether "course" has a row: an insert that must look for one first costs half as much again.
    private const string Settle = $"""
        WITH {Sql.Clock},
        input AS MATERIALIZED (
          SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::integer[], $7::smallint[], $8::bigint[], $9::bigint[], $10::integer[], $11::bigint[],
            $12::bytea[], $13::bytea[], $14::bytea[], $15::text[], $16::double precision[], $17::text[])
          AS i(job, stamp, id, state, number, ended_as, started_at, duration, worker, retry_delay, result, error, logs, reason, progress, progress_message)),
        ended AS (
          DELETE FROM lovage.claim k USING input i WHERE k.job = i.job AND k.stamp = i.stamp AND k.id = i.id
          RETURNING k.job, k.stamp, k.id, k.again, k.queue, k.name, k.priority, k.retries, k.attempts, k.deaths, k.cancel, k.cancel_reason, k.progress AS told, k.progress_message AS told_message,
            i.state, i.number, i.ended_as, i.started_at, i.duration, i.worker, i.retry_delay, i.result, i.error, i.logs, i.reason, i.progress, i.progress_message),
        fate AS MATERIALIZED (
          SELECT e.*, e.state = 3 AS fails, CASE WHEN e.state = 3 AND e.cancel THEN 6 ELSE e.state END::smallint AS becomes, least(clock.now + e.retry_delay, $18) AS due, clock.now
          FROM ended e CROSS JOIN clock),
        archived AS (
          {Sql.Archive} FROM fate f CROSS JOIN LATERAL (SELECT * FROM lovage.course c WHERE c.job = f.job AND f.attempts > 0 AND c.ended_as IS NOT NULL OFFSET 0) c),
        outcome AS MATERIALIZED (
          SELECT f.job, f.again, f.becomes AS state, f.retries + CASE WHEN f.fails THEN 1 ELSE 0 END AS retries, CASE WHEN f.becomes = 3 THEN f.due END AS due, f.deaths, f.attempts + 1 AS attempts,
            f.number, f.ended_as, f.started_at, f.duration, f.worker, f.stamp, CASE WHEN f.becomes <> 3 THEN f.now END AS finished_at, CASE WHEN NOT f.fails THEN f.result END AS result,
            f.error, f.logs, CASE WHEN f.fails AND f.cancel THEN f.cancel_reason ELSE f.reason END AS reason, CASE WHEN NOT f.fails THEN coalesce(f.progress, f.told) END AS progress,
            CASE WHEN NOT f.fails THEN CASE WHEN f.progress IS NULL THEN f.told_message ELSE f.progress_message END END AS progress_message
          FROM fate f),
        written AS (
          INSERT INTO lovage.course(job, state, retries, due, deaths, attempts, number, ended_as, started_at, duration, worker, stamp, finished_at, result, error, logs, reason, progress, progress_message)
          SELECT job, state, retries, due, deaths, attempts, number, ended_as, started_at, duration, worker, stamp, finished_at, result, error, logs, reason, progress, progress_message
          FROM outcome WHERE NOT again),
        rewritten AS (
          UPDATE lovage.course c SET state = o.state, retries = o.retries, due = coalesce(o.due, c.due), deaths = o.deaths, attempts = o.attempts, number = o.number, ended_as = o.ended_as,
            started_at = o.started_at, duration = o.duration, worker = o.worker, stamp = o.stamp, finished_at = o.finished_at, result = o.result, error = o.error, logs = o.logs,
            reason = o.reason, progress = o.progress, progress_message = o.progress_message
          FROM outcome o WHERE o.again AND c.job = o.job),
        waiting AS (INSERT INTO lovage.delayed(queue, due, job, priority) SELECT queue, due, job, priority FROM fate WHERE becomes = 3),
        counted AS (
          INSERT INTO lovage.tally(queue, name, claimed, delayed, succeeded, failed, retried, cancelled, expired, dead, kept)
          SELECT queue, name, -count(*), count(*) FILTER (WHERE becomes = 3), count(*) FILTER (WHERE becomes = 4), count(*) FILTER (WHERE becomes = 5), count(*) FILTER (WHERE fails),
            count(*) FILTER (WHERE becomes = 6), count(*) FILTER (WHERE becomes = 7), count(*) FILTER (WHERE becomes = 8), count(*) FILTER (WHERE becomes <> 3)
          FROM fate GROUP BY queue, name)
        SELECT stamp, id FROM fate
        """;

    // An attempt that was written off with its owner bears the stamp of the claim too, but is no outcome. Ends 10, 11: interrupted, owner died.
    private const string WasApplied = """
        SELECT i.stamp, i.id FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS i(job, stamp, id) JOIN lovage.message m ON m.key = i.job AND m.id = i.id
        WHERE EXISTS (SELECT 1 FROM lovage.course c WHERE c.job = i.job AND c.stamp = i.stamp AND c.ended_as NOT IN (10, 11))
          OR EXISTS (SELECT 1 FROM lovage.attempt a WHERE a.job = i.job AND a.stamp = i.stamp AND a.ended_as NOT IN (10, 11))
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
    internal async Task<HashSet<(long Stamp, string Id)>> RunAsync(NpgsqlConnection connection, IReadOnlyList<Settlement> outcomes, IReadOnlyDictionary<string, int> words, long? now)
    {
        // By the order of their keys, so that two who settle the same claims do not wait for each other in a circle.
        var sorted = outcomes.DistinctBy(static outcome => (outcome.Token, outcome.Id)).OrderBy(static outcome => outcome.Token.Claim).ToArray();
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
            .Add(Column(sorted, static outcome => NullWhenEmpty(Json.FromError(outcome.Attempt.Error))))
            .Add(Column(sorted, static outcome => NullWhenEmpty(Json.FromLogs(outcome.Attempt.Logs))))
            .Add(Column(sorted, static outcome => outcome.Reason))
            .Add(Column(sorted, static outcome => outcome.Progress))
            .Add(Column(sorted, static outcome => outcome.ProgressMessage))
            .Add(StorageTime.Latest);
        return await StampsAsync(connection, statement);
    }

    /// <summary>The stamps and ids of those that an earlier call has written.</summary>
    internal Task<HashSet<(long Stamp, string Id)>> AppliedBeforeAsync(NpgsqlConnection connection, IReadOnlyList<Settlement> outcomes) =>
        StampsAsync(connection, new Statement(schema.Sql(WasApplied))
            .Add(Column(outcomes, static outcome => outcome.Token.Claim))
            .Add(Column(outcomes, static outcome => outcome.Token.Stamp))
            .Add(Column<string?>(outcomes, static outcome => outcome.Id.Value)));

    private static async Task<HashSet<(long Stamp, string Id)>> StampsAsync(NpgsqlConnection connection, Statement statement)
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

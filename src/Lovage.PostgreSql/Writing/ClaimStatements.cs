using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// What happens to claims before an outcome: they are renewed, started, reported on, given back and taken back.
/// </summary>
internal sealed class ClaimStatements(SchemaName schema)
{
    // Jobs are given as a list too, so that claims are found by their keys whatever the planner thinks of a table that
    // is nearly empty whenever it is counted. A stamp is minted once: one of the list can only be that of the job that
    // it was given with.
    private const string Renew = $"""
        WITH {Sql.Clock}
        UPDATE lovage.claim k SET until = clock.now + $4 FROM clock WHERE k.job = ANY ($2) AND k.stamp = ANY ($3)
          RETURNING k.stamp, k.cancel
        """;

    private const string Start = """
        UPDATE lovage.claim k SET started_at = coalesce(k.started_at, i.started_at), ahead = k.ahead OR i.ahead
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[]) AS i(job, stamp, started_at, ahead)
        WHERE k.job = ANY ($1) AND k.job = i.job AND k.stamp = i.stamp RETURNING k.stamp
        """;

    private const string Report = """
        UPDATE lovage.claim k SET progress = i.progress, progress_message = i.message
        FROM unnest($1::bigint[], $2::bigint[], $3::double precision[], $4::text[]) AS i(job, stamp, progress, message)
        WHERE k.job = ANY ($1) AND k.job = i.job AND k.stamp = i.stamp
        """;

    private const string Given =
        "given AS MATERIALIZED (SELECT k.job, k.stamp FROM lovage.claim k JOIN unnest($4::bigint[], $5::bigint[]) AS "
            + "i(job, stamp) ON k.job = ANY ($4) AND k.job = i.job AND k.stamp = i.stamp)";

    // Those whose lease has run out, and all of the owners named. The table holds what runs now and nothing more: it is
    // read as a whole.
    private const string Lost = """
        given AS MATERIALIZED (
          SELECT k.job, k.stamp FROM lovage.claim k WHERE k.until <= (SELECT now FROM clock)
            OR k.owner = ANY ($4::integer[]) ORDER BY k.stamp LIMIT $5 FOR UPDATE SKIP LOCKED)
        """;

    // $2 is the end of the attempt, $3 the deaths that bury a job; 0 when nobody died. States 1, 6, 8: queued,
    // cancelled, dead.
    private const string GiveBack = $"""
        ended AS (DELETE FROM lovage.claim k USING given WHERE k.job = ANY (ARRAY(SELECT job FROM given))
          AND k.job = given.job AND k.stamp = given.stamp RETURNING k.*),
        fate AS MATERIALIZED (
          SELECT e.*, d.died, CASE WHEN $3 > 0 AND d.died >= $3 THEN 8 WHEN e.cancel THEN 6 ELSE 1 END::smallint AS
            becomes, clock.now
          FROM ended e CROSS JOIN clock CROSS JOIN LATERAL (SELECT e.deaths + CASE WHEN $3 > 0
            AND e.ahead THEN 1 ELSE 0 END AS died) d),
        told AS MATERIALIZED (
          SELECT f.*, CASE f.becomes WHEN 8 THEN 'Its process died ' || f.died || ' times while it ran.' WHEN 6 THEN
            f.cancel_reason END AS reason FROM fate f),
        archived AS (
          {Sql.Archive} FROM told f
            CROSS JOIN LATERAL (SELECT * FROM lovage.course c WHERE c.job = f.job AND f.started_at IS NOT NULL
              AND f.attempts > 0 AND c.ended_as IS NOT NULL OFFSET 0) c),
        attempted AS (
          INSERT INTO lovage.course AS c (job, state, seq, retries, deaths, attempts, number, ended_as, started_at,
            duration, worker, stamp, finished_at, reason, progress, progress_message)
          SELECT f.job, f.becomes, f.seq, f.retries, f.died, f.attempts + 1, f.attempts + 1, $2, f.started_at,
            greatest(f.now - f.started_at, 0), f.owner, f.stamp,
            CASE WHEN f.becomes <> 1 THEN f.now END, f.reason, CASE WHEN f.becomes = 8 THEN f.progress END,
              CASE WHEN f.becomes = 8 THEN f.progress_message END
          FROM told f WHERE f.started_at IS NOT NULL
          ON CONFLICT (job) DO UPDATE SET state = excluded.state, retries = excluded.retries, deaths = excluded.deaths,
            attempts = excluded.attempts, number = excluded.number,
            ended_as = excluded.ended_as, started_at = excluded.started_at, duration = excluded.duration,
            worker = excluded.worker, stamp = excluded.stamp, finished_at = excluded.finished_at,
            result = NULL, error = NULL, logs = NULL, reason = excluded.reason, progress = excluded.progress,
            progress_message = excluded.progress_message),
        unattempted AS (
          INSERT INTO lovage.course AS c (job, state, finished_at, reason) SELECT f.job, f.becomes, f.now, f.reason
            FROM told f WHERE f.started_at IS NULL AND f.becomes <> 1
          ON CONFLICT (job) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at,
            reason = excluded.reason),
        placed AS (
          INSERT INTO lovage.ready(queue, lane, priority, seq, job, ready_at, again)
          SELECT f.queue, CASE WHEN $3 > 0 THEN 0 ELSE f.lane END, f.priority, f.seq, f.job, f.ready_at, f.again
            OR f.started_at IS NOT NULL FROM told f WHERE f.becomes = 1),
        counted AS (
          INSERT INTO lovage.tally(queue, name, claimed, ready, cancelled, dead, kept)
          SELECT queue, name, -count(*), count(*) FILTER (WHERE becomes = 1), count(*) FILTER (WHERE becomes = 6),
            count(*) FILTER (WHERE becomes = 8), count(*) FILTER (WHERE becomes <> 1)
          FROM told GROUP BY queue, name)
        SELECT id, becomes FROM told
        """;

    private const string Release = $"WITH {Sql.Clock}, {Given}, {GiveBack}";
    private const string Reclaim = $"WITH {Sql.Clock}, {Lost}, {GiveBack}";

    internal Statement RenewOf(IReadOnlyList<LeaseToken> tokens, TimeSpan lease, long? now) =>
        WithTokens(new Statement(schema.Sql(Renew)).Add(now), tokens).Add(StorageTime.Span(lease));

    internal async Task<HashSet<long>> StartAsync(NpgsqlConnection connection, IReadOnlyList<JobStart> starts)
    {
        // Several for one claim are one start, which was ahead if any of them was.
        var sorted = starts.GroupBy(static start => start.Token)
            .Select(static same => same.First() with { Ahead = same.Any(static start => start.Ahead) })
            .OrderBy(static start => start.Token.Claim)
            .ToArray();
        var statement = WithTokens(new Statement(schema.Sql(Start)), [.. sorted.Select(static start => start.Token)])
            .Add([.. sorted.Select(static start => StorageTime.From(start.StartedAt))])
            .Add([.. sorted.Select(static start => start.Ahead)]);
        await using var rows = await connection.ReadAsync(statement, CancellationToken.None);
        var held = new HashSet<long>();
        while (await rows.ReadAsync())
        {
            held.Add(rows.GetInt64(0));
        }

        return held;
    }

    internal Task ReportAsync(NpgsqlConnection connection, IReadOnlyList<ProgressUpdate> updates)
    {
        // Of several for one claim the last counts.
        var sorted = updates.GroupBy(static update => update.Token)
            .Select(static same => same.Last())
            .OrderBy(static update => update.Token.Claim)
            .ToArray();
        var statement = WithTokens(new Statement(schema.Sql(Report)), [.. sorted.Select(static update => update.Token)])
            .Add([.. sorted.Select(static update => (double?)update.Fraction)])
            .Add([.. sorted.Select(static update => update.Message)]);
        return connection.ExecuteAsync(statement, CancellationToken.None);
    }

    /// <summary>Gives claims back to the front of their queues.</summary>
    internal Task<List<(JobId Id, JobState State)>> ReleaseAsync(
        NpgsqlConnection connection, IReadOnlyList<LeaseToken> tokens, long? now)
    {
        var statement = new Statement(schema.Sql(Release)).Add(now).Add((short)AttemptEnd.Interrupted).Add(0);
        return FatesAsync(
            connection, WithTokens(statement, [.. tokens.Distinct().OrderBy(static token => token.Claim)]));
    }

    /// <summary>
    /// Takes back what dead owners hold, by <see cref="JobLifecycle"/>'s rule: the deaths that it bears are a number.
    /// </summary>
    internal Task<List<(JobId Id, JobState State)>> ReclaimAsync(
        NpgsqlConnection connection, int[] deadOwners, int max, long? now) =>
        FatesAsync(connection, new Statement(schema.Sql(Reclaim)).Add(now).Add((short)AttemptEnd.OwnerDied)
            .Add(JobLifecycle.DeathsMax).Add(deadOwners).Add((long)max));

    private static async Task<List<(JobId Id, JobState State)>> FatesAsync(
        NpgsqlConnection connection, Statement statement)
    {
        await using var rows = await connection.ReadAsync(statement, CancellationToken.None);
        var fates = new List<(JobId, JobState)>();
        while (await rows.ReadAsync())
        {
            fates.Add((JobId.TryParse(rows.GetString(0), out var id) ? id : default, (JobState)rows.GetInt16(1)));
        }

        return fates;
    }

    private static Statement WithTokens(Statement statement, IReadOnlyList<LeaseToken> tokens)
    {
        var (jobs, stamps) = (new long[tokens.Count], new long[tokens.Count]);
        for (var i = 0; i < jobs.Length; i++)
        {
            (jobs[i], stamps[i]) = (tokens[i].Claim, tokens[i].Stamp);
        }

        return statement.Add(jobs).Add(stamps);
    }
}

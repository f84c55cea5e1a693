using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>What a person changes of jobs: they are requeued, deleted, made ready now, or moved.</summary>
/// <remarks>
/// Comes back from each, for each job that is known: id, the state in which it was found, whether the change is
/// possible there, whether it was made. A job whose change is possible and was not made moved from one place to
/// another: the next statement finds it.
/// </remarks>
internal sealed class ChangeStatements(SchemaName schema)
{
    private const int TriesMax = 20;

    // $1: the time, $2: ids.
    private static readonly string Requeue = $"""
        WITH {Sql.Clock}, {KnownJobs.Relation},
        locked AS MATERIALIZED ({Locked("c.*")}),
        archived AS ({KeepAttempt.Archive("locked")}),
        numbered AS MATERIALIZED (
          SELECT nextval('lovage.ticket') AS seq, s.* FROM (
            SELECT k.job, k.queue, k.name, k.priority, l.attempts FROM known k JOIN locked l ON l.job = k.job
            ORDER BY k.ord OFFSET 0) s),
        back AS ({CourseWrite.Update("numbered", "true", [
            .. CourseWrite.Place(States.Queued, "o.seq"),
            .. KeepAttempt.ForgetOffers,
            new("base", "o.attempts"),
            .. Nulls(
                "due", "number", "ended_as", "duration", "wait", "stamp", "turned", "finished_at", "result", "error",
                "fingerprint", "logs", "reason", "progress", "progress_message"),
            new("retries", "0"),
            new("deaths", "0"),
        ])}),
        renewed AS (
          UPDATE lovage.message m SET delay = NULL, eta = NULL,
            expires = CASE WHEN m.expires > clock.now THEN m.expires END FROM numbered n CROSS JOIN clock
          WHERE m.key = n.job AND (m.delay IS NOT NULL OR m.eta IS NOT NULL OR m.expires IS NOT NULL)),
        placed AS ({Place.Ready("numbered CROSS JOIN clock", readyAt: "clock.now")}),
        counted AS ({Tally.Of(
            "numbered", ("ready", Tally.Rows), ("enqueued", Tally.Rows), ("kept", Tally.MinusRows))})
        {Result(KnownJobs.HaveEnded, "numbered")}
        """;

    // $1: not used, $2: ids.
    private static readonly string Delete = $"""
        WITH {Sql.Clock}, {KnownJobs.Relation},
        locked AS MATERIALIZED ({Locked("c.job")}),
        {Removal.Of("locked")}
        {Result(KnownJobs.HaveEnded, "locked")}
        """;

    // $1: the time, $2: ids.
    private static readonly string RunNow = $"""
        WITH {Sql.Clock}, {KnownJobs.Relation},
        undelayed AS ({Place.LeaveDelayed("known", KnownJobs.AreDelayed)}),
        numbered AS MATERIALIZED (
          SELECT nextval('lovage.ticket') AS seq, s.* FROM (
            SELECT k.job, k.queue, k.name, k.priority, clock.now FROM known k JOIN undelayed u ON u.job = k.job
              CROSS JOIN clock
            ORDER BY k.ord OFFSET 0) s),
        queued AS ({CourseWrite.Update(
            "numbered", "true", [.. CourseWrite.Place(States.Queued, "o.seq"), new("due", "o.now")])}),
        placed AS ({Place.Ready("numbered", readyAt: "now")}),
        counted AS ({Tally.Of("numbered", ("ready", Tally.Rows), ("delayed", Tally.MinusRows))})
        {Result(KnownJobs.AreDelayed, "numbered")}
        """;

    // $1: not used, $2: ids, $3: the new queue (its number), or null, $4: the new priority, or null. A ready job that
    // never had a course gets one: it holds the place by which others find the job.
    private static readonly string Move = $"""
        WITH {Sql.Clock}, {KnownJobs.Relation},
        unready AS ({Place.LeaveReady("known", KnownJobs.Wait)}),
        undelayed AS ({Place.LeaveDelayed("known", KnownJobs.Wait)}),
        numbered AS MATERIALIZED (
          SELECT nextval('lovage.ticket') AS seq, s.*, {Priorities.Of("s.own_priority")} AS priority FROM (
            SELECT k.job, k.name, k.queue AS old_queue, coalesce($3::integer, k.queue) AS queue,
              coalesce($4::integer, k.own_priority) AS own_priority, k.due, r.job IS NOT NULL AS is_ready, r.lane,
              r.ready_at
            FROM known k LEFT JOIN unready r ON r.job = k.job LEFT JOIN undelayed d ON d.job = k.job
            WHERE r.job IS NOT NULL OR d.job IS NOT NULL ORDER BY k.ord OFFSET 0) s),
        moved AS (
          UPDATE lovage.message m SET queue = n.queue, priority = n.own_priority FROM numbered n WHERE m.key = n.job),
        placed AS ({Place.Ready("numbered WHERE is_ready", readyAt: "ready_at", lane: "lane")}),
        waiting AS ({Place.Delayed("numbered WHERE NOT is_ready")}),
        queued AS ({CourseWrite.Upsert("numbered", "o.is_ready", CourseWrite.Place(States.Queued, "o.seq"))}),
        counted AS (
          INSERT INTO lovage.tally(queue, name, block, ready, delayed, enqueued)
          SELECT s.queue, n.name, {Blocks.Of("n.job")}, sum(CASE WHEN n.is_ready THEN s.sign ELSE 0 END),
            sum(CASE WHEN n.is_ready THEN 0 ELSE s.sign END), sum(s.sign)
          FROM numbered n CROSS JOIN LATERAL (VALUES (n.queue, 1), (n.old_queue, -1)) AS s(queue, sign)
          GROUP BY s.queue, n.name, {Blocks.Of("n.job")})
        {Result(KnownJobs.Wait, "numbered")}
        """;

    private readonly string _requeue = schema.Sql(Requeue);
    private readonly string _delete = schema.Sql(Delete);
    private readonly string _runNow = schema.Sql(RunNow);
    private readonly string _move = schema.Sql(Move);

    internal Task<IReadOnlyList<ChangeResult>> RequeueAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, long? now) =>
        RunAsync(connection, ids, open => new Statement(_requeue).Add(now).Add(open));

    internal Task<IReadOnlyList<ChangeResult>> DeleteAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, long? now) =>
        RunAsync(connection, ids, open => new Statement(_delete).Add(now).Add(open));

    internal Task<IReadOnlyList<ChangeResult>> RunNowAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, long? now) =>
        RunAsync(connection, ids, open => new Statement(_runNow).Add(now).Add(open));

    /// <param name="connection">The connection.</param>
    /// <param name="ids">The jobs.</param>
    /// <param name="queue">The new queue's number; null to stay.</param>
    /// <param name="priority">The new priority; null to keep the old one.</param>
    /// <param name="now">The time in place of the server's, in tests.</param>
    internal Task<IReadOnlyList<ChangeResult>> MoveAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, int? queue, int? priority, long? now) =>
        RunAsync(connection, ids, open => new Statement(_move).Add(now).Add(open).Add(queue).Add(priority));

    /// <summary>The courses of jobs that have ended, locked in the order of their keys.</summary>
    private static string Locked(string columns) => $"""
        SELECT {columns} FROM lovage.course c WHERE c.job IN (SELECT job FROM known k WHERE {KnownJobs.HaveEnded})
          AND c.state {States.HaveEnded} ORDER BY c.job FOR UPDATE
        """;

    private static string Result(string condition, string changed) => $"""
        SELECT k.id, k.state, {condition}, c.job IS NOT NULL FROM known k LEFT JOIN {changed} c ON c.job = k.job
        """;

    private static IEnumerable<CourseColumn> Nulls(params string[] columns) =>
        columns.Select(static column => new CourseColumn(column, "NULL"));

    private static async Task<IReadOnlyList<ChangeResult>> RunAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, Func<string?[], Statement> statementOf)
    {
        var found = new Dictionary<string, ChangeResult>(StringComparer.Ordinal);
        string[] open = [.. ids.Select(static id => id.Value).Distinct(StringComparer.Ordinal)];
        for (var turn = 0; turn < TriesMax && open.Length > 0; turn++)
        {
            var moving = new List<string>();
            await using var rows = await connection.ReadAsync(statementOf([.. open]), CancellationToken.None);
            while (await rows.ReadAsync())
            {
                var (id, state) = (rows.GetString(0), (JobState)rows.GetInt16(1));
                var (isPossible, isDone) = (rows.GetBoolean(2), rows.GetBoolean(3));
                if (isPossible && !isDone)
                {
                    moving.Add(id);
                }
                else
                {
                    found[id] = new ChangeResult(isDone ? ChangeStatus.Changed : ChangeStatus.NotPossible, state);
                }
            }

            open = [.. open.Where(moving.Contains)];
        }

        return open.Length == 0
            ? [.. ids.Select(id => found.GetValueOrDefault(id.Value, new ChangeResult(ChangeStatus.Unknown, null)))]
            : throw new StorageException(
                "A job that is to be changed moves from place to place all the time; the call can be repeated.",
                isTransient: true);
    }
}

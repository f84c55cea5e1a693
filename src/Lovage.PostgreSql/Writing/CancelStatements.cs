using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Cancels jobs: those that a person names, or those that wait in a queue.</summary>
internal sealed class CancelStatements(SchemaName schema)
{
    private const int TriesMax = 20;

    // $1: the time, $2: ids, $3: why. Comes back for each that is known: id, whether the request was stored with its
    // claim, whether it was cancelled, the state in which it was found. A job that is neither, and has not ended, moved
    // from one place to another: the next statement finds it.
    private static readonly string Cancel = $"""
        WITH {Sql.Clock}, {KnownJobs.Relation},
        asked AS (UPDATE lovage.claim k SET cancel = true, cancel_reason = $3 FROM known WHERE k.job = known.job
          RETURNING k.job),
        unready AS ({Place.LeaveReady("known", KnownJobs.Wait)}),
        undelayed AS ({Place.LeaveDelayed("known", KnownJobs.Wait)}),
        gone AS MATERIALIZED (
          SELECT k.*, true AS was_ready FROM unready u JOIN known k USING (job)
          UNION ALL SELECT k.*, false FROM undelayed u JOIN known k USING (job)),
        {EndJob.CancelWaiting("(SELECT job, queue, name, was_ready FROM gone)", "$3")}
        SELECT k.id, a.job IS NOT NULL, g.job IS NOT NULL, k.state
        FROM known k LEFT JOIN asked a ON a.job = k.job LEFT JOIN gone g ON g.job = k.job
        """;

    // $1: the time, $2: the queue (its number), $3: jobs at the most, $4: why. Comes back for each job that ended: id,
    // name. Rows that a look is claiming are passed over: a worker holds those jobs.
    private static readonly string Purge = $"""
        WITH {Sql.Clock},
        first AS MATERIALIZED (
          SELECT r.ctid AS place FROM lovage.ready r WHERE r.queue = $2
            ORDER BY r.lane, r.priority, r.seq LIMIT $3 FOR UPDATE SKIP LOCKED),
        unready AS (DELETE FROM lovage.ready WHERE ctid = ANY (ARRAY(SELECT place FROM first)) RETURNING job),
        next AS MATERIALIZED (
          SELECT d.ctid AS place FROM lovage.delayed d WHERE d.queue = $2
            ORDER BY d.due, d.job LIMIT (SELECT $3 - count(*) FROM first) FOR UPDATE SKIP LOCKED),
        undelayed AS (DELETE FROM lovage.delayed WHERE ctid = ANY (ARRAY(SELECT place FROM next)) RETURNING job),
        gone AS MATERIALIZED (
          SELECT m.key AS job, m.id, m.queue, m.name, u.was_ready FROM (
            SELECT job, true AS was_ready FROM unready UNION ALL SELECT job, false FROM undelayed) u
          JOIN lovage.message m ON m.key = u.job),
        {EndJob.CancelWaiting("(SELECT job, queue, name, was_ready FROM gone)", "$4")}
        SELECT g.id, w.text FROM gone g JOIN lovage.word w ON w.id = g.name
        """;

    private readonly string _cancel = schema.Sql(Cancel);
    private readonly string _purge = schema.Sql(Purge);

    internal async Task<IReadOnlyList<CancelResult>> CancelAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, string? reason, long? now)
    {
        var found = new Dictionary<string, CancelResult>(StringComparer.Ordinal);
        var open = ids.Select(static id => id.Value).ToHashSet(StringComparer.Ordinal);
        for (var turn = 0; turn < TriesMax && open.Count > 0; turn++)
        {
            var moving = new HashSet<string>(StringComparer.Ordinal);
            await using var rows = await connection.ReadAsync(
                new Statement(_cancel).Add(now).Add([.. open]).Add(reason), CancellationToken.None);
            while (await rows.ReadAsync())
            {
                var (id, state) = (rows.GetString(0), (JobState)rows.GetInt16(3));
                if (rows.GetBoolean(1))
                {
                    found[id] = new CancelResult(CancelStatus.Requested, state);
                }
                else if (rows.GetBoolean(2))
                {
                    found[id] = new CancelResult(CancelStatus.Cancelled, JobState.Cancelled);
                }
                else if (state.IsFinal)
                {
                    found[id] = new CancelResult(CancelStatus.AlreadyEnded, state);
                }
                else
                {
                    moving.Add(id);
                }
            }

            open = moving;
        }

        return open.Count == 0
            ? [.. ids.Select(id => found.GetValueOrDefault(id.Value, new CancelResult(CancelStatus.Unknown, null)))]
            : throw new StorageException(
                "A job that is to be cancelled moves from place to place all the time; the call can be repeated.",
                isTransient: true);
    }

    /// <summary>Cancels jobs of a queue that no worker holds.</summary>
    internal async Task<IReadOnlyList<EndedJob>> PurgeAsync(
        NpgsqlConnection connection, int queue, int max, string reason, long? now)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(_purge).Add(now).Add(queue).Add((long)max).Add(reason), CancellationToken.None);
        var ended = new List<EndedJob>();
        while (await rows.ReadAsync())
        {
            ended.Add(new EndedJob(rows.Id(0), rows.GetString(1), JobState.Cancelled, reason));
        }

        return ended;
    }
}

using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Looks at queues, claims and counters.</summary>
internal sealed class QueueReading(SchemaName schema)
{
    // Comes back: the owners of claims.
    private const string Owners =
        "SELECT w.text FROM (SELECT DISTINCT owner FROM lovage.claim) k JOIN lovage.word w ON w.id = k.owner";

    private const string Columns =
        "queue, name, ready, delayed, claimed, enqueued, succeeded, failed, retried, cancelled, expired, dead";

    // The sums and the lines that are not summed up yet, in one snapshot.
    private const string Sums = $"""
        sums AS MATERIALIZED (SELECT {Columns} FROM lovage.counter UNION ALL SELECT {Columns} FROM lovage.tally)
        """;

    // Comes back for each queue and name: both, and the counters.
    private const string Counters = $"""
        WITH {Sums}
        SELECT q.text, n.text, c.enqueued, c.succeeded, c.failed, c.retried, c.cancelled, c.expired, c.dead FROM (
          SELECT queue, name, sum(enqueued)::bigint AS enqueued, sum(succeeded)::bigint AS succeeded,
            sum(failed)::bigint AS failed, sum(retried)::bigint AS retried, sum(cancelled)::bigint AS cancelled,
            sum(expired)::bigint AS expired, sum(dead)::bigint AS dead
          FROM sums WHERE name <> {Tally.NoName} GROUP BY queue, name) c
        JOIN lovage.word q ON q.id = c.queue JOIN lovage.word n ON n.id = c.name
        """;

    // $1: the time. Comes back for each queue: its name, ready, delayed and held jobs, why it is paused, how long the
    // oldest ready job has been ready, in units of 100 ns. The head of each line of a queue is the oldest of it.
    private const string Queues = $"""
        WITH {Sql.Clock}, {Sums},
        counted AS (
          SELECT queue, sum(ready)::bigint AS ready, sum(delayed)::bigint AS delayed, sum(claimed)::bigint AS claimed
            FROM (
            SELECT queue, ready, delayed, claimed FROM sums UNION ALL SELECT id, 0, 0, 0 FROM lovage.queue
              WHERE pause_reason IS NOT NULL) s GROUP BY queue)
        SELECT w.text, c.ready, c.delayed, c.claimed, p.pause_reason, (SELECT now FROM clock) - (
          SELECT min(h.since) FROM generate_series({Lanes.Orphans}, {Lanes.Ordinary}) l(n)
          CROSS JOIN generate_series({Priorities.First}, {Priorities.Last}) t(n) CROSS JOIN LATERAL (
            SELECT coalesce(r.ready_at, m.enqueued_at) AS since FROM lovage.ready r
              JOIN lovage.message m ON m.key = r.job
            WHERE r.queue = c.queue AND r.lane = l.n AND r.priority = t.n ORDER BY r.seq LIMIT 1) h WHERE c.ready > 0)
        FROM counted c JOIN lovage.word w ON w.id = c.queue LEFT JOIN lovage.queue p ON p.id = c.queue ORDER BY w.text
        """;

    // $1: the queue (its number), $2: messages at the most. Comes back for each: its columns, and its retries so far.
    private const string Peek = $"""
        SELECT {MessageRow.Columns}, c.retries FROM (
          SELECT r.* FROM lovage.ready r WHERE r.queue = $1 ORDER BY r.lane, r.priority, r.seq LIMIT $2) r
        JOIN lovage.message m ON m.key = r.job LEFT JOIN lovage.course c ON r.again AND c.job = r.job {MessageRow.Words}
          ORDER BY r.lane, r.priority, r.seq
        """;

    // $1: the time. Comes back: the numbers of queues.
    private const string Delayed = $"""
        SELECT coalesce(array_agg(DISTINCT queue), ARRAY[]::integer[]) FROM lovage.delayed WHERE due <= {Sql.Now}
        """;

    internal async Task<IReadOnlyList<string>> OwnersAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(new Statement(schema.Sql(Owners)), cancellationToken);
        var owners = new List<string>();
        while (await rows.ReadAsync(cancellationToken))
        {
            owners.Add(rows.GetString(0));
        }

        return owners;
    }

    /// <summary>The queues with jobs that are due and were not made ready yet.</summary>
    internal async Task<int[]> WithDueAsync(
        NpgsqlConnection connection, long? now, CancellationToken cancellationToken) =>
        await connection.ScalarAsync<int[]>(new Statement(schema.Sql(Delayed)).Add(now), cancellationToken) ?? [];

    internal async Task<IReadOnlyList<QueueStatus>> QueuesAsync(
        NpgsqlConnection connection, long? now, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Queues)).Add(now), cancellationToken);
        var queues = new List<QueueStatus>();
        while (await rows.ReadAsync(cancellationToken))
        {
            TimeSpan? oldest = rows.Int64OrNull(5) is { } age ? TimeSpan.FromTicks(Math.Max(0, age)) : null;
            var pauseReason = rows.TextOrNull(4);
            queues.Add(new QueueStatus(
                rows.GetString(0),
                rows.GetInt64(1),
                rows.GetInt64(2),
                rows.GetInt64(3),
                oldest,
                pauseReason is not null,
                pauseReason));
        }

        return queues;
    }

    internal async Task<IReadOnlyList<JobMessage>> PeekAsync(
        NpgsqlConnection connection, int queue, int max, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Peek)).Add(queue).Add((long)max), cancellationToken);
        var row = new Row(rows);
        var messages = new List<JobMessage>();
        while (await rows.ReadAsync(cancellationToken))
        {
            messages.Add(MessageColumns.Read(row, 0, row.Int32OrNull(MessageColumns.Count)));
        }

        return messages;
    }

    internal async Task<IReadOnlyList<JobCounter>> CountersAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(new Statement(schema.Sql(Counters)), cancellationToken);
        var counters = new List<JobCounter>();
        while (await rows.ReadAsync(cancellationToken))
        {
            counters.Add(new JobCounter
            {
                Queue = rows.GetString(0),
                Name = rows.GetString(1),
                Enqueued = rows.GetInt64(2),
                Succeeded = rows.GetInt64(3),
                Failed = rows.GetInt64(4),
                Retried = rows.GetInt64(5),
                Cancelled = rows.GetInt64(6),
                Expired = rows.GetInt64(7),
                Dead = rows.GetInt64(8),
            });
        }

        return counters;
    }
}

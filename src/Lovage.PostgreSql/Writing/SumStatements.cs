using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Sums up the lines that transactions have counted, one process at a time.</summary>
internal sealed class SumStatements(SchemaName schema)
{
    private const int LinesMax = 10_000;

    /// <summary>Rounds of one call at the most: a caller with much to do is not kept for long.</summary>
    private const int RoundsMax = 10;

    // $1: the key of a lock, $2: lines at the most. Comes back: a row with the number of lines, and one for each block
    // that has lost jobs. One process at a time: two would take each other's lines. The second one leaves it to the
    // first.
    private static readonly string Fold = $"""
        WITH lines AS (
          DELETE FROM lovage.tally WHERE ctid = ANY (ARRAY(SELECT ctid FROM lovage.tally LIMIT $2))
            AND pg_try_advisory_xact_lock($1) RETURNING *),
        {HourSums.Of("lines")},
        counted AS (
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
            dead = c.dead + excluded.dead, kept = c.kept + excluded.kept),
        hours AS (
          INSERT INTO lovage.hour AS h ({HourSums.Columns}) SELECT {HourSums.Columns} FROM summed
          ON CONFLICT (hour, queue, name) DO UPDATE SET
            {string.Join(", ", HourSums.Counts.Select(static column =>
                $"{column} = {HourSums.AddCount($"h.{column}", $"excluded.{column}")}"))},
            waits = {HourSums.Add("h.waits", "excluded.waits")},
            runs = {HourSums.Add("h.runs", "excluded.runs")}),
        blocks AS (
          INSERT INTO lovage.block(kind, word, block) SELECT DISTINCT w.kind, w.word, l.block FROM (
            SELECT DISTINCT queue, name, worker, block, enqueued > 0 AS is_new, succeeded > 0 AS is_over FROM lines
              WHERE block IS NOT NULL AND name <> {Tally.NoName}) l CROSS JOIN LATERAL (VALUES
            ({Blocks.Queue}::smallint, CASE WHEN is_new THEN queue::bigint END),
            ({Blocks.Name}::smallint, CASE WHEN is_new THEN name END),
            ({Blocks.QueueAndName}::smallint, CASE WHEN is_new THEN {Blocks.Pair("queue", "name")} END),
            ({Blocks.Worker}::smallint, worker),
            ({Blocks.Succeeded}::smallint, CASE WHEN is_over THEN 0 END)) AS w(kind, word)
          WHERE w.word IS NOT NULL ON CONFLICT DO NOTHING)
        SELECT count(*), NULL::bigint FROM lines
        UNION ALL SELECT DISTINCT 0, block FROM lines WHERE name = {Tally.NoName} AND block IS NOT NULL
        """;

    // $1: blocks that have lost jobs. Nothing comes back. It is a statement of its own, after the lock was taken: it
    // sees each job whose line was summed up already.
    private static readonly string Clear = $"""
        DELETE FROM lovage.block b WHERE b.block = ANY ($1)
          AND NOT EXISTS (SELECT 1 FROM lovage.message m WHERE {Blocks.Holds("b.block", "m.key")})
        """;

    // $1: the key of a lock, $2: lines at the most. Nothing comes back.
    private static readonly string FoldFaults = $"""
        WITH lines AS (
          DELETE FROM lovage.fault WHERE ctid = ANY (ARRAY(SELECT ctid FROM lovage.fault LIMIT $2))
            AND pg_try_advisory_xact_lock($1) RETURNING *),
        steps AS (
          INSERT INTO lovage.failure_step AS s (fingerprint, step, count)
          SELECT fingerprint, {Hours.StepOf("at")} AS step, sum(count) FROM lines GROUP BY 1, 2 ORDER BY 1, 2
          ON CONFLICT (fingerprint, step) DO UPDATE SET count = s.count + excluded.count),
        newest AS (
          SELECT DISTINCT ON (fingerprint) fingerprint, min(at) OVER (PARTITION BY fingerprint) AS first_at,
            at AS last_at, name, sample, error
          FROM lines ORDER BY fingerprint, at DESC)
        INSERT INTO lovage.failure AS f (fingerprint, first_at, last_at, name, sample, error)
          SELECT fingerprint, first_at, last_at, name, sample, error FROM newest
          ON CONFLICT (fingerprint) DO UPDATE SET first_at = least(f.first_at, excluded.first_at),
            last_at = greatest(f.last_at, excluded.last_at),
            sample = CASE WHEN excluded.last_at >= f.last_at THEN excluded.sample ELSE f.sample END,
            error = CASE WHEN excluded.last_at >= f.last_at THEN excluded.error ELSE f.error END
        """;

    private readonly string _fold = schema.Sql(Fold);
    private readonly string _clear = schema.Sql(Clear);
    private readonly string _foldFaults = schema.Sql(FoldFaults);

    /// <summary>Sums up what transactions have counted.</summary>
    internal async Task FoldAsync(NpgsqlConnection connection)
    {
        for (var round = 0; round < RoundsMax && await FoldOnceAsync(connection) >= LinesMax; round++)
        {
        }
    }

    private async Task<long> FoldOnceAsync(NpgsqlConnection connection)
    {
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        var lines = 0L;
        var touched = new List<long>();
        await using (var batch = connection.Batch(
            new Statement(_foldFaults).Add(schema.LockKey("fault")).Add((long)LinesMax),
            new Statement(_fold).Add(schema.LockKey("tally")).Add((long)LinesMax)))
        {
            await using var rows = await batch.ExecuteReaderAsync(CancellationToken.None);
            while (await rows.ReadAsync())
            {
                lines += rows.GetInt64(0);
                if (rows.Int64OrNull(1) is { } block)
                {
                    touched.Add(block);
                }
            }
        }

        if (touched.Count > 0)
        {
            await connection.ExecuteAsync(new Statement(_clear).Add([.. touched]), CancellationToken.None);
        }

        await transaction.CommitAsync(CancellationToken.None);
        return lines;
    }
}

using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Makes due jobs ready and claims, in one round trip: one that came back from a dead owner alone, or else as many as
/// are asked for. A claim takes the place, writes the lease and mints the token in one statement; rows that another is
/// taking are passed over, so that nobody waits.
/// </summary>
internal sealed class ReceiveStatement(SchemaName schema, Words words, TimeProvider wire)
{
    /// <summary>Due jobs made ready in one transaction at the most.</summary>
    private const int PromoteMax = 1_000;

    private const int PlaceColumn = MessageRow.ColumnCount + 7;

    /// <summary>When to look again after another that is making jobs ready: it has most often ended by then.</summary>
    private static readonly TimeSpan AfterAnother = TimeSpan.FromMilliseconds(5);

    // First how long until the next job is due, zero when there are more than one transaction makes ready; then up to
    // which due time each queue's jobs were made ready. Rows that another is making ready are passed over; it may leave
    // some of them for others, and tells nobody: they are looked for again soon.
    private const string Promote = $"""
        WITH {Sql.Clock}, {Sql.OpenQueues},
        due AS MATERIALIZED (
          SELECT d.* FROM open CROSS JOIN LATERAL (
            SELECT d.queue, d.due, d.job, d.priority FROM lovage.delayed d
              WHERE d.queue = open.id AND d.due >= ($4::bigint[])[open.ord::integer] AND d.due <= (SELECT now
                FROM clock)
            ORDER BY d.due, d.job LIMIT $3 FOR UPDATE SKIP LOCKED) d
          LIMIT $3),
        gone AS (DELETE FROM lovage.delayed d USING due WHERE d.queue = due.queue AND d.due = due.due
          AND d.job = due.job),
        numbered AS MATERIALIZED (SELECT nextval('lovage.ticket') AS seq, s.*
          FROM (SELECT * FROM due ORDER BY due, job) s),
        placed AS (INSERT INTO lovage.ready(queue, lane, priority, seq, job, ready_at, again)
          SELECT queue, 1, priority, seq, job, due, true FROM numbered),
        queued AS (UPDATE lovage.course c SET state = 1, seq = n.seq FROM numbered n WHERE c.job = n.job),
        counted AS (INSERT INTO lovage.tally(queue, name, ready, delayed) SELECT queue, 0, count(*), -count(*) FROM due
          GROUP BY queue)
        SELECT NULL::integer, CASE WHEN (SELECT count(*) FROM due) = $3 THEN 0
          WHEN (SELECT count(*) FROM due) < (SELECT count(*) FROM open CROSS JOIN LATERAL (
            SELECT FROM lovage.delayed d WHERE d.queue = open.id AND d.due >= ($4::bigint[])[open.ord::integer]
              AND d.due <= (SELECT now FROM clock) ORDER BY d.due LIMIT $3) d) THEN $5
          ELSE (
          SELECT min(d.due) FROM open CROSS JOIN LATERAL (SELECT d.due FROM lovage.delayed d
            WHERE d.queue = open.id AND d.due > (SELECT now FROM clock) ORDER BY d.due LIMIT 1) d)
          - (SELECT now FROM clock) END
        UNION ALL SELECT queue, max(due) FROM due GROUP BY queue
        """;

    private const string Claim = $"""
        WITH {Sql.Clock}, {Sql.OpenQueues},
        back AS MATERIALIZED (
          SELECT r.place FROM open CROSS JOIN LATERAL (
            SELECT r.ctid AS place FROM lovage.ready r WHERE r.queue = open.id AND r.lane = 0 ORDER BY r.priority, r.seq
              LIMIT 1 FOR UPDATE SKIP LOCKED) r
          WHERE $6 LIMIT 1),
        stretches AS MATERIALIZED (
          SELECT s.* FROM unnest($7::integer[], $8::smallint[], $9::smallint[], $10::bigint[]) WITH ORDINALITY AS
            s(queue, low, high, floor, ord)
          WHERE s.queue IN (SELECT id FROM open) ORDER BY s.ord),
        usual AS MATERIALIZED (
          SELECT r.place FROM stretches s CROSS JOIN LATERAL (
            SELECT r.ctid AS place FROM lovage.ready r
            WHERE r.queue = s.queue AND r.lane = 1 AND (r.priority, r.seq) >= (s.low, s.floor) AND r.priority <= s.high
            ORDER BY r.priority, r.seq LIMIT $3 FOR UPDATE SKIP LOCKED) r
          WHERE NOT EXISTS (SELECT 1 FROM back) LIMIT $3),
        picked AS (DELETE FROM lovage.ready WHERE ctid = ANY (ARRAY(SELECT place FROM back UNION ALL SELECT place
          FROM usual)) RETURNING *),
        taken AS MATERIALIZED (
          SELECT nextval('lovage.ticket') AS stamp, s.* FROM (
            SELECT p.seq AS place_seq, p.job, p.ready_at, p.queue AS place_queue, p.lane, p.priority AS place_priority,
              p.again, m.*,
              coalesce(c.retries, m.retries) AS now_retries, coalesce(c.attempts, 0) AS attempts,
              coalesce(c.deaths, 0) AS deaths
            FROM picked p CROSS JOIN LATERAL (SELECT * FROM lovage.message m WHERE m.key = p.job OFFSET 0) m
            LEFT JOIN LATERAL (SELECT c.retries, c.attempts, c.deaths FROM lovage.course c
              WHERE p.again AND c.job = p.job OFFSET 0) c ON true
            ORDER BY array_position($2, p.queue), p.priority, p.seq OFFSET 0) s),
        held AS (
          INSERT INTO lovage.claim(job, stamp, owner, until, lane, seq, ready_at, again, name, queue, priority, retries,
            attempts, deaths, id)
          SELECT job, stamp, $5, clock.now + $4, lane, place_seq, ready_at, again, name, place_queue, place_priority,
            now_retries, attempts, deaths, id FROM taken CROSS JOIN clock),
        counted AS (INSERT INTO lovage.tally(queue, name, ready, claimed) SELECT place_queue, 0, -count(*), count(*)
          FROM taken GROUP BY place_queue)
        SELECT {MessageRow.NumberedColumns}, m.job, m.stamp, m.now_retries, m.attempts, m.lane,
          coalesce(m.ready_at, m.enqueued_at), (SELECT now FROM clock), m.place_queue, m.place_priority, m.place_seq
        FROM taken m
        """;

    private readonly QueueFloors _floors = new(wire);

    /// <summary>
    /// Jobs have come back to the front of their queues, or were committed long after they took their places: the next
    /// look begins at the start.
    /// </summary>
    internal void LookFromStart() => _floors.Reset();

    /// <summary>Makes due jobs of queues ready, for a look at them.</summary>
    internal Statement PromoteOf(int[] queues, long? now) => PromoteOf(queues, new long[queues.Length], now);

    internal async Task<ReceiveResult> RunAsync(
        NpgsqlConnection connection, ReceiveRequest request, int[] queues, int owner, long? now)
    {
        var look = _floors.Begin(queues);
        var claim = new Statement(schema.Sql(Claim))
            .Add(now)
            .Add(queues)
            .Add((long)request.Max)
            .Add(StorageTime.Span(request.Lease))
            .Add(owner)
            .Add(request.WithReclaimed)
            .Add([.. look.Queues])
            .Add([.. look.Lows])
            .Add([.. look.Highs])
            .Add([.. look.Floors]);
        var taken = new List<Delivery>();
        var reading = new WordReading(words);
        var nextDue = await ReadAsync(connection.Batch(PromoteOf(queues, look.Dues, now), claim), look, taken, reading);
        _floors.End(look);
        await reading.CompleteAsync(connection, taken);

        // Stamps were given in the order of the queues: sorting here spares the server a copy of the rows.
        taken.Sort(static (a, b) => a.Token.Stamp.CompareTo(b.Token.Stamp));
        return new ReceiveResult(
            taken, nextDue, IsAll: taken.Count < request.Max && !taken.Exists(static delivery => delivery.StartFirst));
    }

    private async Task<TimeSpan?> ReadAsync(
        NpgsqlBatch statements, QueueFloors.Look look, List<Delivery> taken, WordReading reading)
    {
        await using var batch = statements;
        await using var rows = await batch.ExecuteReaderAsync(CancellationToken.None);
        TimeSpan? nextDue = null;
        while (await rows.ReadAsync())
        {
            if (rows.Int32OrNull(0) is { } queue)
            {
                _floors.Promoted(look, queue, rows.GetInt64(1));
            }
            else
            {
                nextDue = rows.Int64OrNull(1) is { } ticks ? TimeSpan.FromTicks(ticks) : null;
            }
        }

        await rows.NextResultAsync();
        while (await rows.ReadAsync())
        {
            var delivery = Read(rows, reading);
            taken.Add(delivery);
            if (!delivery.StartFirst)
            {
                _floors.Claimed(
                    look, rows.GetInt32(PlaceColumn), rows.GetInt16(PlaceColumn + 1), rows.GetInt64(PlaceColumn + 2));
            }
        }

        return nextDue;
    }

    private Statement PromoteOf(int[] queues, long[] dues, long? now) =>
        new Statement(schema.Sql(Promote)).Add(now).Add(queues).Add((long)PromoteMax).Add(dues).Add(AfterAnother.Ticks);

    private static Delivery Read(NpgsqlDataReader row, WordReading reading)
    {
        const int First = MessageRow.ColumnCount;
        var message = reading.Read(row, row.GetInt32(First + 2));
        var claimedAt = StorageTime.To(row.GetInt64(First + 6));
        return new Delivery
        {
            Message = message,
            Token = new LeaseToken(row.GetInt64(First), row.GetInt64(First + 1)),
            EnqueuedAt = StorageTime.To(row.GetInt64(6)),
            ReadyAt = StorageTime.To(row.GetInt64(First + 5)),
            ClaimedAt = claimedAt,
            StartFirst = row.GetInt16(First + 4) == 0,
            IsExpired = message.Expires <= claimedAt,
            AttemptsSoFar = row.GetInt32(First + 3),
        };
    }
}

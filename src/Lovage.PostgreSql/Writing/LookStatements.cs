using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>What one look claims.</summary>
/// <param name="Queues">The numbers of the queues, in the order in which they are served.</param>
/// <param name="Owner">The owner's number.</param>
/// <param name="Look">The number of the look.</param>
/// <param name="Lease">How long the leases last.</param>
internal readonly record struct LookRequest(int[] Queues, int Owner, long Look, TimeSpan Lease);

/// <summary>
/// Looks into queues: one makes due jobs ready and claims ordinary jobs, in one round trip; another claims one orphan.
/// </summary>
internal sealed class LookStatements(SchemaName schema, Words words)
{
    /// <summary>Due jobs made ready in one transaction at the most.</summary>
    private const int PromoteMax = 1_000;

    private const int First = MessageColumns.Count;
    private const int PlaceColumn = First + 7;
    private const int StretchesAt = Claim.ParametersMax + 2;

    /// <summary>When to look again after another that is making jobs ready: it has most often ended by then.</summary>
    private static readonly TimeSpan AfterAnother = TimeSpan.FromMilliseconds(5);

    private static readonly Input<QueueStretch> Stretches = new Input<QueueStretch>()
        .Int32("queue", static stretch => stretch.Queue)
        .Int16("low", static stretch => stretch.Low)
        .Int16("high", static stretch => stretch.High)
        .Int64("floor", static stretch => stretch.Floor);

    // $1: the time, $2: queues (their numbers), $3: jobs at the most, $4: for each queue the due time from which to
    // look on, $5: when to look again after another. Comes back: a row with the time until the next job is due, which
    // is zero when there are more than one transaction makes ready; then, for each queue of which jobs were made ready,
    // its number and the last due time of them. Times are in units of 100 ns.
    // Rows that another look is making ready are passed over. It may leave some of them for others without a signal, so
    // that this one looks again soon.
    private static readonly string Promote = $"""
        WITH {Sql.Clock}, {Sql.OpenQueues},
        due AS MATERIALIZED (
          SELECT d.* FROM open CROSS JOIN LATERAL (
            SELECT d.queue, d.due, d.job, d.priority FROM lovage.delayed d
              WHERE d.queue = open.id AND d.due >= ($4::bigint[])[open.ord::integer] AND d.due <= (SELECT now
                FROM clock)
            ORDER BY d.due, d.job LIMIT $3 FOR UPDATE SKIP LOCKED) d
          LIMIT $3),
        gone AS ({Place.LeaveDelayed("due")}),
        numbered AS MATERIALIZED (SELECT nextval('lovage.ticket') AS seq, s.*
          FROM (SELECT * FROM due ORDER BY due, job) s),
        placed AS ({Place.Ready("numbered", readyAt: "due")}),
        queued AS ({CourseWrite.Update("numbered", "true", CourseWrite.Place(States.Queued, "o.seq"))}),
        counted AS ({Tally.OfQueue("due", ("ready", Tally.Rows), ("delayed", Tally.MinusRows))})
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

    // Parameters as Claim says; then $6: jobs at the most, and the stretches to look through.
    private static readonly string ClaimOrdinary = $"""
        WITH {Sql.Clock}, {Sql.OpenQueues}, {Claim.FirstOf(Stretches.NumberedRows(StretchesAt), "$6")}, {Claim.Found}
        """;

    // Parameters as Claim says.
    private const string ClaimOrphan = $"WITH {Sql.Clock}, {Sql.OpenQueues}, {Claim.FirstOrphan}, {Claim.Found}";

    private readonly string _promote = schema.Sql(Promote);
    private readonly string _claimOrdinary = schema.Sql(ClaimOrdinary);
    private readonly string _claimOrphan = schema.Sql(ClaimOrphan);

    /// <summary>Makes due jobs of queues ready, without a claim.</summary>
    internal Statement PromoteOf(int[] queues, long? now) => PromoteOf(queues, new long[queues.Length], now);

    /// <summary>Makes due jobs ready and claims ordinary ones.</summary>
    internal async Task<LookResult> LookAsync(
        NpgsqlConnection connection, LookRequest request, int max, QueueFloors floors, long? now)
    {
        var look = floors.Begin(request.Queues);
        var claim = Stretches.AddTo(StatementOf(_claimOrdinary, request, now).Add((long)max), look.Stretches);
        var taken = new List<Delivery>();
        WordReading reading;
        TimeSpan? nextDue = null;
        await using (var batch = connection.Batch(PromoteOf(request.Queues, look.Dues, now), claim))
        {
            await using var rows = await batch.ExecuteReaderAsync(CancellationToken.None);
            while (await rows.ReadAsync())
            {
                if (rows.Int32OrNull(0) is { } queue)
                {
                    floors.Promoted(look, queue, rows.GetInt64(1));
                }
                else
                {
                    nextDue = rows.Int64OrNull(1) is { } ticks ? TimeSpan.FromTicks(ticks) : null;
                }
            }

            await rows.NextResultAsync();
            reading = new WordReading(words, rows);
            while (await rows.ReadAsync())
            {
                taken.Add(Read(rows, reading, isOrphan: false));
                floors.Claimed(
                    look, rows.GetInt32(PlaceColumn), rows.GetInt16(PlaceColumn + 1), rows.GetInt64(PlaceColumn + 2));
            }
        }

        floors.End(look);
        await reading.CompleteAsync(connection, taken);

        // Stamps were given in the order of the queues: sorting here spares the server a copy of the rows.
        taken.Sort(static (a, b) => a.Token.Stamp.CompareTo(b.Token.Stamp));
        return new LookResult(taken, nextDue, IsDrained: taken.Count < max);
    }

    /// <summary>Claims one orphan.</summary>
    internal async Task<LookResult> LookForOrphanAsync(NpgsqlConnection connection, LookRequest request, long? now)
    {
        var taken = new List<Delivery>(1);
        WordReading reading;
        await using (var rows = await connection.ReadAsync(
            StatementOf(_claimOrphan, request, now), CancellationToken.None))
        {
            reading = new WordReading(words, rows);
            while (await rows.ReadAsync())
            {
                taken.Add(Read(rows, reading, isOrphan: true));
            }
        }

        await reading.CompleteAsync(connection, taken);
        return new LookResult(taken, null, IsDrained: taken.Count == 0);
    }

    private static Statement StatementOf(string sql, LookRequest request, long? now) => new Statement(sql)
        .Add(now)
        .Add(request.Queues)
        .Add(request.Owner)
        .Add(request.Look)
        .Add(StorageTime.Span(request.Lease));

    private Statement PromoteOf(int[] queues, long[] dues, long? now) =>
        new Statement(_promote).Add(now).Add(queues).Add((long)PromoteMax).Add(dues).Add(AfterAnother.Ticks);

    private static Delivery Read(NpgsqlDataReader row, WordReading reading, bool isOrphan)
    {
        var message = reading.Read(row.GetInt32(First + 2));
        var claimedAt = StorageTime.To(row.GetInt64(First + 6));
        return new Delivery
        {
            Message = message,
            Token = new LeaseToken(row.GetInt64(First), row.GetInt64(First + 1)),
            EnqueuedAt = StorageTime.To(row.GetInt64(MessageColumns.StoredAt)),
            ReadyAt = StorageTime.To(row.GetInt64(First + 5)),
            ClaimedAt = claimedAt,
            IsOrphan = isOrphan,
            IsExpired = message.Expires <= claimedAt,
            AttemptsSoFar = row.GetInt32(First + 3),
            Offers = row.Int32OrNull(First + 4) ?? 0,
        };
    }
}

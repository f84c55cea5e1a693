using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// What is done to schedules. Each step locks the row of the schedule first, so that two who step at once do so one
/// after the other.
/// </summary>
internal sealed class ScheduleStatements(SchemaName schema, PublishStatement publish)
{
    private const string Now =
        "SELECT coalesce($1::bigint, (extract(epoch FROM clock_timestamp()) * 10000000)::bigint)";

    private const string Lock = """
        SELECT p.schedule, p.version, p.state, p.last_tick, p.queued_tick FROM lovage.schedule_course p
        WHERE p.schedule = (SELECT key FROM lovage.schedule WHERE id = $1) FOR UPDATE
        """;

    private const string NewNumber = "SELECT nextval('lovage.ticket')";

    private const string JobInput = """
        unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::smallint[], $7::integer[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::integer[], $12::bytea[],
          $13::bytea[], $14::bytea[], $15::integer[]) AS i(job, name, queue, priority, flags, retries, delay, eta,
          expires, max_attempts, body, more, extra, origin)
        """;

    private const string Insert = $"""
        INSERT INTO lovage.schedule(key, job, name, queue, priority, flags, retries, delay, eta, expires, max_attempts,
          body, more, extra, origin,
          id, trigger, app, digest, edited, misfire, grace, catch_up_max, overlap, overlap_max, jitter, created_at)
        SELECT $1, i.*, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27 FROM {JobInput}
          ON CONFLICT (id) DO NOTHING RETURNING key
        """;

    private const string Update = $"""
        UPDATE lovage.schedule s SET job = i.job, name = i.name, queue = i.queue, priority = i.priority,
          flags = i.flags, retries = i.retries, delay = i.delay, eta = i.eta, expires = i.expires,
          max_attempts = i.max_attempts, body = i.body, more = i.more, extra = i.extra, origin = i.origin,
          trigger = $17, app = $18, digest = $19, edited = $20, misfire = $21, grace = $22,
          catch_up_max = $23, overlap = $24, overlap_max = $25, jitter = $26
        FROM {JobInput} WHERE s.key = $1 AND s.id = $16 RETURNING s.key
        """;

    private const string Step = """
        INSERT INTO lovage.schedule_course AS p (schedule, version, state, reason, next_tick, queued_tick)
          VALUES ($1, nextval('lovage.ticket'), $2, $3, $4, $5)
        ON CONFLICT (schedule) DO UPDATE SET version = excluded.version, state = excluded.state,
          reason = excluded.reason, next_tick = excluded.next_tick, queued_tick = excluded.queued_tick
        RETURNING version
        """;

    private const string Remove = """
        WITH gone AS (DELETE FROM lovage.schedule WHERE id = $1 RETURNING key),
        unticked AS (DELETE FROM lovage.tick t USING gone WHERE t.schedule = gone.key),
        unopened AS (DELETE FROM lovage.schedule_open o USING gone WHERE o.schedule = gone.key),
        uncoursed AS (DELETE FROM lovage.schedule_course p USING gone WHERE p.schedule = gone.key)
        SELECT count(*) FROM gone
        """;

    private const string Advance = """
        UPDATE lovage.schedule_course SET version = nextval('lovage.ticket'), state = $2, reason = $3, next_tick = $4,
          queued_tick = $5, last_tick = $6, fired = fired + $7,
          missed = missed + $8, skipped = skipped + $9 WHERE schedule = $1
        """;

    private const string WasRecorded =
        "SELECT 1 FROM lovage.tick WHERE schedule = $1 AND tick = $2 AND NOT manual AND status <> $3";

    // A line over one that said that the same tick waits.
    private const string WriteTick = """
        INSERT INTO lovage.tick(schedule, tick, manual, through, count, status, job, recorded_at)
          VALUES ($1, $2, false, $3, $4, $5, $6, $7)
        ON CONFLICT (schedule, tick, manual) DO UPDATE SET through = excluded.through, count = excluded.count,
          status = excluded.status, job = excluded.job, recorded_at = excluded.recorded_at
        """;

    private const string WasRunByHand = "SELECT 1 FROM lovage.tick WHERE schedule = $1 AND manual AND job = $2 LIMIT 1";

    // Twice in the same instant is still twice: the next free one after now. The schedule's row is locked, nobody else
    // takes it meanwhile.
    private const string WriteManual = """
        INSERT INTO lovage.tick(schedule, tick, manual, through, count, status, job, recorded_at)
        SELECT $1, f.tick, true, f.tick, 1, $4, $3, $2 FROM (
          SELECT t.tick FROM (SELECT $2::bigint AS tick UNION ALL SELECT k.tick + 1 FROM lovage.tick k
            WHERE k.schedule = $1 AND k.manual AND k.tick >= $2) t
          WHERE NOT EXISTS (SELECT 1 FROM lovage.tick k WHERE k.schedule = $1 AND k.manual AND k.tick = t.tick)
            ORDER BY t.tick LIMIT 1) f
        """;

    private const string Open =
        "INSERT INTO lovage.schedule_open(schedule, job) SELECT $1, j FROM unnest($2::bigint[]) j ON CONFLICT "
            + "(schedule, job) DO NOTHING";

    private const string Lead = $"""
        WITH {Sql.Clock}
        INSERT INTO lovage.lead AS l (one, owner, until) SELECT 1, $2, clock.now + $3 FROM clock
        ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, until = excluded.until
          WHERE l.owner = $2 OR l.until <= (SELECT now FROM clock) RETURNING one
        """;

    // Once a firing has seen that a job has ended, it no longer counts, even when somebody puts it back.
    private static readonly string ForgetEnded =
        $"DELETE FROM lovage.schedule_open o WHERE o.schedule = $1 AND NOT {Sql.IsUnfinished}";

    // Not one whose job has not ended or whose tick still waits (status 1: queued). One that an operator's change has
    // left behind waits no longer.
    private static readonly string Prune = $"""
        WITH {Sql.Clock},
        old AS MATERIALIZED (
          SELECT t.schedule, t.tick, t.manual FROM lovage.tick t WHERE t.recorded_at < (SELECT now FROM clock) - $2
            AND NOT EXISTS (SELECT 1 FROM lovage.message k JOIN lovage.schedule_open o ON o.schedule = t.schedule
            AND o.job = k.key WHERE k.id = t.job AND {Sql.IsUnfinished})
            AND NOT (t.status = 1 AND EXISTS (SELECT 1 FROM lovage.schedule_course p
            WHERE p.schedule = t.schedule AND p.queued_tick = t.tick))
          ORDER BY t.recorded_at LIMIT $3 FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM lovage.tick t USING old WHERE t.schedule = old.schedule AND t.tick = old.tick
          AND t.manual = old.manual RETURNING 1)
        SELECT count(*) FROM gone
        """;

    /// <summary>
    /// The new version, null when the stored one is another; and the last tick of a schedule that would come to it
    /// again, which is not written.
    /// </summary>
    internal async Task<(long? Version, long? LastTick)> SaveAsync(
        NpgsqlConnection connection, ScheduleRecord schedule, IReadOnlyDictionary<string, int> words, long? clock)
    {
        var known = await LockAsync(connection, schedule.Id);
        if ((known?.Version ?? 0) != schedule.Version)
        {
            return (null, null);
        }

        if (StorageTime.From(schedule.NextTick) <= known?.LastTick)
        {
            return (null, known.Value.LastTick);
        }

        var key = known?.Key
            ?? await connection.ScalarAsync<long>(new Statement(schema.Sql(NewNumber)), CancellationToken.None);
        var write = ScheduleRow.Add(
            MessageRow.Add(new Statement(schema.Sql(known is null ? Insert : Update)).Add(key), [schedule.Job], words),
            schedule);
        if (known is null)
        {
            write.Add(await NowAsync(connection, clock));
        }

        if (await connection.ScalarAsync<long?>(write, CancellationToken.None) is null)
        {
            // Another has stored one of this id at the same time, or removed it.
            return (null, null);
        }

        var step = new Statement(schema.Sql(Step)).Add(key).Add((short)schedule.State).Add(schedule.Reason)
            .Add(StorageTime.From(schedule.NextTick)).Add(StorageTime.From(schedule.QueuedTick));
        return (await connection.ScalarAsync<long>(step, CancellationToken.None), null);
    }

    internal async Task<bool> RemoveAsync(NpgsqlConnection connection, string id)
    {
        await LockAsync(connection, id);
        return await connection.ScalarAsync<long>(new Statement(schema.Sql(Remove)).Add(id), CancellationToken.None)
            > 0;
    }

    internal async Task<FireStatus> FireAsync(
        NpgsqlConnection connection, Firing firing, IReadOnlyDictionary<string, int> words, long? clock)
    {
        if (await LockAsync(connection, firing.Id) is not { State: ScheduleState.Active } schedule
            || schedule.Version != firing.Version)
        {
            return FireStatus.Stale;
        }

        // They follow one another: the last one is the newest.
        var now = await NowAsync(connection, clock);
        if (firing.Ticks.Count > 0 && StorageTime.From(firing.Ticks[^1].Through) > now)
        {
            return FireStatus.Early;
        }

        foreach (var tick in firing.Ticks)
        {
            if (await WasRecordedAsync(connection, schedule, StorageTime.From(tick.Tick)))
            {
                return FireStatus.Stale;
            }
        }

        await connection.ExecuteAsync(new Statement(schema.Sql(ForgetEnded)).Add(schedule.Key), CancellationToken.None);
        await EnqueueAsync(connection, schedule.Key, firing.Jobs, words, clock);
        var (last, fired, missed, skipped) = (schedule.LastTick, 0L, 0L, 0L);
        foreach (var tick in firing.Ticks)
        {
            await connection.ExecuteAsync(
                new Statement(schema.Sql(WriteTick)).Add(schedule.Key).Add(StorageTime.From(tick.Tick))
                    .Add(StorageTime.From(tick.Through)).Add(tick.Count).Add((short)tick.Status)
                    .Add(tick.JobId?.Value).Add(now),
                CancellationToken.None);
            last = Math.Max(StorageTime.From(tick.Through), last ?? long.MinValue);
            fired += tick.Status == TickStatus.Fired ? 1 : 0;
            missed += tick.Status == TickStatus.Missed ? tick.Count : 0;
            skipped += tick.Status == TickStatus.Skipped ? tick.Count : 0;
        }

        await connection.ExecuteAsync(
            new Statement(schema.Sql(Advance))
                .Add(schedule.Key)
                .Add((short)firing.State)
                .Add(firing.Reason)
                .Add(StorageTime.From(firing.NextTick))
                .Add(StorageTime.From(firing.QueuedTick))
                .Add(last)
                .Add(fired)
                .Add(missed)
                .Add(skipped),
            CancellationToken.None);
        return FireStatus.Recorded;
    }

    internal async Task<bool> RunAsync(
        NpgsqlConnection connection, string id, JobMessage job, IReadOnlyDictionary<string, int> words, long? clock)
    {
        if (await LockAsync(connection, id) is not { } schedule)
        {
            return false;
        }

        await connection.ExecuteAsync(new Statement(schema.Sql(ForgetEnded)).Add(schedule.Key), CancellationToken.None);
        var results = await EnqueueAsync(connection, schedule.Key, [job], words, clock);
        if (results[0].Status == PublishStatus.Accepted
            || await connection.ScalarAsync<int?>(
                new Statement(schema.Sql(WasRunByHand)).Add(schedule.Key).Add(job.Id.Value),
                CancellationToken.None) is null)
        {
            // Else it is the same call again.
            var manual = new Statement(schema.Sql(WriteManual))
                .Add(schedule.Key)
                .Add(await NowAsync(connection, clock))
                .Add(job.Id.Value)
                .Add((short)TickStatus.Manual);
            await connection.ExecuteAsync(manual, CancellationToken.None);
        }

        return true;
    }

    internal async Task<int> PruneAsync(NpgsqlConnection connection, TimeSpan keep, int max, long? clock) =>
        (int)await connection.ScalarAsync<long>(
            new Statement(schema.Sql(Prune)).Add(clock).Add(StorageTime.Span(keep)).Add((long)max),
            CancellationToken.None);

    internal async Task<bool> TryLeadAsync(NpgsqlConnection connection, string owner, TimeSpan lease, long? clock) =>
        await connection.ScalarAsync<int?>(
            new Statement(schema.Sql(Lead)).Add(clock).Add(owner).Add(StorageTime.Span(lease)),
            CancellationToken.None) is not null;

    internal Task ResignAsync(NpgsqlConnection connection, string owner) =>
        connection.ExecuteAsync(
            new Statement(schema.Sql("DELETE FROM lovage.lead WHERE owner = $1")).Add(owner), CancellationToken.None);

    private static Task<long> NowAsync(NpgsqlConnection connection, long? clock) => clock is { } now
        ? Task.FromResult(now)
        : connection.ScalarAsync<long>(new Statement(Now).Add(clock), CancellationToken.None);

    private async Task<SchedulePlace?> LockAsync(NpgsqlConnection connection, string id)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Lock)).Add(id), CancellationToken.None);
        return await rows.ReadAsync()
            ? new SchedulePlace(
                rows.GetInt64(0),
                rows.GetInt64(1),
                (ScheduleState)rows.GetInt16(2),
                rows.Int64OrNull(3),
                rows.Int64OrNull(4))
            : null;
    }

    /// <summary>True for a tick that was dealt with, unless it is the one that waits.</summary>
    private async Task<bool> WasRecordedAsync(NpgsqlConnection connection, SchedulePlace schedule, long tick) =>
        tick <= schedule.LastTick
        && (tick != schedule.QueuedTick
            || await connection.ScalarAsync<int?>(
                new Statement(schema.Sql(WasRecorded)).Add(schedule.Key).Add(tick).Add((short)TickStatus.Queued),
                CancellationToken.None) is not null);

    /// <summary>Enqueues jobs that count as unfinished from now on.</summary>
    private async Task<(PublishStatus Status, long Key)[]> EnqueueAsync(
        NpgsqlConnection connection,
        long schedule,
        IReadOnlyList<JobMessage> jobs,
        IReadOnlyDictionary<string, int> words,
        long? clock)
    {
        if (jobs.Count == 0)
        {
            return [];
        }

        var results = await publish.RunAsync(connection, jobs, null, words, clock);
        await connection.ExecuteAsync(
            new Statement(schema.Sql(Open)).Add(schedule).Add([.. results.Select(static result => result.Key)]),
            CancellationToken.None);
        return results;
    }

    private readonly record struct SchedulePlace(
        long Key, long Version, ScheduleState State, long? LastTick, long? QueuedTick);
}

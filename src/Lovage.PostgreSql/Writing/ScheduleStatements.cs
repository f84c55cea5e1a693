using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Plans;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Changes schedules: they are saved, removed, fired and run by hand. Each step locks the row of the schedule first, so
/// that two steps of one schedule follow one another.
/// </summary>
internal sealed class ScheduleStatements(SchemaName schema, PublishStatement publish)
{
    private const int InsertAt = 3;
    private const int UpdateAt = 2;

    private static readonly Input<ScheduleRecord> Row = ScheduleRow.Input();

    // $1: the time. Comes back: the time.
    private const string Now = $"SELECT {Sql.Now}";

    // $1: the schedule's id. Comes back: key, version, state, last tick, queued tick.
    private const string Lock = """
        SELECT p.schedule, p.version, p.state, p.last_tick, p.queued_tick FROM lovage.schedule_course p
        WHERE p.schedule = (SELECT key FROM lovage.schedule WHERE id = $1) FOR UPDATE
        """;

    // Comes back: a new key.
    private const string NewNumber = "SELECT nextval('lovage.ticket')";

    // $1: the key, $2: the time. Then the schedule. Comes back: the key; nothing when another of this id is there.
    private static readonly string Insert = $"""
        INSERT INTO lovage.schedule(key, created_at, job, name, queue, priority, flags, retries, delay, eta, expires,
          max_attempts, body, more, extra, origin, id, trigger, app, digest, code_version, edited, misfire, grace,
          catch_up_max, overlap, overlap_max, jitter)
        SELECT $1, $2, i.* FROM {Row.Rows(InsertAt)} ON CONFLICT (id) DO NOTHING RETURNING key
        """;

    // $1: the key. Then the schedule. Comes back: the key; nothing when it was removed.
    private static readonly string Update = $"""
        UPDATE lovage.schedule s SET job = i.id, name = i.name, queue = i.queue, priority = i.priority,
          flags = i.flags, retries = i.retries, delay = i.delay, eta = i.eta, expires = i.expires,
          max_attempts = i.max_attempts, body = i.body, more = i.more, extra = i.extra, origin = i.origin,
          trigger = i.trigger, app = i.app, digest = i.digest, code_version = i.code_version, edited = i.edited,
          misfire = i.misfire, grace = i.grace, catch_up_max = i.catch_up_max, overlap = i.overlap,
          overlap_max = i.overlap_max, jitter = i.jitter
        FROM {Row.Rows(UpdateAt)} WHERE s.key = $1 AND s.id = i.schedule RETURNING s.key
        """;

    // $1: the key, $2: state, $3: why, $4: next tick, $5: queued tick. Comes back: the new version.
    private const string Step = """
        INSERT INTO lovage.schedule_course AS p (schedule, version, state, reason, next_tick, queued_tick)
          VALUES ($1, nextval('lovage.ticket'), $2, $3, $4, $5)
        ON CONFLICT (schedule) DO UPDATE SET version = excluded.version, state = excluded.state,
          reason = excluded.reason, next_tick = excluded.next_tick, queued_tick = excluded.queued_tick
        RETURNING version
        """;

    // $1: the id. Comes back: how many were removed.
    private const string Remove = """
        WITH gone AS (DELETE FROM lovage.schedule WHERE id = $1 RETURNING key),
        unticked AS (DELETE FROM lovage.tick t USING gone WHERE t.schedule = gone.key),
        unopened AS (DELETE FROM lovage.schedule_open o USING gone WHERE o.schedule = gone.key),
        uncoursed AS (DELETE FROM lovage.schedule_course p USING gone WHERE p.schedule = gone.key)
        SELECT count(*) FROM gone
        """;

    // $1: the key, $2: state, $3: why, $4: next tick, $5: queued tick, $6: last tick, $7 to $9: by how much the counts
    // grow of ticks that fired, were missed and were skipped. Nothing comes back.
    private const string Advance = """
        UPDATE lovage.schedule_course SET version = nextval('lovage.ticket'), state = $2, reason = $3, next_tick = $4,
          queued_tick = $5, last_tick = $6, fired = fired + $7,
          missed = missed + $8, skipped = skipped + $9 WHERE schedule = $1
        """;

    // $1: the key, $2: the tick, $3: the status of one that waits. Comes back: a row when it was dealt with.
    private const string WasRecorded =
        "SELECT 1 FROM lovage.tick WHERE schedule = $1 AND tick = $2 AND NOT manual AND status <> $3";

    // $1: the key, $2: the tick, $3: the last tick of the line, $4: how many, $5: status, $6: the job's id, $7: the
    // time. Nothing comes back. A line replaces one that said that the same tick waits.
    private const string WriteTick = """
        INSERT INTO lovage.tick(schedule, tick, manual, through, count, status, job, recorded_at)
          VALUES ($1, $2, false, $3, $4, $5, $6, $7)
        ON CONFLICT (schedule, tick, manual) DO UPDATE SET through = excluded.through, count = excluded.count,
          status = excluded.status, job = excluded.job, recorded_at = excluded.recorded_at
        """;

    // $1: the key, $2: the last tick that was dealt with, $3: the last tick of the line, $4: how many more, $5: status,
    // $6: the time. Comes back: a row when the newest line was extended; nothing when it is of another kind.
    private const string ExtendTick = """
        UPDATE lovage.tick SET through = $3, count = count + $4, recorded_at = $6
        WHERE schedule = $1 AND NOT manual AND through = $2 AND status = $5 AND tick = (SELECT t.tick
          FROM lovage.tick t WHERE t.schedule = $1 AND NOT t.manual ORDER BY t.tick DESC LIMIT 1)
        RETURNING 1
        """;

    // $1: the key, $2: the job's id. Comes back: a row when that job was run by hand.
    private const string WasRunByHand = "SELECT 1 FROM lovage.tick WHERE schedule = $1 AND manual AND job = $2 LIMIT 1";

    // $1: the key, $2: the time, $3: the job's id, $4: the status. Nothing comes back. Two runs in the same instant are
    // two lines: the second takes the next free instant. The schedule's row is locked, so that no other takes it.
    private const string WriteManual = """
        INSERT INTO lovage.tick(schedule, tick, manual, through, count, status, job, recorded_at)
        SELECT $1, f.tick, true, f.tick, 1, $4, $3, $2 FROM (
          SELECT t.tick FROM (SELECT $2::bigint AS tick UNION ALL SELECT k.tick + 1 FROM lovage.tick k
            WHERE k.schedule = $1 AND k.manual AND k.tick >= $2) t
          WHERE NOT EXISTS (SELECT 1 FROM lovage.tick k WHERE k.schedule = $1 AND k.manual AND k.tick = t.tick)
            ORDER BY t.tick LIMIT 1) f
        """;

    // $1: the key, $2: the keys of jobs. Nothing comes back.
    private const string Open =
        "INSERT INTO lovage.schedule_open(schedule, job) SELECT $1, j FROM unnest($2::bigint[]) j ON CONFLICT "
            + "(schedule, job) DO NOTHING";

    // $1: the time, $2: the owner, $3: how long the lead lasts, in units of 100 ns. Comes back: a row for the leader.
    private const string Lead = $"""
        WITH {Sql.Clock}
        INSERT INTO lovage.lead AS l (one, owner, until) SELECT 1, $2, clock.now + $3 FROM clock
        ON CONFLICT (one) DO UPDATE SET owner = excluded.owner, until = excluded.until
          WHERE l.owner = $2 OR l.until <= (SELECT now FROM clock) RETURNING one
        """;

    // $1: the owner. Nothing comes back.
    private const string Resign = "DELETE FROM lovage.lead WHERE owner = $1";

    // $1: the key. Nothing comes back. Once a firing has seen that a job has ended, the job no longer counts, even when
    // a person requeues it.
    private static readonly string ForgetEnded =
        $"DELETE FROM lovage.schedule_open o WHERE o.schedule = $1 AND NOT {Sql.IsUnfinished}";

    // $1: the time, $2: the age, in units of 100 ns, $3: lines at the most. Comes back: how many were removed. A line
    // stays whose job has not ended or whose tick still waits. A tick that an operator's change has left behind waits
    // no longer.
    private static readonly string Prune = $"""
        WITH {Sql.Clock},
        old AS MATERIALIZED (
          SELECT t.schedule, t.tick, t.manual FROM lovage.tick t WHERE t.recorded_at < (SELECT now FROM clock) - $2
            AND NOT EXISTS (SELECT 1 FROM lovage.message k JOIN lovage.schedule_open o ON o.schedule = t.schedule
            AND o.job = k.key WHERE k.id = t.job AND {Sql.IsUnfinished})
            AND NOT (t.status = {Schedules.TickQueued} AND EXISTS (SELECT 1 FROM lovage.schedule_course p
            WHERE p.schedule = t.schedule AND p.queued_tick = t.tick))
          ORDER BY t.recorded_at LIMIT $3 FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM lovage.tick t USING old WHERE t.schedule = old.schedule AND t.tick = old.tick
          AND t.manual = old.manual RETURNING 1)
        SELECT count(*) FROM gone
        """;

    private readonly string _insert = schema.Sql(Insert);
    private readonly string _update = schema.Sql(Update);

    /// <returns>
    /// The new version, null when the stored one is another; and the last tick of a schedule that would come to it
    /// again, which is not written.
    /// </returns>
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
        var write = known is null
            ? new Statement(_insert).Add(key).Add(await NowAsync(connection, clock))
            : new Statement(_update).Add(key);
        Row.AddTo(write, [schedule], words);
        if (await connection.ScalarAsync<long?>(write, CancellationToken.None) is null)
        {
            // Another process has stored one of this id at the same time, or removed it.
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
        if (await LockAsync(connection, firing.Id) is not { } schedule)
        {
            return FireStatus.Stale;
        }

        var now = await NowAsync(connection, clock);
        if (FiringPlan.Check(firing, schedule.Version, schedule.State, now) is not FireStatus.Recorded and var refused)
        {
            return refused;
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
        var plan = FiringPlan.Of(firing, schedule.LastTick);
        await WriteTicksAsync(connection, schedule, firing, now);
        await connection.ExecuteAsync(
            new Statement(schema.Sql(Advance))
                .Add(schedule.Key)
                .Add((short)firing.State)
                .Add(firing.Reason)
                .Add(StorageTime.From(firing.NextTick))
                .Add(StorageTime.From(firing.QueuedTick))
                .Add(plan.LastTick)
                .Add(plan.Fired)
                .Add(plan.Missed)
                .Add(plan.Skipped),
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
        if (results[0].Result.Status == PublishStatus.Accepted
            || await connection.ScalarAsync<int?>(
                new Statement(schema.Sql(WasRunByHand)).Add(schedule.Key).Add(job.Id.Value),
                CancellationToken.None) is null)
        {
            // Otherwise it is the same call again.
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
            new Statement(schema.Sql(Resign)).Add(owner), CancellationToken.None);

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

    /// <summary>Writes the lines of a firing; neighbours of the same kind become one line.</summary>
    private async Task WriteTicksAsync(NpgsqlConnection connection, SchedulePlace schedule, Firing firing, long now)
    {
        var isExtended = FiringPlan.MayExtend(firing, schedule.LastTick)
            && await connection.ScalarAsync<int?>(
                new Statement(schema.Sql(ExtendTick)).Add(schedule.Key).Add(schedule.LastTick)
                    .Add(StorageTime.From(firing.Ticks[0].Through)).Add(firing.Ticks[0].Count)
                    .Add((short)firing.Ticks[0].Status).Add(now),
                CancellationToken.None) is not null;
        foreach (var tick in firing.Ticks.Skip(isExtended ? 1 : 0))
        {
            await connection.ExecuteAsync(
                new Statement(schema.Sql(WriteTick)).Add(schedule.Key).Add(StorageTime.From(tick.Tick))
                    .Add(StorageTime.From(tick.Through)).Add(tick.Count).Add((short)tick.Status)
                    .Add(tick.JobId?.Value).Add(now),
                CancellationToken.None);
        }
    }

    /// <summary>True for a tick that was dealt with, unless it is the one that waits.</summary>
    private async Task<bool> WasRecordedAsync(NpgsqlConnection connection, SchedulePlace schedule, long tick) =>
        tick <= schedule.LastTick
        && (tick != schedule.QueuedTick
            || await connection.ScalarAsync<int?>(
                new Statement(schema.Sql(WasRecorded)).Add(schedule.Key).Add(tick).Add((short)TickStatus.Queued),
                CancellationToken.None) is not null);

    /// <summary>Enqueues jobs that count as unfinished from now on.</summary>
    private async Task<(PublishResult Result, long Key)[]> EnqueueAsync(
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

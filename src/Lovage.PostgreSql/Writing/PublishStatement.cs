using System.Globalization;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Stores messages: one statement for all of them. Only when an id is known already, another one compares.
/// </summary>
internal sealed class PublishStatement(SchemaName schema)
{
    private const int TriesMax = 10;

    /// <summary>
    /// How long an id that its caller chose waits for a transaction that is storing the same id, in milliseconds. Alone
    /// it waits longer than among others, which it keeps waiting.
    /// </summary>
    private const int AloneMilliseconds = 500;
    private const int AmongOthersMilliseconds = 100;
    private const int RowsAt = 2;
    private const int PlainAt = 7;
    private const int CompareAt = 1;

    // An expiry that is given as a span counts by the server's clock, as a delay does.
    private static readonly Input<JobMessage> Rows = MessageRow.Input()
        .Int64OrNull("expires_in", static message => message.ExpiresIn?.Ticks)
        .Keys("drawn");
    private static readonly Input<JobMessage> PlainRows = MessageRow.PlainInput().Keys("drawn");

    private static readonly Input<JobMessage> CompareRows = new Input<JobMessage>()
        .Text("id", static message => message.Id.Value)
        .Word("name", static message => message.Name)
        .BytesOrNull("body", static message => message.Body.ToArray());

    // Keys are those given, or are drawn in the order of the messages.
    private static readonly string Input = string.Create(CultureInfo.InvariantCulture, $"""
        WITH {Sql.Clock},
        input AS MATERIALIZED (
          SELECT t.*, t.due > t.now AS waits, {Priorities.Of("t.priority")} AS place FROM (
            SELECT coalesce(i.drawn, nextval('lovage.ticket')) AS key, i.*, clock.now,
              greatest(least(clock.now + least(coalesce(greatest(i.delay, 0), 0), {StorageTime.Latest}),
              {StorageTime.Latest}), coalesce(i.eta, 0)) AS due
            FROM (SELECT * FROM {Rows.NumberedRows(RowsAt)} ORDER BY ord) i CROSS JOIN clock) t),
        stored AS (
          INSERT INTO lovage.message(key, id, name, queue, priority, flags, retries, enqueued_at, delay, eta, expires,
            max_attempts, body, more, extra, origin)
          SELECT key, id, name, queue, priority, flags, retries, now, delay, eta,
            CASE WHEN expires_in IS NULL THEN expires ELSE least(now + expires_in, {StorageTime.Latest}) END,
            max_attempts, body, more, extra, origin
          FROM input
        """);

    // $1: the time. Then the messages, instants in units of 100 ns since 1970, spans in units of 100 ns, and their
    // keys. Comes back for each that was stored: its number in the batch from 1, its key, whether it waits.
    // Rows are written in the order of their ids, so that two who publish the same ids do not wait for each other in a
    // circle.
    private static string Insert(bool isMarked) => $"""
        {Input} ORDER BY id COLLATE "C", ord ON CONFLICT (id) DO NOTHING RETURNING key),
        fresh AS MATERIALIZED (SELECT i.* FROM input i JOIN stored USING (key)),
        {PlacesOf("fresh", isMarked)}
        SELECT ord, key, waits FROM fresh
        """;

    // The same; comes back: the numbers of those that wait.
    // To ask for each id whether it is known takes a third of the time: without that a known one makes the whole
    // statement fail.
    private static string InsertNew(bool isMarked) =>
        $"{Input}), {PlacesOf("input", isMarked)} SELECT ord FROM input WHERE waits";

    // $1: the time, $2 to $6: priority, flags, retries, max_attempts and origin of all. Then what differs, and the
    // keys. Nothing comes back.
    // Most batches: jobs that are ready at once and alike. Fewer columns and no sorting take a quarter less of the
    // server's time.
    private static string InsertPlain(bool isMarked) => $"""
        WITH {Sql.Clock},
        input AS MATERIALIZED (
          SELECT coalesce(i.drawn, nextval('lovage.ticket')) AS key, i.id, i.name, i.queue, i.body, i.more
          FROM {PlainRows.Rows(PlainAt)}),
        stored AS (
          INSERT INTO lovage.message(key, id, name, queue, priority, flags, retries, enqueued_at, max_attempts, body,
            more, origin)
          SELECT key, id, name, queue, $2::integer, $3::smallint, $4::integer, now, $5::integer, body, more,
            $6::integer FROM input CROSS JOIN clock),
        placed AS ({Place.Ready(
            "input", priority: Priorities.Of("$2::integer"), seq: "key", job: "key", again: "false")}),
        {MarksOf("input", isMarked)}
        counted AS ({Tally.OfNew("input", ("ready", Tally.Rows), ("enqueued", Tally.Rows))})
        SELECT 1
        """;

    // The messages. Comes back for each whose id is known: its number in the batch from 1, the key of the job, whether
    // name and arguments are the same, where the job stands.
    private static readonly string Compare = $"""
        SELECT i.ord, m.key, m.name = i.name AND m.body = i.body, ({Sql.State})::smallint
        FROM {CompareRows.NumberedRows(CompareAt)} JOIN lovage.message m ON m.id = i.id
          LEFT JOIN lovage.course c ON c.job = m.key LEFT JOIN lovage.claim k ON k.job = m.key
        """;

    // $1: how long each statement of this transaction waits for a lock, in milliseconds. What was set comes back.
    private const string LockLimit = "SELECT set_config('lock_timeout', $1, true)";

    // Batches without marks have statements without a part that looks for them.
    private readonly Inserts _unmarked = new(schema, isMarked: false);
    private readonly Inserts _marked = new(schema, isMarked: true);
    private readonly string _compare = schema.Sql(Compare);

    /// <summary>
    /// Stores messages in a transaction of its own. The words must be known; see <see cref="MessageRow.WordsOf"/>.
    /// </summary>
    /// <param name="connection">The connection, in no transaction.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="keys">Their keys; null to draw them now.</param>
    /// <param name="words">The numbers of their words.</param>
    /// <param name="now">The time in place of the server's, in tests.</param>
    /// <param name="cancellationToken">Ends the statement: its callers have been answered.</param>
    /// <returns>For each, in order, what became of it.</returns>
    internal async Task<PublishResult[]> PublishAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now,
        CancellationToken cancellationToken)
    {
        if (!messages.Any(static message => message.HasChosenId))
        {
            try
            {
                return await PublishNewAsync(connection, messages, keys, words, now, cancellationToken);
            }
            catch (PostgresException known) when (known.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // The caller repeats a call whose reply was lost. Nothing was stored now.
            }
        }

        try
        {
            var limit = messages.Count == 1 ? AloneMilliseconds : AmongOthersMilliseconds;
            return Results(await RunAsync(connection, messages, keys, words, now, limit, cancellationToken));
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return messages.Count == 1
                ? [BusyResult(messages[0])]
                : await PublishAroundAsync(connection, messages, keys, words, now, cancellationToken);
        }
    }

    /// <summary>Stores messages. The words must be known; see <see cref="MessageRow.WordsOf"/>.</summary>
    /// <param name="connection">The connection, in a transaction of its caller's or in none.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="keys">Their keys; null to draw them now.</param>
    /// <param name="words">The numbers of their words.</param>
    /// <param name="now">The time in place of the server's, in tests.</param>
    /// <param name="lockMilliseconds">How long an id waits for a transaction that is storing the same one; null for as
    /// long as the connection lets it.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    /// <returns>For each, in order, what became of it, and the key of the job that has its id.</returns>
    internal async Task<(PublishResult Result, long Key)[]> RunAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now,
        int? lockMilliseconds = null,
        CancellationToken cancellationToken = default)
    {
        var results = new (PublishResult Result, long Key)[messages.Count];
        var open = Enumerable.Range(0, messages.Count).ToList();
        for (var turn = 0; open.Count > 0; turn++)
        {
            if (turn == TriesMax)
            {
                throw new StorageException(
                    "Jobs with the same ids are stored and removed all the time; the call can be repeated.",
                    isTransient: true);
            }

            var limit = lockMilliseconds is { } milliseconds ? LimitOf(milliseconds) : null;
            await InsertAsync(connection, messages, keys, words, now, limit, open, results, cancellationToken);
            if (open.Count > 0)
            {
                // A job that is known neither way was removed meanwhile, and is stored in the next turn.
                await CompareAsync(connection, messages, words, open, results, cancellationToken);
            }
        }

        return results;
    }

    private static PublishResult[] Results((PublishResult Result, long Key)[] stored) =>
        Array.ConvertAll(stored, static one => one.Result);

    private static PublishResult BusyResult(JobMessage message) =>
        new(PublishStatus.Busy, message.Id, JobState.Queued);

    private static Statement LimitOf(int milliseconds) =>
        new Statement(LockLimit).Add($"{milliseconds.ToString(CultureInfo.InvariantCulture)}ms");

    /// <summary>
    /// Stores messages in one transaction, but for those whose ids other transactions are storing: each id by itself,
    /// so that one of them keeps no other.
    /// </summary>
    private async Task<PublishResult[]> PublishAroundAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now,
        CancellationToken cancellationToken)
    {
        const string Before = "id";
        var results = new PublishResult[messages.Count];
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(LimitOf(AmongOthersMilliseconds), cancellationToken);

        // In the order of the ids, as the statement has it: two who store the same ones do not wait in a circle.
        foreach (var same in Enumerable.Range(0, messages.Count)
            .GroupBy(i => messages[i].Id.Value, StringComparer.Ordinal)
            .OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            int[] places = [.. same];
            JobMessage[] part = [.. places.Select(i => messages[i])];
            long[]? drawn = keys is null ? null : [.. places.Select(i => keys[i])];
            await transaction.SaveAsync(Before, cancellationToken);
            PublishResult[] stored;
            try
            {
                stored = Results(await RunAsync(
                    connection, part, drawn, words, now, lockMilliseconds: null, cancellationToken));
                await transaction.ReleaseAsync(Before, cancellationToken);
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                await transaction.RollbackAsync(Before, cancellationToken);
                stored = Array.ConvertAll(part, BusyResult);
            }

            for (var i = 0; i < places.Length; i++)
            {
                results[places[i]] = stored[i];
            }
        }

        await transaction.CommitAsync(cancellationToken);
        return results;
    }

    // What stands in the relation was stored now.
    private static string PlacesOf(string fresh, bool isMarked) => $"""
        waiting AS ({Place.Delayed($"{fresh} WHERE waits", priority: "place", job: "key")}),
        scheduled AS (INSERT INTO lovage.course(job, state, due) SELECT key, {States.Scheduled}, due FROM {fresh}
          WHERE waits),
        placed AS ({Place.Ready(
            $"{fresh} WHERE NOT waits", priority: "place", seq: "key", job: "key", again: "false")}),
        {MarksOf(fresh, isMarked)}
        counted AS ({Tally.OfNew(
            fresh,
            ("ready", Tally.Where("NOT waits")),
            ("delayed", Tally.Where("waits")),
            ("enqueued", Tally.Rows))})
        """;

    private static string MarksOf(string fresh, bool isMarked) =>
        isMarked ? $"marked AS ({Marks.Insert(fresh)})," : "";

    private Inserts InsertsFor(IReadOnlyList<JobMessage> messages) =>
        Marks.AreIn(messages) ? _marked : _unmarked;

    /// <summary>Stores messages whose ids are new; fails as a whole when one is not.</summary>
    private async Task<PublishResult[]> PublishNewAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now,
        CancellationToken cancellationToken)
    {
        var results = new PublishResult[messages.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = new PublishResult(PublishStatus.Accepted, messages[i].Id, JobState.Queued);
        }

        if (MessageRow.ArePlain(messages))
        {
            var plain = MessageRow.AddCommon(new Statement(InsertsFor(messages).Plain).Add(now), messages[0], words);
            await connection.ExecuteAsync(
                PlainRows.AddTo(plain, messages, words, keys), cancellationToken);
            return results;
        }

        await using var rows = await connection.ReadAsync(
            Rows.AddTo(new Statement(InsertsFor(messages).New).Add(now), messages, words, keys), cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var place = (int)rows.GetInt64(0) - 1;
            results[place] = results[place] with { State = JobState.Scheduled };
        }

        return results;
    }

    private async Task InsertAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now,
        Statement? limit,
        List<int> open,
        (PublishResult Result, long Key)[] results,
        CancellationToken cancellationToken)
    {
        var all = open.Count == messages.Count;
        var part = all ? messages : [.. open.Select(i => messages[i])];
        var drawn = all || keys is null ? keys : [.. open.Select(i => keys[i])];
        var insert = Rows.AddTo(new Statement(InsertsFor(part).Any).Add(now), part, words, drawn);

        // Both in one transaction, after which the limit is as before.
        await using var batch = limit is null ? connection.Batch(insert) : connection.Batch(limit, insert);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        if (limit is not null)
        {
            await rows.NextResultAsync(cancellationToken);
        }

        var accepted = new HashSet<int>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var place = open[(int)rows.GetInt64(0) - 1];
            var state = rows.GetBoolean(2) ? JobState.Scheduled : JobState.Queued;
            results[place] = (new PublishResult(PublishStatus.Accepted, messages[place].Id, state), rows.GetInt64(1));
            accepted.Add(place);
        }

        open.RemoveAll(accepted.Contains);
    }

    private async Task CompareAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        IReadOnlyDictionary<string, int> words,
        List<int> open,
        (PublishResult Result, long Key)[] results,
        CancellationToken cancellationToken)
    {
        var compare = CompareRows.AddTo(new Statement(_compare), [.. open.Select(i => messages[i])], words);
        await using var rows = await connection.ReadAsync(compare, cancellationToken);
        var known = new HashSet<int>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var place = open[(int)rows.GetInt64(0) - 1];
            var status = rows.GetBoolean(2) ? PublishStatus.AlreadyKnown : PublishStatus.IdConflict;
            results[place] = (
                new PublishResult(status, messages[place].Id, (JobState)rows.GetInt16(3)), rows.GetInt64(1));
            known.Add(place);
        }

        open.RemoveAll(known.Contains);
    }

    /// <summary>The statements that store messages.</summary>
    private sealed class Inserts(SchemaName schema, bool isMarked)
    {
        internal string Any { get; } = schema.Sql(Insert(isMarked));

        internal string New { get; } = schema.Sql(InsertNew(isMarked));

        internal string Plain { get; } = schema.Sql(InsertPlain(isMarked));
    }
}

using System.Globalization;
using Lovage.PostgreSql.Connections;
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

    // Keys are those given, or are drawn in the order of the messages.
    private static readonly string Input = string.Create(CultureInfo.InvariantCulture, $"""
        WITH {Sql.Clock},
        input AS MATERIALIZED (
          SELECT t.*, t.due > t.now AS waits, least(greatest(t.priority, 0), 9)::smallint AS place FROM (
            SELECT coalesce(i.drawn, nextval('lovage.ticket')) AS key, i.*, clock.now,
              greatest(least(clock.now + least(coalesce(greatest(i.delay, 0), 0), {StorageTime.Latest}),
              {StorageTime.Latest}), coalesce(i.eta, 0)) AS due
            FROM (
              SELECT * FROM unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::smallint[],
                $7::integer[], $8::bigint[], $9::bigint[], $10::bigint[], $11::integer[],
                $12::bytea[], $13::bytea[], $14::bytea[], $15::integer[], $16::bigint[])
              WITH ORDINALITY AS a(id, name, queue, priority, flags, retries, delay, eta, expires, max_attempts, body,
                more, extra, origin, drawn, ord) ORDER BY ord) i
            CROSS JOIN clock) t),
        stored AS (
          INSERT INTO lovage.message(key, id, name, queue, priority, flags, retries, enqueued_at, delay, eta, expires,
            max_attempts, body, more, extra, origin)
          SELECT key, id, name, queue, priority, flags, retries, now, delay, eta, expires, max_attempts, body, more,
            extra, origin FROM input
        """);

    // What stands in FRESH was stored now.
    private const string Places = """
        waiting AS (INSERT INTO lovage.delayed(queue, due, job, priority) SELECT queue, due, key, place FROM FRESH
          WHERE waits),
        scheduled AS (INSERT INTO lovage.course(job, state, due) SELECT key, 0, due FROM FRESH WHERE waits),
        placed AS (INSERT INTO lovage.ready(queue, lane, priority, seq, job, again)
          SELECT queue, 1, place, key, key, false FROM FRESH WHERE NOT waits),
        counted AS (
          INSERT INTO lovage.tally(queue, name, ready, delayed, enqueued)
          SELECT queue, name, count(*) FILTER (WHERE NOT waits), count(*) FILTER (WHERE waits), count(*) FROM FRESH
            GROUP BY queue, name)
        """;

    // Rows are written in the order of their ids, so that two who publish the same ids do not wait for each other in a
    // circle.
    private static readonly string Insert = $"""
        {Input} ORDER BY id COLLATE "C", ord ON CONFLICT (id) DO NOTHING RETURNING key),
        fresh AS MATERIALIZED (SELECT i.* FROM input i JOIN stored USING (key)),
        {Places.Replace("FRESH", "fresh", StringComparison.Ordinal)}
        SELECT ord, key FROM fresh
        """;

    // To ask for each id whether it is known takes a third of the time: without that a known one makes the whole
    // statement fail.
    private static readonly string InsertNew =
        $"{Input}), {Places.Replace("FRESH", "input", StringComparison.Ordinal)} SELECT 1";

    // Most batches: jobs that are ready at once and alike. Fewer columns and no sorting take a quarter less of the
    // server's time.
    private const string InsertPlain = $"""
        WITH {Sql.Clock},
        input AS MATERIALIZED (
          SELECT coalesce(a.drawn, nextval('lovage.ticket')) AS key, a.id, a.name, a.queue, a.body, a.more
          FROM unnest($2::text[], $3::integer[], $4::integer[], $5::bytea[], $6::bytea[], $7::bigint[]) AS a(id, name,
            queue, body, more, drawn)),
        stored AS (
          INSERT INTO lovage.message(key, id, name, queue, priority, flags, retries, enqueued_at, max_attempts, body,
            more, origin)
          SELECT key, id, name, queue, $8::integer, $9::smallint, $10::integer, now, $11::integer, body, more,
            $12::integer FROM input CROSS JOIN clock),
        placed AS (INSERT INTO lovage.ready(queue, lane, priority, seq, job, again)
          SELECT queue, 1, least(greatest($8::integer, 0), 9)::smallint, key, key, false FROM input),
        counted AS (INSERT INTO lovage.tally(queue, name, ready, enqueued) SELECT queue, name, count(*), count(*)
          FROM input GROUP BY queue, name)
        SELECT 1
        """;

    private const string Compare = """
        SELECT i.ord, m.key, m.name = i.name AND m.body = i.body
          FROM unnest($1::text[], $2::integer[], $3::bytea[]) WITH ORDINALITY AS i(id, name, body, ord)
        JOIN lovage.message m ON m.id = i.id
        """;

    /// <summary>
    /// Stores messages in a transaction of its own. The words must be known; see <see cref="MessageRow.WordsOf"/>.
    /// </summary>
    /// <param name="connection">The connection, in no transaction.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="keys">Their keys; null to draw them now.</param>
    /// <param name="words">The numbers of their words.</param>
    /// <param name="now">The time in place of the server's, in tests.</param>
    /// <returns>For each, in order, what became of it.</returns>
    internal async Task<PublishStatus[]> PublishAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now)
    {
        if (!messages.Any(static message => message.HasChosenId))
        {
            try
            {
                var insert = MessageRow.ArePlain(messages)
                    ? MessageRow.AddPlain(new Statement(schema.Sql(InsertPlain)).Add(now), messages, keys, words)
                    : MessageRow.Add(new Statement(schema.Sql(InsertNew)).Add(now), messages, words).Add(keys);
                await connection.ExecuteAsync(insert, CancellationToken.None);
                return new PublishStatus[messages.Count];
            }
            catch (PostgresException known) when (known.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // A call that was repeated, since its answer was lost. Nothing was stored now.
            }
        }

        return Array.ConvertAll(await RunAsync(connection, messages, keys, words, now), static result => result.Status);
    }

    /// <summary>The words must be known; see <see cref="MessageRow.WordsOf"/>.</summary>
    /// <param name="connection">The connection, in a transaction of its caller's or in none.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="keys">Their keys; null to draw them now.</param>
    /// <param name="words">The numbers of their words.</param>
    /// <param name="now">The time in place of the server's, in tests.</param>
    /// <returns>For each, in order, what became of it, and the key of the job that has its id.</returns>
    internal async Task<(PublishStatus Status, long Key)[]> RunAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now)
    {
        var results = new (PublishStatus Status, long Key)[messages.Count];
        var open = Enumerable.Range(0, messages.Count).ToList();
        for (var turn = 0; open.Count > 0; turn++)
        {
            if (turn == TriesMax)
            {
                throw new StorageException(
                    "Jobs with the same ids are stored and removed all the time; the call can be repeated.",
                    isTransient: true);
            }

            await InsertAsync(connection, messages, keys, words, now, open, results);
            if (open.Count > 0)
            {
                // What is known neither way was removed meanwhile, and is tried again.
                await CompareAsync(connection, messages, words, open, results);
            }
        }

        return results;
    }

    private async Task InsertAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words,
        long? now,
        List<int> open,
        (PublishStatus Status, long Key)[] results)
    {
        var all = open.Count == messages.Count;
        var part = all ? messages : [.. open.Select(i => messages[i])];
        var drawn = all || keys is null ? keys : [.. open.Select(i => keys[i])];
        await using var rows = await connection.ReadAsync(
            MessageRow.Add(new Statement(schema.Sql(Insert)).Add(now), part, words).Add(drawn), CancellationToken.None);
        var accepted = new HashSet<int>();
        while (await rows.ReadAsync())
        {
            var place = open[(int)rows.GetInt64(0) - 1];
            results[place] = (PublishStatus.Accepted, rows.GetInt64(1));
            accepted.Add(place);
        }

        open.RemoveAll(accepted.Contains);
    }

    private async Task CompareAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        IReadOnlyDictionary<string, int> words,
        List<int> open,
        (PublishStatus Status, long Key)[] results)
    {
        var compare = new Statement(schema.Sql(Compare))
            .Add([.. open.Select(i => messages[i].Id.Value)])
            .Add([.. open.Select(i => words[messages[i].Name])])
            .Add([.. open.Select(i => (byte[]?)messages[i].Body.ToArray())]);
        await using var rows = await connection.ReadAsync(compare, CancellationToken.None);
        var known = new HashSet<int>();
        while (await rows.ReadAsync())
        {
            var place = open[(int)rows.GetInt64(0) - 1];
            results[place] = (rows.GetBoolean(2)
                ? PublishStatus.AlreadyKnown
                : PublishStatus.IdConflict, rows.GetInt64(1));
            known.Add(place);
        }

        open.RemoveAll(known.Contains);
    }
}

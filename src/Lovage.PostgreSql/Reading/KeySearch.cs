using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>
/// Finds where the jobs of a query are to be looked for: marks and fingerprints first, then the blocks of its words,
/// then its states; all jobs only where nothing better is asked for.
/// </summary>
internal sealed class KeySearch(SchemaName schema)
{
    /// <summary>Blocks that one page looks through at the most.</summary>
    internal const int PageBlocksMax = 200;

    /// <summary>Blocks that one count looks through at the most.</summary>
    internal const int CountBlocksMax = 1_000;

    /// <summary>Ready jobs up to which they are looked through in place of all jobs.</summary>
    private const int ReadyMax = 10_000;

    /// <summary>Transactions that store jobs at the same time draw keys in another order than times.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    // $1: a time in units of 100 ns since 1970. Comes back: the first key of a job that was stored then or later, or
    // the one behind all. Keys grow with time, so that it halves the stretch in which the job is.
    private const string KeyAt = """
        WITH RECURSIVE s(low, high) AS (
          SELECT coalesce(min(key), 0), coalesce(max(key) + 1, 0) FROM lovage.message
          UNION ALL
          SELECT CASE WHEN f.enqueued_at < $1 THEN f.key + 1 ELSE s.low END,
            CASE WHEN f.enqueued_at < $1 THEN s.high ELSE (s.low + s.high) / 2 END
          FROM s LEFT JOIN LATERAL (SELECT m.key, m.enqueued_at FROM lovage.message m
            WHERE m.key >= (s.low + s.high) / 2 AND m.key < s.high ORDER BY m.key LIMIT 1) f ON true
          WHERE s.low < s.high)
        SELECT low FROM s WHERE low >= high LIMIT 1
        """;

    // $1: jobs at the most. Comes back: how many are ready.
    private const string CountReady = "SELECT count(*) FROM (SELECT 1 FROM lovage.ready LIMIT $1) r";

    // $1: blocks at the most, $2 and $3: the first and the last block, $4: a word. Comes back: blocks, newest first.
    // Lines that are not summed up yet name blocks too.
    private static readonly string OfQueue = BlocksOf(Blocks.Queue, "queue = $4 AND enqueued > 0");
    private static readonly string OfName = BlocksOf(Blocks.Name, "name = $4 AND enqueued > 0");
    private static readonly string OfPair =
        BlocksOf(Blocks.QueueAndName, $"{Blocks.Pair("queue", "name")} = $4 AND enqueued > 0");
    private static readonly string OfWorker = BlocksOf(
        Blocks.Worker,
        "worker = $4",
        $" UNION ALL SELECT {Blocks.Of("job")} FROM lovage.claim WHERE owner = $4 AND started_at IS NOT NULL");
    private static readonly string OfSucceeded = BlocksOf(Blocks.Succeeded, "succeeded > 0");

    /// <summary>Where to look for the jobs of a query below a key.</summary>
    internal async Task<(KeySource Source, long Before)> FindAsync(
        NpgsqlConnection connection,
        JobQuery query,
        FilterWords words,
        FilterSql filter,
        long before,
        int blocksMax,
        CancellationToken cancellationToken)
    {
        var low = query.Since is { } since ? await KeyAtAsync(connection, since, -Slack, cancellationToken) : 0;
        before = query.Until is { } until
            ? Math.Min(before, await KeyAtAsync(connection, until, Slack, cancellationToken))
            : before;
        return (
            OfMark(query, words, filter, low)
                ?? await OfWordsAsync(connection, query, words, filter, low, before, blocksMax, cancellationToken),
            before);
    }

    private static KeySource? OfMark(JobQuery query, FilterWords words, FilterSql filter, long low)
    {
        return query.Tag is { } tag ? Of(KeySource.OfMark(Marks.Tag, filter.Text(tag)), query with { Tag = null })
            : query.EditedFrom is { } edited
                ? Of(KeySource.OfMark(Marks.EditedFrom, filter.Text(edited)), query with { EditedFrom = null })
            : query.RootId is { } root
                ? Of(KeySource.OfMark(Marks.Root, filter.Text(root)), query with { RootId = null })
            : query.ScheduleId is { } schedule
                ? Of(KeySource.OfMark(Marks.Schedule, filter.Text(schedule)), query with { ScheduleId = null })
            : words.Fingerprint is { } fingerprint
                ? new KeySource(
                    KeySource.OfFingerprint(filter.Parameter(statement => statement.Add(fingerprint))),
                    low,
                    !FilterSql.HasMatches(query, words with { Fingerprint = null }))
                : null;

        KeySource Of(string sql, JobQuery rest) => new(sql, low, !FilterSql.HasMatches(rest, words));
    }

    private static KeySource OfBlocks(
        BlockChoice choice, JobQuery query, FilterWords words, FilterSql filter, long low)
    {
        var blocks = filter.Parameter(statement => statement.Add(choice.Blocks));
        var (sql, isExact) = choice.Kind switch
        {
            Blocks.Worker => (
                KeySource.OfWorkerBlocks(
                    blocks, filter.Parameter(statement => statement.Add(words.Worker)), filter.OfCourse(query)),
                !FilterSql.HasMatches(query, words with { Worker = null })),
            Blocks.Succeeded => (
                KeySource.OfSucceededBlocks(blocks), !FilterSql.HasMatches(query with { States = [] }, words)),
            _ => (
                KeySource.OfMessageBlocks(blocks, filter.OfMessage(query, words)),
                query is { States.Count: 0, ArgumentText: null } && words is { Worker: null, Fingerprint: null }),
        };
        return choice.IsAll
            ? new KeySource(sql, low, isExact)
            : new KeySource(sql, Math.Max(low, Blocks.First(choice.Blocks[^1])), isExact, GoesOn: true);
    }

    private async Task<KeySource> OfWordsAsync(
        NpgsqlConnection connection,
        JobQuery query,
        FilterWords words,
        FilterSql filter,
        long low,
        long before,
        int blocksMax,
        CancellationToken cancellationToken)
    {
        var choice = await BlocksAsync(connection, query, words, low, before, blocksMax, cancellationToken);
        if (choice is not { IsAll: true } && await AreFewAsync(connection, query.States, cancellationToken))
        {
            return new KeySource(KeySource.OfStates(query.States.Distinct()), low, IsExact: false);
        }

        return choice is null
            ? new KeySource(
                KeySource.OfMessages(filter.OfTime(query)),
                low,
                !FilterSql.HasMatches(query with { Since = null, Until = null }, words))
            : OfBlocks(choice, query, words, filter, low);
    }

    private static string BlocksOf(string kind, string lines, string more = "") => $"""
        SELECT DISTINCT block FROM (
          (SELECT block FROM lovage.block WHERE kind = {kind} AND word = $4 AND block BETWEEN $3 AND $2
            ORDER BY block DESC LIMIT $1)
          UNION ALL SELECT block FROM lovage.tally WHERE {lines} AND name <> {Tally.NoName}{more}) s
        WHERE block BETWEEN $3 AND $2 ORDER BY block DESC LIMIT $1
        """;

    private async Task<long> KeyAtAsync(
        NpgsqlConnection connection, DateTimeOffset at, TimeSpan slack, CancellationToken cancellationToken)
    {
        var ticks = StorageTime.From(at);
        return await connection.ScalarAsync<long>(
            new Statement(schema.Sql(KeyAt)).Add(
                slack < TimeSpan.Zero ? ticks + slack.Ticks : StorageTime.Add(ticks, slack)),
            cancellationToken);
    }

    /// <summary>
    /// The fewest blocks that hold all jobs of one of the query's words; null for a query without one.
    /// </summary>
    private async Task<BlockChoice?> BlocksAsync(
        NpgsqlConnection connection,
        JobQuery query,
        FilterWords words,
        long low,
        long before,
        int max,
        CancellationToken cancellationToken)
    {
        var asked = Asked(query, words).ToArray();
        if (asked.Length == 0)
        {
            return null;
        }

        Statement[] looks = [.. asked.Select(one => new Statement(schema.Sql(one.Sql))
            .Add(max + 1L)
            .Add(Blocks.Of(before - 1))
            .Add(Blocks.Of(low))
            .Add(one.Word))];
        await using var batch = connection.Batch(looks);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        BlockChoice? best = null;
        foreach (var (kind, _, _) in asked)
        {
            var blocks = new List<long>();
            while (await rows.ReadAsync(cancellationToken))
            {
                blocks.Add(rows.GetInt64(0));
            }

            await rows.NextResultAsync(cancellationToken);
            if (best is null || blocks.Count < best.Count)
            {
                best = new BlockChoice(kind, [.. blocks.Take(max)], blocks.Count);
            }
        }

        return best;
    }

    private static IEnumerable<(string Kind, string Sql, long Word)> Asked(JobQuery query, FilterWords words)
    {
        if (words is { Queue: { } queue, Name: { } name })
        {
            yield return (Blocks.QueueAndName, OfPair, Blocks.Pair(queue, name));
        }
        else if ((words.Queue ?? words.Name) is { } word)
        {
            yield return words.Queue is null ? (Blocks.Name, OfName, word) : (Blocks.Queue, OfQueue, word);
        }

        if (words.Worker is { } worker)
        {
            yield return (Blocks.Worker, OfWorker, worker);
        }

        if (query.States.Count > 0 && query.States.All(static state => state == JobState.Succeeded))
        {
            yield return (Blocks.Succeeded, OfSucceeded, 0);
        }
    }

    /// <summary>True when jobs in these states are found without a look at all jobs.</summary>
    private async Task<bool> AreFewAsync(
        NpgsqlConnection connection, IReadOnlyList<JobState> states, CancellationToken cancellationToken) =>
        states.Count > 0
        && !states.Contains(JobState.Succeeded)
        && (!states.Contains(JobState.Queued)
            || await connection.ScalarAsync<long>(
                new Statement(schema.Sql(CountReady)).Add(ReadyMax + 1L), cancellationToken) <= ReadyMax);

    /// <summary>Blocks that hold all jobs of a word, the newest of them first.</summary>
    /// <param name="Kind">The kind of the word.</param>
    /// <param name="Blocks">The blocks.</param>
    /// <param name="Count">How many there are; one more than the blocks when there are more.</param>
    private sealed record BlockChoice(string Kind, long[] Blocks, int Count)
    {
        internal bool IsAll => Count == Blocks.Length;
    }
}

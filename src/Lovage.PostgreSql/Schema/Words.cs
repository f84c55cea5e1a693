using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.PostgreSql.Commands;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>
/// The table <c>word</c> as this process knows it. Rows are only added, so that a number keeps its meaning as long as
/// the server is the same one.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class Words(SchemaName schema)
{
    /// <summary>Words that this process remembers; with more it forgets them all.</summary>
    private const int KnownMax = 100_000;

    // $1: numbers. Comes back: number, text.
    private const string Texts = "SELECT id, text FROM lovage.word WHERE id = ANY ($1)";

    // $1: texts. Comes back: text, number.
    private const string Find = "SELECT text, id FROM lovage.word WHERE text = ANY ($1)";

    // $1: texts. In order, so that two processes that add the same words do not wait for each other in a circle.
    private const string Insert =
        "INSERT INTO lovage.word(text) SELECT t FROM unnest($1) t ORDER BY t COLLATE \"C\" ON CONFLICT (text) DO "
            + "NOTHING";

    private Known _known = new();
    private string? _server;

    /// <summary>Forgets all words, and what is being read now.</summary>
    /// <remarks>
    /// A connection was lost. The next one may lead to a server that does not have all that the one before had.
    /// </remarks>
    internal void Forget() => Volatile.Write(ref _known, new Known());

    /// <summary>A new connection leads to a server, which is known by the instant at which it started.</summary>
    /// <remarks>
    /// A standby that was promoted without all that the one before had may give a number another meaning.
    /// </remarks>
    internal void Meets(string server)
    {
        if (Interlocked.Exchange(ref _server, server) is { } before && before != server)
        {
            Forget();
        }
    }

    /// <summary>The text of a number, where this process knows it.</summary>
    internal bool TryText(int id, [NotNullWhen(true)] out string? text) =>
        Volatile.Read(ref _known).Texts.TryGetValue(id, out text);

    /// <summary>Looks up the texts of numbers.</summary>
    internal async Task<Dictionary<int, string>> TextsAsync(
        NpgsqlConnection connection, IReadOnlyCollection<int> ids, CancellationToken cancellationToken)
    {
        var known = Bounded();
        var texts = new Dictionary<int, string>(ids.Count);
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Texts)).Add([.. ids]), cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var id = rows.GetInt32(0);
            texts[id] = known.Texts[id] = rows.GetString(1);
        }

        return texts;
    }

    /// <summary>The texts of numbers; only those that this process does not know are looked up.</summary>
    internal async Task<Dictionary<int, string>> KnownTextsAsync(
        NpgsqlConnection connection, IReadOnlyCollection<int> ids, CancellationToken cancellationToken)
    {
        var missing = new List<int>();
        var texts = new Dictionary<int, string>(ids.Count);
        foreach (var id in ids)
        {
            if (TryText(id, out var text))
            {
                texts[id] = text;
            }
            else
            {
                missing.Add(id);
            }
        }

        if (missing.Count > 0)
        {
            foreach (var (id, text) in await TextsAsync(connection, missing, cancellationToken))
            {
                texts[id] = text;
            }
        }

        return texts;
    }

    /// <summary>The numbers of words; new words are added.</summary>
    /// <remarks>Call it outside of a transaction: the words of one that is undone would be remembered.</remarks>
    internal async ValueTask<Dictionary<string, int>> IdsAsync(
        NpgsqlConnection connection, IReadOnlyCollection<string> texts, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(texts.Count, StringComparer.Ordinal);
        var missing = Missing(texts, ids);
        if (missing.Count > 0)
        {
            await FindAsync(connection, missing, ids, cancellationToken);
            missing.RemoveWhere(ids.ContainsKey);
        }

        if (missing.Count > 0)
        {
            await connection.ExecuteAsync(new Statement(schema.Sql(Insert)).Add([.. missing]), cancellationToken);
            await FindAsync(connection, missing, ids, cancellationToken);
        }

        return ids;
    }

    /// <summary>The numbers of those words that exist.</summary>
    internal async ValueTask<Dictionary<string, int>> FindAsync(
        NpgsqlConnection connection, IReadOnlyCollection<string> texts, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(texts.Count, StringComparer.Ordinal);
        var missing = Missing(texts, ids);
        if (missing.Count > 0)
        {
            await FindAsync(connection, missing, ids, cancellationToken);
        }

        return ids;
    }

    private HashSet<string> Missing(IReadOnlyCollection<string> texts, Dictionary<string, int> ids)
    {
        var known = Volatile.Read(ref _known);
        var missing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (known.Ids.TryGetValue(text, out var id))
            {
                ids[text] = id;
            }
            else
            {
                missing.Add(text);
            }
        }

        return missing;
    }

    private async Task FindAsync(
        NpgsqlConnection connection,
        HashSet<string> missing,
        Dictionary<string, int> ids,
        CancellationToken cancellationToken)
    {
        var known = Bounded();

        // PostgreSQL holds not every sign: such a word is found under the text that was stored for it.
        var byStored = missing.ToLookup(Statement.Storable, StringComparer.Ordinal);
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Find)).Add([.. missing]), cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            foreach (var text in byStored[rows.GetString(0)])
            {
                ids[text] = known.Ids[text] = rows.GetInt32(1);
            }
        }
    }

    private Known Bounded()
    {
        var known = Volatile.Read(ref _known);
        if (known.Ids.Count + known.Texts.Count > KnownMax)
        {
            Forget();
            known = Volatile.Read(ref _known);
        }

        return known;
    }

    private sealed class Known
    {
        internal ConcurrentDictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

        internal ConcurrentDictionary<int, string> Texts { get; } = new();
    }
}

using System.Collections.Concurrent;
using Lovage.Sqlite.Native;

namespace Lovage.Sqlite.Schema;

/// <summary>
/// The table <c>lovage_word</c> as this process knows it: rows are only ever added, so a number keeps its meaning.
/// Reading is safe for several threads; adding is the writer's.
/// </summary>
internal sealed class Words
{
    private readonly ConcurrentDictionary<long, string> _texts = new();
    private readonly ConcurrentDictionary<string, long> _ids = new(StringComparer.Ordinal);

    internal bool TryId(string text, out long id) => _ids.TryGetValue(text, out id);

    internal bool TryText(long id, out string? text) => _texts.TryGetValue(id, out text);

    internal void Keep(long id, string text)
    {
        _texts[id] = text;
        _ids[text] = id;
    }
}

/// <summary>Looks words up by way of one connection that reads what is committed.</summary>
internal sealed class WordReader(SqliteConnection connection, Words words) : WordLookup(connection, words);

/// <summary>Looks words up, in what this process knows and else by way of one connection.</summary>
internal abstract class WordLookup(SqliteConnection connection, Words words)
{
    private readonly SqliteStatement _byId = connection.Prepare("SELECT text FROM lovage_word WHERE id = ?1");
    private readonly SqliteStatement _byText = connection.Prepare("SELECT id FROM lovage_word WHERE text = ?1");

    internal string Text(long id)
    {
        if (words.TryText(id, out var text))
        {
            return text!;
        }

        text = _byId.Bind(1, id).Read() ? _byId.Text(0) : "";
        _byId.Reset();
        Found(id, text);
        return text;
    }

    /// <summary>The word's number; null when no row has ever held it.</summary>
    internal virtual long? Find(string text)
    {
        if (words.TryId(text, out var known))
        {
            return known;
        }

        long? id = _byText.Bind(1, text).Read() ? _byText.Int64(0) : null;
        _byText.Reset();
        if (id is { } found)
        {
            Found(found, text);
        }

        return id;
    }

    protected virtual void Found(long id, string text) => words.Keep(id, text);
}

/// <summary>
/// Looks words up and adds them on the writer's connection. What a transaction has seen is shared only once it is
/// committed.
/// </summary>
internal sealed class WordWriter(SqliteConnection connection, Words words) : WordLookup(connection, words)
{
    private readonly SqliteStatement _insert = connection.Prepare(
        "INSERT INTO lovage_word(text) VALUES (?1) RETURNING id");

    private readonly Dictionary<string, long> _pending = new(StringComparer.Ordinal);
    private readonly Words _words = words;

    internal long Id(string text)
    {
        if (Find(text) is { } known)
        {
            return known;
        }

        _insert.Bind(1, text).Read();
        var id = _insert.Int64(0);
        _insert.Reset();
        _pending[text] = id;
        return id;
    }

    internal override long? Find(string text) => _pending.TryGetValue(text, out var id) ? id : base.Find(text);

    internal void Committed()
    {
        foreach (var (text, id) in _pending)
        {
            _words.Keep(id, text);
        }

        _pending.Clear();
    }

    internal void RolledBack() => _pending.Clear();

    protected override void Found(long id, string text) => _pending[text] = id;
}

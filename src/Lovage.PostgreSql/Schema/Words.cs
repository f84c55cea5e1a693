using System.Collections.Concurrent;
using Lovage.PostgreSql.Connections;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>
/// The table <c>word</c> as this process knows it: rows are only ever added, so a number keeps its meaning as long as the server is the same one. Safe for use by
/// several threads.
/// </summary>
internal sealed class Words(SchemaName schema)
{
    private const string Find = "SELECT text, id FROM lovage.word WHERE text = ANY ($1)";

    // In order, so that two that add the same words do not wait for each other in a circle.
    private const string Insert = "INSERT INTO lovage.word(text) SELECT t FROM unnest($1) t ORDER BY t COLLATE \"C\" ON CONFLICT (text) DO NOTHING";

    private readonly ConcurrentDictionary<string, int> _ids = new(StringComparer.Ordinal);

    /// <summary>After the connection was lost, perhaps to a server that does not have all that the one before had.</summary>
    internal void Forget() => _ids.Clear();

    /// <summary>The numbers of words; new words are added, outside of any transaction, since one that is not used does no harm.</summary>
    internal async ValueTask<Dictionary<string, int>> IdsAsync(NpgsqlConnection connection, IReadOnlyCollection<string> texts, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(texts.Count, StringComparer.Ordinal);
        var missing = Known(texts, ids);
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
    internal async ValueTask<Dictionary<string, int>> FindAsync(NpgsqlConnection connection, IReadOnlyCollection<string> texts, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, int>(texts.Count, StringComparer.Ordinal);
        var missing = Known(texts, ids);
        if (missing.Count > 0)
        {
            await FindAsync(connection, missing, ids, cancellationToken);
        }

        return ids;
    }

    private HashSet<string> Known(IReadOnlyCollection<string> texts, Dictionary<string, int> ids)
    {
        var missing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (_ids.TryGetValue(text, out var id))
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

    private async Task FindAsync(NpgsqlConnection connection, HashSet<string> missing, Dictionary<string, int> ids, CancellationToken cancellationToken)
    {
        // What is stored is what PostgreSQL can hold: a word with a sign that it cannot is found under what stands for it.
        var byStored = missing.ToLookup(Statement.Storable, StringComparer.Ordinal);
        await using var rows = await connection.ReadAsync(new Statement(schema.Sql(Find)).Add([.. missing]), cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            foreach (var text in byStored[rows.GetString(0)])
            {
                ids[text] = _ids[text] = rows.GetInt32(1);
            }
        }
    }
}

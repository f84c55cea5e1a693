using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Life;

/// <summary>
/// Writes which names, queues and workers occur in a block of keys, each once. A look for one of them passes over all
/// other blocks. An index would cost a row for every job.
/// </summary>
/// <remarks>Belongs to the writer's thread. It remembers as written only what is committed.</remarks>
internal sealed class BlockWriter(SqliteConnection connection)
{
    /// <summary>Entries remembered at the most; after that they are written again, which changes nothing.</summary>
    private const int KnownMax = 20_000;

    private readonly SqliteStatement _insert = connection.Prepare(Sql.InsertBlock);
    private readonly HashSet<Entry> _known = [];
    private readonly HashSet<Entry> _pending = [];
    private readonly Entry[] _last = new Entry[Enum.GetValues<BlockKind>().Length];

    /// <summary>Notes that a word occurs in the block of a job.</summary>
    internal void Note(BlockKind kind, long key, long word)
    {
        var entry = new Entry(Tables.BlockOf(key), kind, word);
        if (_last[(int)kind] == entry)
        {
            return;
        }

        _last[(int)kind] = entry;
        if (!_known.Contains(entry) && _pending.Add(entry))
        {
            _insert.Bind(1, entry.Block).Bind(2, (long)kind).Bind(3, word).Run();
        }
    }

    internal void Committed()
    {
        if (_pending.Count == 0)
        {
            return;
        }

        if (_known.Count > KnownMax)
        {
            _known.Clear();
        }

        _known.UnionWith(_pending);
        _pending.Clear();
    }

    internal void RolledBack()
    {
        _pending.Clear();
        Array.Clear(_last);
    }

    // Words begin at 1, so that the default is no entry.
    private readonly record struct Entry(long Block, BlockKind Kind, long Word);
}

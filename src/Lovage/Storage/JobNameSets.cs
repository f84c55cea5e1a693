using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// The sets that a storage has read, by digest: a list of workers then reads each set once, and not for each worker and
/// each look.
/// </summary>
/// <remarks>Safe for use by several threads. It keeps 64 sets at the most.</remarks>
[Experimental("LVGS001")]
public sealed class JobNameSets
{
    private const int CountMax = 64;

    private readonly ConcurrentDictionary<string, JobNameSet> _sets = new(StringComparer.Ordinal);

    /// <summary>Looks for a set that was read before.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="set">The set.</param>
    public bool TryFind(string digest, [NotNullWhen(true)] out JobNameSet? set) => _sets.TryGetValue(digest, out set);

    /// <summary>Keeps a set that was read.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="entries">What the storage has kept of it.</param>
    public JobNameSet Add(string digest, IEnumerable<string> entries)
    {
        if (_sets.Count >= CountMax)
        {
            _sets.Clear();
        }

        return _sets[digest] = JobNameSet.FromEntries(entries);
    }
}

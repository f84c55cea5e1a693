namespace Lovage.Spawning;

/// <summary>
/// The tasks of this process that have not ended, oldest first: a list through the entries themselves, since each task
/// of each request goes in and out.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LocalEntries
{
    private readonly Lock _lock = new();
    private LocalEntry? _first;
    private LocalEntry? _last;
    private int _count;

    internal void Add(LocalEntry entry)
    {
        lock (_lock)
        {
            entry.Before = _last;
            entry.IsListed = true;
            if (_last is null)
            {
                _first = entry;
            }
            else
            {
                _last.Next = entry;
            }

            _last = entry;
            _count++;
        }
    }

    /// <returns>False when it is not in the list any more.</returns>
    internal bool TryRemove(LocalEntry entry)
    {
        lock (_lock)
        {
            if (!entry.IsListed)
            {
                return false;
            }

            if (entry.Before is { } before)
            {
                before.Next = entry.Next;
            }
            else
            {
                _first = entry.Next;
            }

            if (entry.Next is { } next)
            {
                next.Before = entry.Before;
            }
            else
            {
                _last = entry.Before;
            }

            // Code may still hold this entry; the entry must not hold its neighbours.
            (entry.Before, entry.Next, entry.IsListed) = (null, null, false);
            _count--;
            return true;
        }
    }

    /// <summary>All of them now.</summary>
    internal IReadOnlyList<LocalEntry> List()
    {
        lock (_lock)
        {
            var entries = new LocalEntry[_count];
            var i = 0;
            for (var entry = _first; entry is not null; entry = entry.Next)
            {
                entries[i++] = entry;
            }

            return entries;
        }
    }
}

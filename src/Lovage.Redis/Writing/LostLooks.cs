namespace Lovage.Redis.Writing;

/// <summary>
/// The looks of one owner whose reply was lost. They may have claimed all the same; the owner's next look releases
/// those claims first.
/// </summary>
internal sealed class LostLooks
{
    private readonly Lock _lock = new();
    private readonly HashSet<long> _looks = [];

    internal void Add(long look)
    {
        lock (_lock)
        {
            _looks.Add(look);
        }
    }

    internal long[] All()
    {
        lock (_lock)
        {
            return _looks.Count == 0 ? [] : [.. _looks];
        }
    }

    internal void Released(long[] looks)
    {
        lock (_lock)
        {
            _looks.ExceptWith(looks);
        }
    }
}

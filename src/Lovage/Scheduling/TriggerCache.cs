using System.Collections.Concurrent;

namespace Lovage.Scheduling;

/// <summary>Caches triggers by their JSON, so that a schedule of every second is not parsed each time.</summary>
/// <remarks>Safe for use by several threads. It is bounded: when it is full, it drops all entries.</remarks>
internal sealed class TriggerCache
{
    private const int Max = 10_000;

    private readonly ConcurrentDictionary<string, Trigger> _triggers = new(StringComparer.Ordinal);
    private int _count;

    /// <exception cref="TriggerException">The text is no trigger that this machine can compute.</exception>
    internal Trigger Read(string json)
    {
        if (_triggers.TryGetValue(json, out var known))
        {
            return known;
        }

        var trigger = Trigger.FromJson(json);
        if (Interlocked.Increment(ref _count) > Max)
        {
            _triggers.Clear();
            Volatile.Write(ref _count, 0);
        }

        _triggers.TryAdd(json, trigger);
        return trigger;
    }
}

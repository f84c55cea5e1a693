using System.Collections.Concurrent;

namespace Lovage.Scheduling;

/// <summary>Caches triggers by their JSON, so that a schedule of every second is not parsed each time.</summary>
/// <remarks>Safe for use by several threads. It is bounded: when it is full, it drops all entries.</remarks>
internal sealed class TriggerCache
{
    private const int Max = 10_000;

    private readonly ConcurrentDictionary<string, Trigger> _triggers = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>As <see cref="Read"/>, for a process that goes on without the trigger.</summary>
    /// <param name="json">The stored text.</param>
    /// <param name="why">Why it has no ticks here; null when it has some.</param>
    /// <returns>Null when this machine cannot compute it.</returns>
    internal Trigger? TryRead(string json, out string? why)
    {
        why = null;
        try
        {
            var trigger = Read(json);
            if (trigger.Intervals.All(static interval => interval.Anchor is not null))
            {
                return trigger;
            }

            why = "An interval in it has no anchor.";
        }
        catch (TriggerException fault)
        {
            why = fault.Message;
        }

        return null;
    }

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

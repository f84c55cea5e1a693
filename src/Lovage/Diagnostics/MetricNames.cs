using System.Collections.Immutable;

namespace Lovage.Diagnostics;

/// <summary>
/// Bounds the names that label a metric. Callers choose names, so a metric could grow without bound: names past a
/// number are counted together.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class MetricNames
{
    private const int Max = 200;

    private ImmutableHashSet<string> _names = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>The name as a label.</summary>
    internal string Of(string name)
    {
        var names = Volatile.Read(ref _names);
        if (names.Contains(name))
        {
            return name;
        }

        if (names.Count >= Max)
        {
            return "_other";
        }

        ImmutableInterlocked.Update(ref _names, static (set, added) => set.Add(added), name);
        return name;
    }
}

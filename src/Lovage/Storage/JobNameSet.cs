using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lovage.Storage;

/// <summary>
/// The jobs that a worker knows: their names, and how many parameters they take. A digest tells two sets apart; by it a
/// storage keeps each set once.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed class JobNameSet
{
    // No job's name has one. Another name that has one is followed by one.
    private const char Separator = ' ';

    private readonly Lazy<string> _digest;

    /// <summary>Makes a set.</summary>
    /// <param name="names">The names, in any order; each counts once.</param>
    public JobNameSet(IEnumerable<string> names)
        : this(names, FrozenDictionary<string, int>.Empty)
    {
    }

    /// <summary>Makes a set.</summary>
    /// <param name="names">The names, in any order; each counts once.</param>
    /// <param name="parameters">How many parameters jobs of these names take; a name may be missing.</param>
    public JobNameSet(IEnumerable<string> names, IReadOnlyDictionary<string, int> parameters)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(parameters);
        Names = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Parameters = parameters;
        Entries = [.. Names.Select(name => Entry(name, parameters))];
        _digest = new(() => Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Entries))).AsSpan(0, 16)));
    }

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How many parameters jobs take, by name; a name is missing when its definition does not say.</summary>
    public IReadOnlyDictionary<string, int> Parameters { get; }

    /// <summary>
    /// What a storage keeps: a text for each name, in their order, with the number of parameters where it is known.
    /// </summary>
    public IReadOnlyList<string> Entries { get; }

    /// <summary>32 hexadecimal digits that depend on names and numbers alone.</summary>
    public string Digest => _digest.Value;

    /// <summary>Reads what a storage has kept.</summary>
    /// <param name="entries">The texts of <see cref="Entries"/>.</param>
    public static JobNameSet FromEntries(IEnumerable<string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var names = new List<string>();
        var parameters = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var end = entry.LastIndexOf(Separator);
            var name = end < 0 ? entry : entry[..end];
            names.Add(name);
            if (int.TryParse(entry.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && end >= 0)
            {
                parameters[name] = count;
            }
        }

        return new JobNameSet(names, parameters);
    }

    private static string Entry(string name, IReadOnlyDictionary<string, int> parameters) =>
        parameters.TryGetValue(name, out var count)
            ? string.Create(CultureInfo.InvariantCulture, $"{name}{Separator}{count}")
            : name.Contains(Separator) ? name + Separator
            : name;
}

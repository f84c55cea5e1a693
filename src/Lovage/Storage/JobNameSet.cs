using System.Security.Cryptography;
using System.Text;

namespace Lovage.Storage;

/// <summary>
/// The job names that a worker knows, with a digest that tells two sets apart. By the digest a storage keeps each set
/// once.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed class JobNameSet
{
    /// <summary>Makes a set.</summary>
    /// <param name="names">The names, in any order; each counts once.</param>
    public JobNameSet(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        Names = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Digest = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Names))).AsSpan(0, 16));
    }

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>32 hexadecimal digits that depend on the names alone.</summary>
    public string Digest { get; }
}

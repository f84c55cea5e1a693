using System.Globalization;

namespace Lovage;

/// <summary>
/// Another number of jobs matches a bulk operation's filter than its caller expects; nothing was started.
/// </summary>
public sealed class BulkCountException(BoundedCount expected, BoundedCount count)
    : LovageException(
        $"The filter matches {Shown(count)} jobs now, and {Shown(expected)} were expected. Nothing was changed. Look "
            + "at the jobs again, and start the operation with the new number.")
{
    /// <summary>How many jobs the caller expected.</summary>
    public BoundedCount Expected { get; } = expected;

    /// <summary>How many jobs match now.</summary>
    public BoundedCount Count { get; } = count;

    private static string Shown(BoundedCount count) => string.Create(
        CultureInfo.InvariantCulture, $"{(count.IsExact ? "" : "at least ")}{count.Value:N0}");
}

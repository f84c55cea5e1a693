using System.Globalization;

namespace Lovage.Storage;

/// <summary>
/// Reads the place from which a page of jobs continues: the number of the last job of the page before.
/// </summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public static class PageBounds
{
    /// <summary>The number below which the page begins.</summary>
    /// <param name="query">Which jobs.</param>
    /// <returns><see cref="long.MaxValue"/> for the first page.</returns>
    /// <exception cref="ArgumentException">The place is not one that a page gave.</exception>
    public static long Before(JobQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query.After is null ? long.MaxValue
            : long.TryParse(query.After, NumberStyles.None, CultureInfo.InvariantCulture, out var before) ? before
            : throw new ArgumentException(
                "The place to continue from is not one that a page gave. Start again from the first page.",
                nameof(query));
    }
}

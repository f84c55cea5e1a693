namespace Lovage.Storage;

/// <summary>
/// The reasons on a job that workers decline. They are in one place, so every storage writes the same.
/// </summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public static class OfferReasons
{
    /// <summary>Characters of names that are kept at the most.</summary>
    public const int AskedMax = 900;

    /// <summary>Stands before the names of the workers while a job waits for its next offer.</summary>
    public const string WaitingPrefix = "No worker that was asked knows its name and arguments. Asked: ";

    /// <summary>Stands between two names.</summary>
    public const string Separator = ", ";

    /// <summary>Stands before the names of the workers when a job was offered for too long.</summary>
    /// <param name="limit">How long it may be offered.</param>
    public static string EndedPrefix(TimeSpan limit) =>
        $"No worker knew its name and arguments within {limit:c}. Asked: ";

    /// <summary>Adds a worker to those that were asked, once.</summary>
    /// <param name="asked">The names so far; null for none.</param>
    /// <param name="worker">The name.</param>
    public static string Add(string? asked, string worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        if (asked is null)
        {
            return worker;
        }

        // Between separators, so that host:1 is not found in host:12.
        var isNamed = (Separator + asked + Separator).Contains(
            Separator + worker + Separator, StringComparison.Ordinal);
        return isNamed || asked.Length > AskedMax ? asked : asked + Separator + worker;
    }
}

using System.Globalization;

namespace Lovage;

/// <summary>
/// The headers of a schedule's job. By them the handler knows which tick it stands for, however late it runs.
/// </summary>
internal static class ScheduleHeaders
{
    /// <summary>The schedule's id.</summary>
    internal const string Schedule = "lovage_schedule";

    /// <summary>The tick, in UTC; missing on a run by hand.</summary>
    internal const string Tick = "lovage_tick";

    /// <summary>How many of a job's headers a schedule uses.</summary>
    internal const int Count = 2;

    internal static string Write(DateTimeOffset tick) => tick.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>
    /// The tick of these headers; null when there is none, or none that can be read: other programs write headers too.
    /// </summary>
    internal static DateTimeOffset? Read(IReadOnlyDictionary<string, string> headers) =>
        headers.TryGetValue(Tick, out var text) && DateTimeOffset.TryParseExact(
            text,
            "O",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var tick)
            ? tick
            : null;
}

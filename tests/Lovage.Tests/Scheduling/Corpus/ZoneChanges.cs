namespace Lovage.Tests.Scheduling.Corpus;

/// <summary>
/// Every change of every clock from 2024 to 2035, found by looking at the offset every so often and then at each
/// minute.
/// </summary>
internal static class ZoneChanges
{
    private static readonly DateTime From = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Until = new(2036, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    // Beside those that the system lists: zones that no country claims.
    private static readonly string[] Unlisted =
        [
            "UTC",
            "CET",
            "MET",
            "EET",
            "WET",
            "EST5EDT",
            "CST6CDT",
            "MST7MDT",
            "PST8PDT",
            "EST",
            "MST",
            "HST",
            .. Enumerable.Range(-14, 27).Where(hours => hours != 0).Select(hours => $"Etc/GMT{hours:+0;-0}"),
        ];

    /// <summary>One zone for each set of changes that differs from all others.</summary>
    /// <param name="step">How often to look: changes that undo each other within this time are missed.</param>
    internal static IReadOnlyList<(TimeZoneInfo Zone, IReadOnlyList<DateTime> Changes)> Distinct(TimeSpan step)
    {
        var found = new Dictionary<string, (TimeZoneInfo, IReadOnlyList<DateTime>)>();
        var ids = TimeZoneInfo.GetSystemTimeZones()
            .Select(zone => zone.Id)
            .Union(Unlisted)
            .Order(StringComparer.Ordinal);
        foreach (var zone in ids.Select(id => TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : null)
            .OfType<TimeZoneInfo>())
        {
            var changes = Of(zone, step).ToList();
            var key = string.Join(';', changes.Select(change => $"{change.Ticks} {zone.GetUtcOffset(change)}")
                .Prepend(zone.GetUtcOffset(From).ToString()));
            found.TryAdd(key, (zone, changes));
        }

        return [.. found.Values];
    }

    private static IEnumerable<DateTime> Of(TimeZoneInfo zone, TimeSpan step)
    {
        var offset = zone.GetUtcOffset(From);
        for (var instant = From; instant < Until; instant += step)
        {
            var later = instant + step;
            if (zone.GetUtcOffset(later) == offset)
            {
                continue;
            }

            var minute = instant;
            while (zone.GetUtcOffset(minute) == offset)
            {
                minute = minute.AddMinutes(1);
            }

            offset = zone.GetUtcOffset(later);
            yield return minute;
        }
    }
}

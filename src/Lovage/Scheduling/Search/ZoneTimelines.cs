using System.Collections.Concurrent;

namespace Lovage.Scheduling;

/// <summary>Keeps one timeline for each zone: reading the rules of a zone costs more than parsing a trigger.</summary>
/// <remarks>Safe for use by several threads. The machine's zone files bound the number of zones.</remarks>
internal static class ZoneTimelines
{
    private static readonly ConcurrentDictionary<string, ZoneTimeline> Known = new(StringComparer.Ordinal);

    /// <summary>The timeline of a zone of this machine.</summary>
    /// <remarks>
    /// When the app lets .NET read the zone files anew (<see cref="TimeZoneInfo.ClearCachedData"/>), triggers that are
    /// made later follow the new rules.
    /// </remarks>
    internal static ZoneTimeline Of(TimeZoneInfo zone)
    {
        if (Known.TryGetValue(zone.Id, out var known)
            && (ReferenceEquals(known.Zone, zone) || known.Zone.HasSameRules(zone)))
        {
            return known;
        }

        var timeline = new ZoneTimeline(zone, ZoneFile.FindRule(zone.Id));
        Known[zone.Id] = timeline;
        return timeline;
    }
}

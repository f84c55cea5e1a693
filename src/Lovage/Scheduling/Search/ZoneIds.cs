using System.Buffers;
using System.Security;

namespace Lovage.Scheduling;

/// <summary>Finds the zone's rules on this machine for an IANA id, which may be untrusted.</summary>
internal static class ZoneIds
{
    internal const string Utc = "UTC";
    private const int LengthMax = 64;

    // On Unix an id is a path below the zone files: no dot, so that none leads elsewhere.
    private static readonly SearchValues<char> Characters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-");

    // Files beside the zones that mean another thing on each machine, or count leap seconds.
    private static readonly string[] NoZones = ["localtime", "posixrules", "Factory"];
    private static readonly string[] NoFolders = ["posix/", "right/"];

    /// <exception cref="TriggerException">No such zone here.</exception>
    internal static TimeZoneInfo Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!IsSafe(id))
        {
            throw Unknown(id, null);
        }

        try
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(id);
            return zone.HasIanaId && !IsOtherCase(zone.Id, id) ? zone : throw Unknown(id, null);
        }
        catch (Exception cause) when (cause is TimeZoneNotFoundException
            or InvalidTimeZoneException
            or SecurityException
            or IOException
            or UnauthorizedAccessException)
        {
            throw Unknown(id, cause);
        }
    }

    /// <summary>
    /// .NET finds an id in other case only once it has read that zone. The answer must not follow from what ran before.
    /// </summary>
    private static bool IsOtherCase(string found, string id) =>
        found != Utc && found != id && found.Equals(id, StringComparison.OrdinalIgnoreCase);

    private static bool IsSafe(string id) =>
        id.Length is > 0 and <= LengthMax
        && char.IsAsciiLetter(id[0])
        && !id.AsSpan().ContainsAnyExcept(Characters)
        && !NoZones.Contains(id, StringComparer.OrdinalIgnoreCase)
        && !NoFolders.Any(folder => id.StartsWith(folder, StringComparison.OrdinalIgnoreCase));

    private static TriggerException Unknown(string id, Exception? cause)
    {
        var instead = TimeZoneInfo.TryConvertWindowsIdToIanaId(id, out var iana)
            ? $"It is a Windows id; write '{iana}'."
            : "Write an IANA id such as Europe/Berlin or UTC, in exactly these letters; if it is one, install or "
                + "update the machine's zone files (on Linux the package tzdata). An old name such as US/Eastern needs "
                + "the package tzdata-legacy on newer systems; better write its present name, as America/New_York.";
        return new TriggerException($"Time zone '{JobNames.Shown(id)}' is not known here. {instead}", cause: cause);
    }
}

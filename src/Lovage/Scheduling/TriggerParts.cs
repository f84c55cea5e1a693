using System.Collections.Immutable;

namespace Lovage.Scheduling;

/// <summary>Rules that triggers made of other triggers share.</summary>
internal static class TriggerParts
{
    internal const int PartsMax = 16;
    internal const int DepthMax = 4;
    internal const int SizeMax = 64;

    internal static ImmutableArray<Trigger> Checked(ImmutableArray<Trigger> parts)
    {
        if (parts.IsDefaultOrEmpty || parts.Length > PartsMax || parts.Contains(null!))
        {
            throw new TriggerException(
                $"A trigger made of others takes 1 to {PartsMax} of them, none of them null; "
                    + $"{(parts.IsDefault ? 0 : parts.Length)} were given.");
        }

        if (Depth(parts) > DepthMax || Size(parts) > SizeMax)
        {
            throw new TriggerException(
                $"Triggers are nested at most {DepthMax} deep and hold at most {SizeMax} others; these are "
                    + $"{Depth(parts)} deep and {Size(parts)} many.");
        }

        return parts;
    }

    internal static int Depth(ImmutableArray<Trigger> parts) => 1 + parts.Max(part => part.Depth);

    internal static int Size(ImmutableArray<Trigger> parts) => 1 + parts.Sum(part => part.Size);

    internal static ImmutableArray<Trigger> WithAnchor(ImmutableArray<Trigger> parts, DateTimeOffset anchor) =>
        [.. parts.Select(part => part.WithAnchor(anchor))];

    internal static ImmutableArray<Trigger> WithAnchors(ImmutableArray<Trigger> parts, StoredAnchors anchors) =>
        [.. parts.Select(part => part.WithAnchors(anchors))];

    internal static int HashCodeOf(int bounds, ImmutableArray<Trigger> parts)
    {
        var hash = new HashCode();
        hash.Add(bounds);
        foreach (var part in parts)
        {
            hash.Add(part);
        }

        return hash.ToHashCode();
    }
}

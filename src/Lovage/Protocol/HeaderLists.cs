using System.Collections.Immutable;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>Reads the headers of ours that are lists, which another program may have written.</summary>
internal static class HeaderLists
{
    /// <summary>The tags. A job runs without what is none.</summary>
    internal static ImmutableArray<string> Tags(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [
            .. value.EnumerateArray()
                .Select(Text)
                .Where(static text => JobNames.IsTag(text))
                .Select(static text => text!)
                .Distinct(StringComparer.Ordinal)
                .Take(JobNames.TagCountMax),
        ]
        : [];

    /// <summary>The names of sensitive arguments. What names no argument hides all of them.</summary>
    internal static ImmutableArray<string> Sensitive(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array => SensitiveName.Read(value.EnumerateArray().Select(Text)),
        _ => SensitiveName.Everything,
    };

    private static string? Text(JsonElement item) => item.ValueKind == JsonValueKind.String ? item.GetString() : null;
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Lovage.Protocol;

/// <summary>Reads untrusted JSON: whatever is wrong becomes a <see cref="MalformedMessageException"/> with the path.</summary>
internal static class WireJson
{
    internal const int DepthMax = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax, AllowDuplicateProperties = false };

    /// <summary>Parses UTF-8; duplicate keys, nesting over 64 and invalid bytes are refused.</summary>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> json, string path)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new MalformedMessageException(path, "not valid UTF-8.");
        }

        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException cause)
        {
            throw NotJson(path, cause);
        }
        catch (InvalidOperationException cause)
        {
            throw new MalformedMessageException(path, "a key holds a lone surrogate.", cause);
        }
    }

    internal static MalformedMessageException NotJson(string path, JsonException cause) =>
        new(path, $"not JSON as Celery and this library write it (line {cause.LineNumber}, byte {cause.BytePositionInLine}). NaN and Infinity, which Python may write, nesting over {DepthMax} and duplicate keys are refused.", cause);

    /// <summary>A text or null.</summary>
    internal static string? Text(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw Wrong(value, path, "a text or null");
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException cause)
        {
            throw new MalformedMessageException(path, "the text holds a lone surrogate.", cause);
        }
    }

    /// <summary>A text of at most so many characters, or null.</summary>
    internal static string? Text(JsonElement value, string path, int lengthMax) =>
        Text(value, path) switch
        {
            { } text when text.Length > lengthMax =>
                throw new MalformedMessageException(path, $"a text of at most {lengthMax} characters is expected; this one has {text.Length}."),
            var text => text,
        };

    /// <summary>An id that may go into a key, or null.</summary>
    internal static string? Id(JsonElement value, string path) => Text(value, path) switch
    {
        null => null,
        var id when JobNames.IsId(id) => id,
        var id => throw new MalformedMessageException(path, $"'{JobNames.Shown(id)}' is no id: 1 to {JobNames.IdLengthMax} characters of A-Z a-z 0-9 . _ : - are expected."),
    };

    /// <summary>A whole number in the range, or null.</summary>
    internal static int? Integer(JsonElement value, string path, int min, int max)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Wrong(value, path, $"a whole number from {min} to {max}, or null");
    }

    internal static DateTimeOffset? Time(JsonElement value, string path) => Text(value, path) switch
    {
        null => null,
        var text when WireTime.TryParse(text, out var time) => time,
        var text => throw new MalformedMessageException(path, $"'{JobNames.Shown(text)}' is no ISO 8601 time of the years 1970 to 2999."),
    };

    internal static MalformedMessageException Wrong(JsonElement value, string path, string expected) =>
        new(path, $"{expected} is expected; this is {Describe(value)}.");

    internal static void RequireObject(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(value, path, "an object");
        }
    }

    /// <summary>Refuses a value with a lone surrogate anywhere in it, for one that is kept whole and read later.</summary>
    internal static void RequireTexts(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Text(value, path);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    RequireTexts(item, path);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    Name(property, path);
                    RequireTexts(property.Value, path);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>A copy of the value's own bytes.</summary>
    internal static byte[] Raw(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).ToArray();

    /// <summary>The name of a property, which may hold a lone surrogate.</summary>
    [return: NotNull]
    internal static string Name(JsonProperty property, string path)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException cause)
        {
            throw new MalformedMessageException(path, "a key holds a lone surrogate.", cause);
        }
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => $"the number {JobNames.Shown(value.GetRawText())}",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}

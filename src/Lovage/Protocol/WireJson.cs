using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Lovage.Protocol;

/// <summary>
/// Reads untrusted JSON: whatever is wrong becomes a <see cref="MalformedMessageException"/> with the path.
/// </summary>
internal static class WireJson
{
    internal const int DepthMax = 64;

    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = DepthMax,
        AllowDuplicateProperties = false,
    };

    /// <summary>Parses UTF-8; duplicate keys, nesting over 64 and invalid bytes are refused.</summary>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> json, WirePath path)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new MalformedMessageException(path.ToString(), "not valid UTF-8.");
        }

        try
        {
            RequireTexts(json.Span, path);
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException cause)
        {
            throw NotJson(path, cause);
        }
    }

    /// <summary>
    /// Refuses an escaped lone surrogate: JSON's grammar allows it, but it is no text. It is refused here, before later
    /// code reads or compares the text.
    /// </summary>
    /// <exception cref="JsonException">Not JSON.</exception>
    internal static void RequireTexts(ReadOnlySpan<byte> json, WirePath path)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
        {
            return;
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
        while (reader.Read())
        {
            if (reader.ValueIsEscaped)
            {
                RequireText(ref reader, path);
            }
        }
    }

    internal static MalformedMessageException NotJson(WirePath path, JsonException cause) =>
        new(
            path.ToString(),
            $"not JSON as Celery and this library write it (line {cause.LineNumber}, byte "
                + $"{cause.BytePositionInLine}). NaN and Infinity, which Python may write, nesting over {DepthMax} "
                + "and duplicate keys are refused.",
            cause);

    /// <summary>A text or null.</summary>
    internal static string? Text(JsonElement value, WirePath path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(value, path, "a text or null");
    }

    /// <summary>A text of at most so many characters, or null.</summary>
    internal static string? Text(JsonElement value, WirePath path, int lengthMax) =>
        Text(value, path) switch
        {
            { } text when text.Length > lengthMax =>
                throw new MalformedMessageException(
                    path.ToString(),
                    $"a text of at most {lengthMax} characters is expected; this one has {text.Length}."),
            var text => text,
        };

    /// <summary>An id that may go into a key, or null.</summary>
    internal static string? Id(JsonElement value, WirePath path) => Text(value, path) switch
    {
        null => null,
        var id when JobNames.IsId(id) => id,
        var id =>
            throw new MalformedMessageException(
                path.ToString(),
                $"'{JobNames.Shown(id)}' is no id: 1 to {JobNames.IdLengthMax} characters of A-Z a-z 0-9 . _ : - are "
                    + "expected."),
    };

    /// <summary>A whole number in the range, or null.</summary>
    internal static int? Integer(JsonElement value, WirePath path, int min, int max)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var number)
            && number >= min
            && number <= max
            ? number
            : throw Wrong(value, path, $"a whole number from {min} to {max}, or null");
    }

    internal static DateTimeOffset? Time(JsonElement value, WirePath path) => Text(value, path) switch
    {
        null => null,
        var text when WireTime.TryParse(text, out var time) => time,
        var text => throw new MalformedMessageException(
            path.ToString(), $"'{JobNames.Shown(text)}' is no ISO 8601 time of the years 1970 to 2999."),
    };

    internal static MalformedMessageException Wrong(JsonElement value, WirePath path, string expected) =>
        new(path.ToString(), $"{expected} is expected; this is {Describe(value)}.");

    internal static void RequireObject(JsonElement value, WirePath path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(value, path, "an object");
        }
    }

    /// <summary>A copy of the value's own bytes.</summary>
    internal static byte[] Raw(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).ToArray();

    private static void RequireText(ref Utf8JsonReader reader, WirePath path)
    {
        var characters = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(characters);
        }
        catch (InvalidOperationException cause)
        {
            throw new MalformedMessageException(path.ToString(), "a text holds a lone surrogate.", cause);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
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

using System.Buffers;
using System.Text.Json;

namespace Lovage.Storage.Columns;

/// <summary>A list of texts as one column: a JSON array.</summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public static class TextList
{
    /// <summary>The list as UTF-8 JSON.</summary>
    /// <param name="texts">The texts.</param>
    public static byte[] ToJson(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = 0; i < texts.Count; i++)
            {
                json.WriteStringValue(texts[i]);
            }

            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The list that <see cref="ToJson"/> wrote; empty for nothing.</summary>
    /// <param name="utf8">What was written; may be empty.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">It is JSON of another kind.</exception>
    public static IReadOnlyList<string> FromJson(ReadOnlySpan<byte> utf8)
    {
        var texts = new List<string>();
        if (!utf8.IsEmpty)
        {
            var json = new Utf8JsonReader(utf8);
            json.Read();
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                texts.Add(json.GetString() ?? "");
            }
        }

        return texts;
    }
}

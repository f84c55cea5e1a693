using System.Collections;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>The header table of an AMQP message from and to JSON, so that both carriers share one reader.</summary>
internal static class HeaderTable
{
    // Far over what the rules for headers allow; the bound for what is turned into JSON at all.
    private const int BytesMax = 256 * 1024;

    /// <exception cref="MalformedMessageException">A value of no known type, bytes that are no UTF-8, nesting over 64,
    /// or too much of all.</exception>
    internal static byte[] ToJson(IReadOnlyDictionary<string, object?> headers)
    {
        using var scratch = JsonScratch.Rent("", BytesMax);
        try
        {
            var writer = scratch.Writer;
            writer.WriteStartObject();
            foreach (var (name, value) in headers)
            {
                writer.WritePropertyName(name);
                Write(writer, value);
            }

            writer.WriteEndObject();
            writer.Flush();
            return scratch.ToArray();
        }
        catch (PayloadTooLargeException cause)
        {
            throw new MalformedMessageException(
                MalformedReason.Headers, "$.headers", $"more than {BytesMax:N0} bytes.", cause);
        }
        catch (Exception cause) when (cause is InvalidOperationException or ArgumentException)
        {
            throw new MalformedMessageException("$.headers", $"the table is not JSON's like: {cause.Message}", cause);
        }
    }

    /// <summary>A JSON value as a field of a table.</summary>
    internal static object? FromJson(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt32(out var number) => number,
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,

        // AMQP has no wider integer and no decimal that Python reads back.
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.Array => value.EnumerateArray().Select(FromJson).ToList(),
        JsonValueKind.Object => value.EnumerateObject()
            .ToDictionary(static p => p.Name, static p => FromJson(p.Value), StringComparer.Ordinal),
        _ => null,
    };

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case byte[] utf8:
                writer.WriteStringValue(RequireUtf8(utf8));
                break;
            case ReadOnlyMemory<byte> utf8:
                writer.WriteStringValue(RequireUtf8(utf8.Span));
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case ulong number:
                writer.WriteNumberValue(number);
                break;
            case float or double:
                writer.WriteNumberValue(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case decimal number:
                writer.WriteNumberValue(number);
                break;
            case DateTimeOffset time:
                writer.WriteStringValue(WireTime.Format(time));
                break;
            case DateTime time:
                writer.WriteStringValue(
                    WireTime.Format(new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc))));
                break;
            case IEnumerable<KeyValuePair<string, object?>> table:
                WriteTable(writer, table);
                break;
            case IDictionary table:
                WriteTable(
                    writer,
                    table.Keys.Cast<object>().Select(key => KeyValuePair.Create(
                        key as string ?? throw new ArgumentException("a key is no text."), table[key])));
                break;
            case IEnumerable list:
                WriteList(writer, list);
                break;
            default:
                throw new ArgumentException($"a value of type {value.GetType()} is not known.");
        }
    }

    private static void WriteTable(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, object?>> table)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in table)
        {
            writer.WritePropertyName(name);
            Write(writer, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, IEnumerable list)
    {
        writer.WriteStartArray();
        foreach (var value in list)
        {
            Write(writer, value);
        }

        writer.WriteEndArray();
    }

    private static ReadOnlySpan<byte> RequireUtf8(ReadOnlySpan<byte> text) =>
        System.Text.Unicode.Utf8.IsValid(text)
            ? text
            : throw new ArgumentException($"a text of {text.Length} bytes is not UTF-8.");
}

/// <summary>Headers as a table of plain objects.</summary>
internal readonly struct HeaderTableSink(Dictionary<string, object?> table) : IHeaderSink
{
    public void Text(string name, string? value) => table[name] = value;

    public void Number(string name, long? value) =>
        table[name] = value is >= int.MinValue and <= int.MaxValue ? (int)value : value;

    public void Flag(string name, bool value) => table[name] = value;

    public void Texts(string name, IReadOnlyList<string> values) => table[name] = new List<object?>(values);

    public void TimeLimit(double? hard, double? soft) =>
        table["timelimit"] = new List<object?> { Seconds(hard), Seconds(soft) };

    public void Empty(string name) => table[name] = new Dictionary<string, object?>(StringComparer.Ordinal);

    public void Copy(string name, JsonElement value) => table[name] = HeaderTable.FromJson(value);

    private static object? Seconds(double? value) =>
        value is { } seconds && seconds == Math.Floor(seconds) && seconds <= int.MaxValue ? (int)seconds : value;
}

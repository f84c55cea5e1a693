using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lovage.Storage.Columns;

namespace Lovage.Redis.Texts;

/// <summary>
/// A row as one JSON array, so that the mappers of storages with columns read it. Columns of bytes hold UTF-8 text, or
/// base64 where they may hold anything.
/// </summary>
internal sealed class TextRow : RowReader, IDisposable
{
    private readonly JsonDocument _document;
    private readonly JsonElement _row;

    private TextRow(JsonDocument document) => (_document, _row) = (document, document.RootElement);

    internal int Count => _row.GetArrayLength();

    internal static TextRow Read(string text) => new(JsonDocument.Parse(text));

    /// <summary>Writes a row: whole numbers, truth values, texts, bytes (as text) and nothing.</summary>
    internal static string Write(params ReadOnlySpan<object?> columns)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var column in columns)
            {
                switch (column)
                {
                    case null:
                        json.WriteNullValue();
                        break;
                    case string text:
                        json.WriteStringValue(text);
                        break;
                    case bool flag:
                        json.WriteNumberValue(flag ? 1 : 0);
                        break;
                    case byte[] utf8:
                        json.WriteStringValue(Convert.ToBase64String(utf8));
                        break;
                    default:
                        json.WriteNumberValue(Convert.ToInt64(column, CultureInfo.InvariantCulture));
                        break;
                }
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <inheritdoc/>
    public void Dispose() => _document.Dispose();

    /// <inheritdoc/>
    public override bool IsNull(int column) => _row[column].ValueKind == JsonValueKind.Null;

    /// <inheritdoc/>
    public override long Int64(int column) => IsNull(column) ? 0 : _row[column].GetInt64();

    /// <inheritdoc/>
    public override double Double(int column) => IsNull(column) ? 0 : _row[column].GetDouble();

    /// <inheritdoc/>
    public override bool Bool(int column) => Int64(column) != 0;

    /// <inheritdoc/>
    public override string Text(int column) => _row[column].GetString() ?? "";

    /// <inheritdoc/>
    public override string? Word(int column) => _row[column].GetString();

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int column) => IsNull(column) ? [] : _row[column].GetBytesFromBase64();
}

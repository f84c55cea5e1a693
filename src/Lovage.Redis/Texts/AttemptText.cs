using System.Buffers;
using System.Text;
using System.Text.Json;
using Lovage.Storage;

namespace Lovage.Redis.Texts;

/// <summary>An attempt as one JSON array: number, end, start, duration, worker, wait, error, logs.</summary>
/// <remarks>Stored texts outlive a version: the order of the items never changes.</remarks>
internal static class AttemptText
{
    internal static byte[] Write(AttemptRecord attempt)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteNumberValue(attempt.Number);
            json.WriteNumberValue((int)attempt.End);
            json.WriteNumberValue(StorageTime.From(attempt.StartedAt));
            json.WriteNumberValue(attempt.Duration.Ticks);
            json.WriteStringValue(attempt.Worker);
            if (attempt.Wait is { } wait)
            {
                json.WriteNumberValue(wait.Ticks);
            }
            else
            {
                json.WriteNullValue();
            }

            Raw(json, AttemptColumns.FromError(attempt.Error));
            Raw(json, AttemptColumns.FromLogs(attempt.Logs));
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static AttemptRecord Read(ReadOnlyMemory<byte> text)
    {
        using var document = JsonDocument.Parse(text);
        return Read(document.RootElement);
    }

    internal static AttemptRecord Read(JsonElement attempt) => new()
    {
        Number = attempt[0].GetInt32(),
        End = (AttemptEnd)attempt[1].GetInt32(),
        StartedAt = StorageTime.To(attempt[2].GetInt64()),
        Duration = new TimeSpan(attempt[3].GetInt64()),
        Worker = attempt[4].GetString() ?? "",
        Wait = attempt[5].ValueKind == JsonValueKind.Null ? null : new TimeSpan(attempt[5].GetInt64()),
        Error = AttemptColumns.ToError(Raw(attempt[6])),
        Logs = AttemptColumns.ToLogs(Raw(attempt[7])),
    };

    private static void Raw(Utf8JsonWriter json, byte[] utf8)
    {
        if (utf8.Length == 0)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(utf8, skipInputValidation: true);
        }
    }

    private static byte[] Raw(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? [] : Encoding.UTF8.GetBytes(value.GetRawText());
}

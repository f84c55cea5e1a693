using System.Buffers;
using System.Text.Json;
using Lovage.Storage;

namespace Lovage.PostgreSql.Schema;

/// <summary>What is kept as JSON because it is read back only as a whole: errors, logs, rare fields.</summary>
internal static class Json
{
    internal static byte[] Write<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json, value);
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    internal static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    /// <summary>An error as [type, message, traceback]; empty for none.</summary>
    internal static byte[] FromError(JobError? error) => error is null ? [] : Write(error, static (json, error) =>
    {
        json.WriteStartArray();
        json.WriteStringValue(error.Type);
        json.WriteStringValue(error.Message);
        json.WriteStringValue(error.Traceback);
        json.WriteEndArray();
    });

    internal static JobError? ToError(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return null;
        }

        var json = new Utf8JsonReader(utf8);
        json.Read();
        return new JobError(Next(ref json) ?? "", Next(ref json) ?? "", Next(ref json));
    }

    /// <summary>Log lines as one flat array, four items a line; empty for none.</summary>
    internal static byte[] FromLogs(IReadOnlyList<LogLine> logs) => logs.Count == 0 ? [] : Write(logs, static (json, logs) =>
    {
        json.WriteStartArray();
        foreach (var line in logs)
        {
            json.WriteNumberValue(StorageTime.From(line.At));
            json.WriteNumberValue(line.Level);
            json.WriteStringValue(line.Category);
            json.WriteStringValue(line.Message);
        }

        json.WriteEndArray();
    });

    internal static IReadOnlyList<LogLine> ToLogs(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return [];
        }

        var json = new Utf8JsonReader(utf8);
        var logs = new List<LogLine>();
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.Number)
        {
            var at = json.GetInt64();
            json.Read();
            var level = json.GetInt32();
            logs.Add(new LogLine(StorageTime.To(at), level, Next(ref json) ?? "", Next(ref json) ?? ""));
        }

        return logs;
    }

    private static string? Next(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString();
    }
}

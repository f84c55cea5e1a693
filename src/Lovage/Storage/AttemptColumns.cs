using System.Buffers;
using System.Text.Json;
using Lovage.Storage.Columns;

namespace Lovage.Storage;

/// <summary>
/// Writes an attempt's error and its logs as JSON, for storages with columns. A storage reads each back only as a
/// whole.
/// </summary>
/// <remarks>
/// Stateless, safe for use by several threads. Rows outlive a version: the order of the items never changes.
/// </remarks>
public static class AttemptColumns
{
    /// <summary>An error as UTF-8 JSON: [type, message, traceback]; empty for none.</summary>
    /// <param name="error">The error.</param>
    public static byte[] FromError(JobError? error)
    {
        if (error is null)
        {
            return [];
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue(error.Type);
            json.WriteStringValue(error.Message);
            json.WriteStringValue(error.Traceback);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The error that <see cref="FromError"/> wrote; null when there was none.</summary>
    /// <param name="utf8">What was written; may be empty.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">It is JSON of another kind.</exception>
    public static JobError? ToError(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return null;
        }

        var json = new Utf8JsonReader(utf8);
        json.Read();
        return new JobError(Next(ref json) ?? "", Next(ref json) ?? "", Next(ref json));
    }

    /// <summary>
    /// Log lines as UTF-8 JSON: one flat array, four items a line (time as <see cref="StorageTime"/>, level, category,
    /// message); empty for none.
    /// </summary>
    /// <param name="logs">The lines.</param>
    public static byte[] FromLogs(IReadOnlyList<LogLine> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (logs.Count == 0)
        {
            return [];
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
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
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The log lines that <see cref="FromLogs"/> wrote.</summary>
    /// <param name="utf8">What was written; may be empty.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">It is JSON of another kind.</exception>
    public static IReadOnlyList<LogLine> ToLogs(ReadOnlySpan<byte> utf8)
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

    /// <summary>
    /// Reads an attempt from 8 columns: number, ended_as, started_at, duration, worker (a word), error, logs, wait.
    /// </summary>
    /// <remarks>
    /// Duration and wait are in units of 100 ns, times are as <see cref="StorageTime"/> has them.
    /// </remarks>
    /// <param name="row">The row.</param>
    /// <param name="first">The first of the columns.</param>
    public static AttemptRecord Read(RowReader row, int first)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new AttemptRecord
        {
            Number = row.Int32(first),
            End = (AttemptEnd)row.Int32(first + 1),
            StartedAt = StorageTime.To(row.Int64(first + 2)),
            Duration = new TimeSpan(row.Int64(first + 3)),
            Worker = row.Word(first + 4) ?? "",
            Error = ToError(row.Bytes(first + 5)),
            Logs = ToLogs(row.Bytes(first + 6)),
            Wait = row.Int64OrNull(first + 7) is { } wait ? new TimeSpan(wait) : null,
        };
    }

    private static string? Next(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString();
    }
}

using System.Buffers;
using System.Text.Json;

namespace Lovage.Storage.Columns;

/// <summary>The filters of a <see cref="JobQuery"/> as one column: a JSON object.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. Page settings are left out. Members that a reader does not know are
/// ignored, so that any process can carry an operation out.
/// </remarks>
public static class JobQueryJson
{
    /// <summary>Bytes of a filter at the most.</summary>
    public const int BytesMax = 16 * 1024;

    /// <summary>The filters as UTF-8 JSON.</summary>
    /// <param name="query">The query.</param>
    /// <exception cref="ArgumentException">They take more than <see cref="BytesMax"/>.</exception>
    public static byte[] ToJson(JobQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (query.States.Count > 0)
            {
                json.WriteStartArray("states"u8);
                foreach (var state in query.States)
                {
                    json.WriteNumberValue((int)state);
                }

                json.WriteEndArray();
            }

            Write(json, "name"u8, query.Name);
            Write(json, "queue"u8, query.Queue);
            Write(json, "tag"u8, query.Tag);
            Write(json, "worker"u8, query.Worker);
            Write(json, "root"u8, query.RootId);
            Write(json, "schedule"u8, query.ScheduleId);
            Write(json, "fingerprint"u8, query.Fingerprint);
            Write(json, "edited_from"u8, query.EditedFrom);
            Write(json, "since"u8, query.Since);
            Write(json, "until"u8, query.Until);
            Write(json, "arguments"u8, query.ArgumentText);
            json.WriteEndObject();
        }

        return buffer.WrittenCount <= BytesMax
            ? buffer.WrittenSpan.ToArray()
            : throw new ArgumentException(
                $"The filter takes {buffer.WrittenCount} bytes as JSON, more than {BytesMax}. Shorten its texts.",
                nameof(query));
    }

    /// <summary>Refuses filters that <see cref="ToJson"/> refuses.</summary>
    /// <exception cref="ArgumentException">They take more than <see cref="BytesMax"/>.</exception>
    internal static void Check(JobQuery query) => ToJson(query);

    /// <summary>The filters that <see cref="ToJson"/> wrote; all jobs for nothing.</summary>
    /// <param name="utf8">What was written; may be empty.</param>
    /// <exception cref="JsonException">It is no JSON, or JSON of another kind.</exception>
    public static JobQuery FromJson(ReadOnlySpan<byte> utf8)
    {
        var query = new JobQuery();
        if (utf8.IsEmpty)
        {
            return query;
        }

        var json = new Utf8JsonReader(utf8);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A filter is a JSON object.");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var member = json.GetString();
            json.Read();
            query = Read(ref json, member, query);
        }

        return query;
    }

    private static JobQuery Read(ref Utf8JsonReader json, string? member, JobQuery query)
    {
        switch (member)
        {
            case "states":
                return query with { States = States(ref json) };
            case "since":
                return query with { Since = Time(ref json) };
            case "until":
                return query with { Until = Time(ref json) };
            case "name" or "queue" or "tag" or "worker" or "root" or "schedule" or "fingerprint" or "edited_from"
                or "arguments":
                var text = json.TokenType == JsonTokenType.String
                    ? json.GetString()
                    : throw new JsonException($"The filter's {member} is no text.");
                return member switch
                {
                    "name" => query with { Name = text },
                    "queue" => query with { Queue = text },
                    "tag" => query with { Tag = text },
                    "worker" => query with { Worker = text },
                    "root" => query with { RootId = text },
                    "schedule" => query with { ScheduleId = text },
                    "fingerprint" => query with { Fingerprint = text },
                    "edited_from" => query with { EditedFrom = text },
                    _ => query with { ArgumentText = text },
                };
            default:
                json.Skip();
                return query;
        }
    }

    private static List<JobState> States(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("The filter's states are no list.");
        }

        var states = new List<JobState>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            states.Add(json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var state)
                ? (JobState)state
                : throw new JsonException("A state in the filter is no number."));
        }

        return states;
    }

    /// <summary>In units of 100 ns since 1970, as other columns have times.</summary>
    private static DateTimeOffset Time(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var ticks)
            ? StorageTime.To(ticks)
            : throw new JsonException("A time in the filter is no number.");

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> member, string? text)
    {
        if (text is not null)
        {
            json.WriteString(member, TextCut.Bare(text, int.MaxValue));
        }
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> member, DateTimeOffset? time)
    {
        if (time is { } value)
        {
            json.WriteNumber(member, StorageTime.From(value));
        }
    }
}

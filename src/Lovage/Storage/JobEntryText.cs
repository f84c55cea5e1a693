using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Lovage.Storage;

/// <summary>A job that a worker announces, as one text: a JSON object.</summary>
/// <remarks>Rows outlive a version: fields are added, never changed, and unknown ones are passed over.</remarks>
internal static class JobEntryText
{
    /// <summary>True for a text that <see cref="Write"/> wrote, and for no job's name.</summary>
    internal static bool Is(string entry) => entry is ['{', .., '}'];

    internal static string Write(JobCatalogEntry job)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, job.Name);
            if (job.Queue is not null)
            {
                json.WriteString("queue"u8, job.Queue);
            }

            Texts(json, "aliases"u8, job.Aliases);
            Texts(json, "sensitive"u8, job.SensitiveParameters);
            if (job.Parameters is { } parameters)
            {
                json.WriteStartArray("parameters"u8);
                foreach (var parameter in parameters)
                {
                    json.WriteStartArray();
                    json.WriteStringValue(parameter.Name);
                    json.WriteBooleanValue(parameter.IsOptional);
                    json.WriteBooleanValue(parameter.IsSensitive);
                    json.WriteEndArray();
                }

                json.WriteEndArray();
            }

            if (job.Schema is not null)
            {
                json.WriteString("schema"u8, job.Schema);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The job; null for a text that is none, as another program may have written it.</summary>
    internal static JobCatalogEntry? Read(string entry)
    {
        try
        {
            using var document = JsonDocument.Parse(entry);
            var root = document.RootElement;
            return new JobCatalogEntry
            {
                Name = root.GetProperty("name"u8).GetString() ?? "",
                Queue = root.TryGetProperty("queue"u8, out var queue) ? queue.GetString() : null,
                Aliases = Texts(root, "aliases"u8),
                SensitiveParameters = root.TryGetProperty("sensitive"u8, out _)
                    ? SensitiveName.Read(Texts(root, "sensitive"u8))
                    : [],
                Parameters = root.TryGetProperty("parameters"u8, out var parameters)
                    ? [
                        .. parameters.EnumerateArray().Select(static one => new JobCatalogParameter(
                            one[0].GetString() ?? "", one[1].GetBoolean(), one[2].GetBoolean())),
                    ]
                    : null,
                Schema = root.TryGetProperty("schema"u8, out var schema) ? schema.GetString() : null,
            };
        }
        catch (Exception fault) when (fault is KeyNotFoundException || SensitiveValues.IsMalformed(fault))
        {
            return null;
        }
    }

    private static void Texts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static string[] Texts(JsonElement root, ReadOnlySpan<byte> name) =>
        root.TryGetProperty(name, out var values)
            ? [.. values.EnumerateArray().Select(static value => value.GetString() ?? "")]
            : [];
}

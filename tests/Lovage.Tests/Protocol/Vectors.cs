using System.Text;
using System.Text.Json;

namespace Lovage.Tests.Protocol;

/// <summary>The captured messages and results: one row each, named so that a failure names its file.</summary>
internal static class Vectors
{

    private static readonly Lazy<IReadOnlyList<(string Name, byte[] Envelope)>> Redis = new(() => [.. ReadRedis()]);

    private static readonly Lazy<IReadOnlyList<(string Name, byte[] Record)>> Records = new(() => [.. ReadResults()]);

    internal static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Protocol", "Vectors");

    internal static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.json", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    internal static JsonElement Read(string file)
    {
        var text = File.ReadAllText(Path.Combine(Root, file));

        // The decoded copies in json_special_floats are no JSON; the raw text beside them is what is tested.
        if (file.EndsWith("json_special_floats.json", StringComparison.Ordinal))
        {
            text = text.Replace("       NaN,", "       null,", StringComparison.Ordinal)
                .Replace("       Infinity,", "       null,", StringComparison.Ordinal)
                .Replace("       -Infinity,", "       null,", StringComparison.Ordinal);
        }

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Every envelope that a client left in a Redis list, as it was.</summary>
    internal static IReadOnlyList<(string Name, byte[] Envelope)> RedisEnvelopes() => Redis.Value;

    /// <summary>One of <see cref="RedisEnvelopes"/>.</summary>
    internal static byte[] RedisEnvelope(string name) => Redis.Value.Single(v => v.Name == name).Envelope;

    private static IEnumerable<(string Name, byte[] Envelope)> ReadRedis()
    {
        foreach (var file in Files("redis-produce"))
        {
            var count = 0;
            foreach (var element in RedisElements(Read(file)))
            {
                var raw = element.TryGetProperty("raw", out var text)
                    ? text.GetString()!
                    : element.GetProperty("envelope").GetRawText();
                yield return ($"{file}#{count++}", Encoding.UTF8.GetBytes(raw));
            }
        }
    }

    /// <summary>Every message that a client left in a RabbitMQ queue.</summary>
    internal static IEnumerable<(string Name, string Queue, JsonElement Message)> AmqpMessages()
    {
        foreach (var file in Files("rabbitmq-produce"))
        {
            var count = 0;
            foreach (var queue in Read(file).GetProperty("messages").EnumerateObject())
            {
                foreach (var message in queue.Value.EnumerateArray())
                {
                    yield return ($"{file}#{count++}", queue.Name, message);
                }
            }
        }
    }

    /// <summary>Every result record that a worker stored or published.</summary>
    internal static IReadOnlyList<(string Name, byte[] Record)> Results() => Records.Value;

    /// <summary>One of <see cref="Results"/>.</summary>
    internal static byte[] Result(string name) => Records.Value.Single(v => v.Name == name).Record;

    private static IEnumerable<(string Name, byte[] Record)> ReadResults()
    {
        foreach (var file in Files("results-redis"))
        {
            var vector = Read(file);
            var count = 0;
            foreach (var key in vector.GetProperty("result_keys_after").EnumerateObject())
            {
                if (key.Name.StartsWith("celery-task-meta-", StringComparison.Ordinal))
                {
                    yield return (
                        $"{file}#key{count++}", Encoding.UTF8.GetBytes(key.Value.GetProperty("value").GetString()!));
                }
            }

            foreach (var published in vector.GetProperty("pubsub_messages_in_order").EnumerateArray())
            {
                if (published.GetProperty("channel")
                    .GetString()!
                    .StartsWith("celery-task-meta-", StringComparison.Ordinal))
                {
                    yield return ($"{file}#published{count++}", Encoding.UTF8.GetBytes(
                        published.GetProperty("data").GetString()!));
                }
            }
        }
    }

    /// <summary>A value of a captured header table as an AMQP client hands it over.</summary>
    internal static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Encoding.UTF8.GetBytes(value.GetString()!),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt32(out var number) => number,
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.Array => value.EnumerateArray().Select(Plain).ToList(),
        JsonValueKind.Object => value.EnumerateObject().ToDictionary(p => p.Name, p => Plain(p.Value)),
        _ => null,
    };

    internal static JsonElement Json(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    private static IEnumerable<JsonElement> RedisElements(JsonElement vector)
    {
        if (vector.TryGetProperty("messages_head_to_tail", out var messages))
        {
            return messages.EnumerateArray();
        }

        return vector.GetProperty("redis_keys_after").EnumerateObject()
            .Where(key => key.Value.GetProperty("type").GetString() == "list")
            .SelectMany(key => key.Value.GetProperty("head_to_tail").EnumerateArray());
    }
}

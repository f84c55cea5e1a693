using System.Text;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// A <see cref="JobMessage"/> in the JSON envelope that kombu keeps in a Redis list (kombu/transport/virtual/base.py,
/// <c>Message.serializable</c> and <c>Channel.prepare_message</c>): what Python's workers and clients from 5.2 on read
/// and write.
/// </summary>
/// <remarks>Pure: no clock, no I/O. Safe for use by several threads.</remarks>
public static class CeleryEnvelope
{
    /// <summary>
    /// Writes an envelope: protocol 2 with all headers of Celery 5.6, the body in base64, uncompressed.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="deliveryTag">
    /// <c>properties.delivery_tag</c>: a fresh UUID for each publish, a second one of the same job included, since
    /// kombu keys what is unacknowledged by it.
    /// </param>
    /// <param name="now">The present instant, from which a <see cref="JobMessage.Delay"/> becomes an
    /// <c>eta</c>.</param>
    /// <returns>One element of the list of its queue.</returns>
    /// <exception cref="ArgumentException">A header has the name of a protocol field, or the body is not
    /// <c>[args, kwargs, embed]</c>: such a message can kill a Python worker.</exception>
    public static byte[] Encode(JobMessage message, string deliveryTag, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentException.ThrowIfNullOrEmpty(deliveryTag);
        using var scratch = JsonScratch.Rent();
        var writer = scratch.Writer;
        writer.WriteStartObject();
        writer.WriteBase64String("body"u8, message.Body.Span);
        writer.WriteString("content-encoding"u8, "utf-8"u8);
        writer.WriteString("content-type"u8, "application/json"u8);
        writer.WriteStartObject("headers"u8);
        HeaderWriter.Write(new JsonHeaderSink(writer), message, now);
        writer.WriteEndObject();
        writer.WriteStartObject("properties"u8);
        writer.WriteString("correlation_id"u8, message.Id.Value);
        if (message.ReplyTo is { } replyTo)
        {
            writer.WriteString("reply_to"u8, replyTo);
        }

        writer.WriteNumber("delivery_mode"u8, 2);
        writer.WriteStartObject("delivery_info"u8);
        writer.WriteString("exchange"u8, ""u8);
        writer.WriteString("routing_key"u8, message.Queue);
        writer.WriteEndObject();
        writer.WriteNumber("priority"u8, message.Priority);
        writer.WriteString("body_encoding"u8, "base64"u8);
        writer.WriteString("delivery_tag"u8, deliveryTag);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return scratch.ToArray();
    }

    /// <summary>Reads an envelope of protocol 2, of protocol 1 or of the hybrid form.</summary>
    /// <param name="envelope">One element of a queue's list.</param>
    /// <param name="queue">The queue it was found in. Null (the default) takes
    /// <c>properties.delivery_info.routing_key</c>.</param>
    /// <param name="limits">Null (the default): <see cref="CeleryLimits.Default"/>.</param>
    /// <exception cref="MalformedMessageException">It cannot be understood, whatever is wrong; no other exception
    /// leaves this method.</exception>
    public static JobMessage Decode(ReadOnlyMemory<byte> envelope, string? queue = null, CeleryLimits? limits = null)
    {
        limits ??= CeleryLimits.Default;
        if (envelope.Length > limits.EnvelopeBytesMax)
        {
            throw new MalformedMessageException(
                MalformedReason.Size,
                null,
                $"the envelope has {envelope.Length:N0} bytes; at most {limits.EnvelopeBytesMax:N0} are read.");
        }

        using var document = WireJson.Parse(envelope, "$");
        var root = document.RootElement;
        WireJson.RequireObject(root, "$");
        root.TryGetProperty("headers"u8, out var headers);
        var fields = MessageFields.OfHeaders(headers, "$.headers");
        var properties = Properties.Of(root);
        MessageBody.RequireJson(
            OptionalText(root, "content-type"u8, "$.content-type"),
            OptionalText(root, "content-encoding"u8, "$.content-encoding"),
            "$.content-type");
        var body = MessageBody.Decompress(Body(root, properties.BodyEncoding), fields.Compression, limits);
        return MessageBody.Assemble(
            fields, body, queue ?? Queue(properties.RoutingKey), properties.Priority, properties.ReplyTo);
    }

    private static string Queue(string? routingKey) =>
        JobNames.IsQueue(routingKey)
            ? routingKey
            : throw new MalformedMessageException(
                "$.properties.delivery_info.routing_key", $"'{JobNames.Shown(routingKey)}' is no queue name.");

    private static byte[] Body(JsonElement root, string? encoding)
    {
        if (!root.TryGetProperty("body"u8, out var body) || body.ValueKind != JsonValueKind.String)
        {
            throw new MalformedMessageException("$.body", "a text is expected.");
        }

        // kombu/transport/virtual/base.py: base64, or (from kombu 5.4) utf-8 for the text itself, which no encoding at
        // all means too.
        switch (encoding)
        {
            case "base64":
                return body.TryGetBytesFromBase64(out var bytes)
                    ? bytes
                    : throw new MalformedMessageException("$.body", "not base64, as body_encoding says.");
            case null or "utf-8":
                return Encoding.UTF8.GetBytes(WireJson.Text(body, "$.body")!);
            default:
                throw new MalformedMessageException(
                    MalformedReason.ContentEncoding,
                    "$.properties.body_encoding",
                    $"'{JobNames.Shown(encoding)}' is not known; base64 or utf-8 is expected.");
        }
    }

    private static string? OptionalText(JsonElement parent, ReadOnlySpan<byte> name, string path) =>
        parent.TryGetProperty(name, out var value) ? WireJson.Text(value, path) : null;

    private readonly record struct Properties(string? BodyEncoding, string? RoutingKey, int Priority, string? ReplyTo)
    {
        internal static Properties Of(JsonElement root)
        {
            if (!root.TryGetProperty("properties"u8, out var properties) || properties.ValueKind == JsonValueKind.Null)
            {
                return default;
            }

            WireJson.RequireObject(properties, "$.properties");
            var priority = properties.TryGetProperty("priority"u8, out var priorityValue)
                ? WireJson.Integer(priorityValue, "$.properties.priority", int.MinValue, int.MaxValue) ?? 0
                : 0;
            var replyTo = properties.TryGetProperty("reply_to"u8, out var replyToValue)
                ? MessageProperties.ReplyTo(replyToValue, "$.properties.reply_to")
                : null;
            string? routingKey = null;
            if (properties.TryGetProperty("delivery_info"u8, out var info) && info.ValueKind != JsonValueKind.Null)
            {
                WireJson.RequireObject(info, "$.properties.delivery_info");
                routingKey = OptionalText(info, "routing_key"u8, "$.properties.delivery_info.routing_key");
            }

            // Celery on Redis takes what is over 9 as 9 (kombu/transport/redis.py, priority).
            return new Properties(
                OptionalText(properties, "body_encoding"u8, "$.properties.body_encoding"),
                routingKey,
                Math.Clamp(priority, 0, 9),
                replyTo);
        }
    }
}

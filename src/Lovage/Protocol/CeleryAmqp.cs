namespace Lovage.Protocol;

/// <summary>
/// A <see cref="JobMessage"/> as headers, properties and body of AMQP 0-9-1 (celery/app/amqp.py, <c>as_task_v2</c>), as
/// Celery on RabbitMQ sends it.
/// </summary>
/// <remarks>
/// Pure: no clock, no I/O. Safe for use by several threads. The property <c>expiration</c> is not written: RabbitMQ
/// would remove the message, and no worker would record that it expired. The worker judges <c>expires</c> and records
/// it.
/// </remarks>
public static class CeleryAmqp
{
    /// <summary>Writes a message of protocol 2 with all headers of Celery 5.6.</summary>
    /// <param name="message">The message.</param>
    /// <param name="now">The present instant, from which a <see cref="JobMessage.Delay"/> becomes an
    /// <c>eta</c>.</param>
    /// <param name="queuePriorityMax">The queue's <c>x-max-priority</c>, 1 to 255: the priority becomes this minus
    /// <see cref="JobMessage.Priority"/>. Null (the default): the queue has none, and nothing is written.</param>
    /// <exception cref="ArgumentException">A header has the name of a protocol field, or the body is not
    /// <c>[args, kwargs, embed]</c>: such a message can kill a Python worker.</exception>
    public static AmqpMessage Encode(JobMessage message, DateTimeOffset now, int? queuePriorityMax = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        var headers = new Dictionary<string, object?>(24, StringComparer.Ordinal);
        HeaderWriter.Write(new HeaderTableSink(headers), message, now);
        var properties = new AmqpProperties
        {
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = message.Id.Value,
            ReplyTo = message.ReplyTo,
            Priority = queuePriorityMax is { } max ? (byte)Math.Clamp(max - message.Priority, 0, byte.MaxValue) : null,
        };
        return new AmqpMessage(headers, properties, message.Body);
    }

    /// <summary>Reads a message of protocol 2, of protocol 1 or of the hybrid form.</summary>
    /// <param name="message">The message.</param>
    /// <param name="queue">The queue it was consumed from.</param>
    /// <param name="queuePriorityMax">The queue's <c>x-max-priority</c>; null (the default): it has none, and every
    /// message has priority 0.</param>
    /// <param name="limits">Null (the default): <see cref="CeleryLimits.Default"/>.</param>
    /// <exception cref="MalformedMessageException">It cannot be understood, whatever is wrong; no other exception
    /// leaves this method.</exception>
    public static JobMessage Decode(
        AmqpMessage message, string queue, int? queuePriorityMax = null, CeleryLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentException.ThrowIfNullOrEmpty(queue);
        limits ??= CeleryLimits.Default;
        var json = HeaderTable.ToJson(message.Headers);
        using var document = WireJson.Parse(json, "$.headers");
        var fields = MessageFields.OfHeaders(document.RootElement, "$.headers");
        var properties = message.Properties;
        MessageBody.RequireJson(properties.ContentType, properties.ContentEncoding, "$.properties.content_type");
        var body = MessageBody.Decompress(message.Body, fields.Compression, limits);
        var priority = queuePriorityMax is { } max ? Math.Clamp(max - (properties.Priority ?? 0), 0, 9) : 0;
        return MessageBody.Assemble(
            fields, body, queue, priority, MessageProperties.ReplyTo(properties.ReplyTo, "$.properties.reply_to"));
    }
}

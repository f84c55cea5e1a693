namespace Lovage.Protocol;

/// <summary>
/// A message as AMQP 0-9-1 carries it, in plain objects: a storage maps it to its client's own types and back.
/// </summary>
/// <param name="Headers">
/// The header table. Written values are null, string, bool, int, long, double, lists and dictionaries of those (the
/// field types that py-amqp writes and reads). Read values may also be UTF-8 bytes in place of a string, other numbers,
/// <see cref="DateTime"/> and <see cref="DateTimeOffset"/>.
/// </param>
/// <param name="Properties">The basic properties that Celery uses.</param>
/// <param name="Body">The body. It is not copied and must not be changed while a message decoded from it lives.</param>
public sealed record AmqpMessage(
    IReadOnlyDictionary<string, object?> Headers, AmqpProperties Properties, ReadOnlyMemory<byte> Body);

/// <summary>
/// The basic properties that Celery uses (kombu/transport/pyamqp.py, <c>Channel.prepare_message</c>).
/// </summary>
public sealed record AmqpProperties
{
    /// <summary>application/json.</summary>
    public string? ContentType { get; init; }

    /// <summary>utf-8.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>The job's id.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The reply queue of an rpc result backend; null for none.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>2 (persistent), as Celery's default.</summary>
    public byte DeliveryMode { get; init; } = 2;

    /// <summary>Higher first, the reverse of <see cref="JobMessage.Priority"/>; null for none.</summary>
    public byte? Priority { get; init; }
}

using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Lovage.Protocol;
using StackExchange.Redis;

namespace Lovage.Redis.Keys;

/// <summary>One element of a queue's list: our front, then kombu's envelope.</summary>
internal readonly struct Element
{
    private static ReadOnlySpan<byte> Start => "{\"lovage\":\""u8;

    private static ReadOnlySpan<byte> ExtraStart => "\"lovage_extra\":\""u8;

    private Element(Front front, ReadOnlyMemory<byte> raw, JobMessage message) =>
        (Front, Raw, Message) = (front, raw, message);

    internal Front Front { get; }

    /// <summary>The whole of it; as JSON it is an envelope with one member more.</summary>
    internal ReadOnlyMemory<byte> Raw { get; }

    internal JobMessage Message { get; }

    /// <summary>Reads an element that a script gave out, so that it has a front.</summary>
    /// <exception cref="MalformedMessageException">The envelope cannot be understood.</exception>
    internal static Element Read(RedisValue value)
    {
        ReadOnlyMemory<byte> raw = value;
        var front = FrontOf(raw.Span);
        var message = CeleryEnvelope.Decode(raw, front.Queue);
        return new Element(front, raw, Ours(message, front, raw.Span));
    }

    internal static Front FrontOf(ReadOnlySpan<byte> raw)
    {
        var rest = raw.StartsWith(Start) ? raw[Start.Length..] : default;
        var end = rest.IndexOf((byte)'"');
        return end < 0
            ? throw new FormatException("The element has no front.")
            : Front.Parse(Encoding.UTF8.GetString(rest[..end]));
    }

    /// <summary>
    /// A message as scripts store it: its envelope without the first brace. The envelope adds header fields of Celery
    /// to those of another producer, so these are kept apart.
    /// </summary>
    internal static ReadOnlyMemory<byte> Rest(JobMessage message, RedisClock clock)
    {
        var rest = CeleryEnvelope.Encode(message, clock.NextTag(), clock.Shown).AsMemory(1);
        return message.Extra.IsEmpty
            ? rest
            : (byte[])[.. ExtraStart, .. ToBase64(message.Extra.Span), .. "\","u8, .. rest.Span];
    }

    /// <summary>
    /// What a script needs to know of a new message: id|name|queue|step|delay|eta|flags|expires in|number of marks.
    /// </summary>
    internal static string Facts(JobMessage message, RedisNames names, int marks)
    {
        var eta = message.Eta is { } at ? RedisTime.From(at).ToString(CultureInfo.InvariantCulture) : "";
        var expires = message.ExpiresIn is { } span
            ? RedisTime.From(span).ToString(CultureInfo.InvariantCulture)
            : "";
        return Fields.Join(
            message.Id.Value,
            message.Name,
            message.Queue,
            names.StepOf(message.Priority),
            RedisTime.From(message.Delay),
            eta,
            Flags(message, marks),
            expires,
            marks);
    }

    private static string Flags(JobMessage message, int marks) =>
        (message.IgnoreResult ? "i" : "") + (message.HasChosenId ? "c" : "") + (marks > 0 ? "m" : "")
        + (message.Delay > TimeSpan.Zero && message.Eta is null ? "e" : "");

    private static byte[] ToBase64(ReadOnlySpan<byte> bytes)
    {
        var text = new byte[Base64.GetMaxEncodedToUtf8Length(bytes.Length)];
        Base64.EncodeToUtf8(bytes, text, out _, out _);
        return text;
    }

    private static byte[] ExtraOf(ReadOnlySpan<byte> raw)
    {
        var rest = raw[(raw[Start.Length..].IndexOf((byte)'"') + Start.Length + 2)..];
        if (!rest.StartsWith(ExtraStart))
        {
            return [];
        }

        rest = rest[ExtraStart.Length..];
        rest = rest[..rest.IndexOf((byte)'"')];
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(rest.Length)];
        Base64.DecodeFromUtf8(rest, bytes, out _, out var length);
        return bytes[..length];
    }

    /// <summary>What the wire says in another way than we do.</summary>
    private static JobMessage Ours(JobMessage message, Front front, ReadOnlySpan<byte> raw)
    {
        if (!front.Has(Front.Foreign))
        {
            message = message with
            {
                RootId = message.RootId == front.Id ? null : message.RootId,
                Eta = front.Has(Front.EtaIsDelay) ? null : message.Eta,
                HasChosenId = front.Has(Front.ChosenId),
                Extra = ExtraOf(raw),
            };
        }

        return front.ExpiresAt is { } expires ? message with { Expires = RedisTime.To(expires) } : message;
    }
}

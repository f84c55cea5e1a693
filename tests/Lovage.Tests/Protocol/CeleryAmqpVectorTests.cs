using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

public sealed class CeleryAmqpVectorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Names => [.. Vectors.AmqpMessages().Select(v => v.Name)];

    [Fact]
    public void Vectors_OfBothVersions_AreAllHere()
    {
        var names = Vectors.AmqpMessages().Select(v => v.Name).ToList();

        Assert.Equal(37, names.Count);
        Assert.Contains(names, n => n.Contains("/5.2.6/", StringComparison.Ordinal));
        Assert.Contains(names, n => n.Contains("/5.6.3/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void DecodeAndEncode_CapturedMessage_KeepsItsMeaning(string name)
    {
        var (_, queue, captured) = Vectors.AmqpMessages().Single(v => v.Name == name);
        var amqp = Message(captured);
        if (amqp.Properties.ContentType != "application/json")
        {
            Assert.Equal(
                MalformedReason.ContentType,
                Assert.Throws<MalformedMessageException>(() => CeleryAmqp.Decode(amqp, queue)).Reason);
            return;
        }

        var message = CeleryAmqp.Decode(amqp, queue, queuePriorityMax: 10);

        Assert.Equal(queue, message.Queue);
        Assert.Equal(captured.GetProperty("properties").GetProperty("correlation_id").GetString(), message.Id.Value);
        Assert.Equal(captured.GetProperty("properties").GetProperty("reply_to").GetString(), message.ReplyTo);
        Assert.Equal(Math.Clamp(10 - (amqp.Properties.Priority ?? 0), 0, 9), message.Priority);
        Assert.Equal(0, CeleryAmqp.Decode(amqp, queue).Priority);

        var written = CeleryAmqp.Encode(message, Now, queuePriorityMax: 10);
        Assert.Equal("application/json", written.Properties.ContentType);
        Assert.Equal("utf-8", written.Properties.ContentEncoding);
        Assert.Equal(amqp.Properties.CorrelationId, written.Properties.CorrelationId);
        Assert.Equal(amqp.Properties.ReplyTo, written.Properties.ReplyTo);
        Assert.Equal(10 - message.Priority, (int)written.Properties.Priority!);
        if (!name.Contains("protocol1", StringComparison.Ordinal))
        {
            var headers = captured.GetProperty("headers");
            HeaderAssert.Means(headers, message);
            HeaderAssert.WrittenAgain(headers, JsonSerializer.SerializeToElement(written.Headers));
        }

        var again = CeleryAmqp.Decode(written, queue, queuePriorityMax: 10);
        HeaderAssert.SameMessage(message, again);
        HeaderAssert.SameExtra(message, again);
    }

    [Fact]
    public void Decode_UserHeaders_TextApartFromTheRest()
    {
        var (_, queue, captured) = Vectors.AmqpMessages()
            .Single(v => v.Name.EndsWith("5.6.3/custom_headers.json#0", StringComparison.Ordinal));

        var message = CeleryAmqp.Decode(Message(captured), queue);

        Assert.Equal("abc", message.Headers["x-trace"]);
        var extra = Vectors.Json(message.Extra);
        Assert.Equal(1L << 40, extra.GetProperty("big").GetInt64());
        Assert.Equal("[1,\"a\"]", extra.GetProperty("l").GetRawText());
        Assert.Equal(JsonValueKind.Null, extra.GetProperty("nul").ValueKind);
    }

    private static AmqpMessage Message(JsonElement captured)
    {
        var properties = captured.GetProperty("properties");
        string? Text(string name) => properties.TryGetProperty(name, out var value) ? value.GetString() : null;
        var headers = captured.GetProperty("headers")
            .EnumerateObject()
            .ToDictionary(h => h.Name, h => Vectors.Plain(h.Value));
        return new AmqpMessage(
            headers,
            new AmqpProperties
            {
                ContentType = Text("content_type"),
                ContentEncoding = Text("content_encoding"),
                CorrelationId = Text("correlation_id"),
                ReplyTo = Text("reply_to"),
                DeliveryMode = properties.GetProperty("delivery_mode").GetByte(),
                Priority = properties.TryGetProperty("priority", out var priority) ? priority.GetByte() : null,
            },
            captured.GetProperty("body_base64").GetBytesFromBase64());
    }
}

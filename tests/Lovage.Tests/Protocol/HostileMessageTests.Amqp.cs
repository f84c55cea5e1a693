using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

public sealed partial class HostileMessageTests
{
    [Theory]
    [InlineData("unacked")]
    [InlineData("_kombu.binding.x")]
    [InlineData("a\r\nb")]
    [InlineData("amq.direct")]
    public void Decode_ReservedQueue_IsMalformed(string queue) =>
        Assert.Equal(
            "$.properties.delivery_info.routing_key",
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(
                Envelope(change: e => e["properties"]!["delivery_info"]!["routing_key"] = queue))).Path);

    [Fact]
    public void Decode_AmqpTableOfStrangeValues_IsMalformed()
    {
        var cycle = new List<object?>();
        cycle.Add(cycle);
        object?[] values =
        [
            new byte[] { 0xFF },
            double.NaN,
            new object(),
            cycle,
            new Dictionary<object, object> { [1] = 2 },
            new string('x', 300_000),
        ];

        foreach (var value in values)
        {
            Assert.Throws<MalformedMessageException>(
                () => CeleryAmqp.Decode(Amqp(("id", "1"), ("task", "a"), ("strange", value)), "q"));
        }

        Assert.Equal("1", CeleryAmqp.Decode(Amqp(("id", "1"u8.ToArray()), ("task", "a")), "q").Id.Value);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("task")]
    [InlineData("compression")]
    [InlineData("lovage_max_attempts")]
    public void Encode_UserHeaderWithAProtocolName_IsRefused(string name)
    {
        var message = CeleryEnvelope.Decode(Envelope());
        message = message with { Headers = message.Headers.Add(name, "x") };

        Assert.Throws<ArgumentException>(() => CeleryEnvelope.Encode(message, "tag", DateTimeOffset.UnixEpoch));
        Assert.Throws<ArgumentException>(() => CeleryAmqp.Encode(message, DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void Encode_BodyThatWouldKillAPythonWorker_IsRefused()
    {
        var message = CeleryEnvelope.Decode(Envelope()) with { Body = default, Extra = default };

        Assert.Throws<ArgumentException>(() => CeleryEnvelope.Encode(message, "tag", DateTimeOffset.UnixEpoch));
    }

    internal static byte[] Envelope(
        Action<JsonObject>? headers = null, byte[]? body = null, Action<JsonObject>? change = null)
    {
        var map = new JsonObject { ["lang"] = "cs", ["task"] = "proj.add", ["id"] = "m-1" };
        headers?.Invoke(map);
        var envelope = new JsonObject
        {
            ["body"] = Convert.ToBase64String(body ?? Encoding.UTF8.GetBytes(GoodBody)),
            ["content-encoding"] = "utf-8",
            ["content-type"] = "application/json",
            ["headers"] = map,
            ["properties"] = new JsonObject
            {
                ["correlation_id"] = "m-1",
                ["delivery_info"] = new JsonObject { ["exchange"] = "", ["routing_key"] = "celery" },
                ["priority"] = 0,
                ["body_encoding"] = "base64",
                ["delivery_tag"] = "tag",
            },
        };
        change?.Invoke(envelope);
        return Encoding.UTF8.GetBytes(envelope.ToJsonString());
    }

    private static MalformedReason Refusal(Action<JsonObject> headers) =>
        Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(Envelope(headers))).Reason;

    private static JsonNode? Parse(string json) => JsonNode.Parse(json);

    private static byte[] Zlib(byte[] data)
    {
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.Optimal))
        {
            zlib.Write(data);
        }

        return output.ToArray();
    }

    private static AmqpMessage Amqp(params (string Name, object? Value)[] headers) => new(
        headers.ToDictionary(h => h.Name, h => h.Value),
        new AmqpProperties { ContentType = "application/json" },
        Encoding.UTF8.GetBytes(GoodBody));
}

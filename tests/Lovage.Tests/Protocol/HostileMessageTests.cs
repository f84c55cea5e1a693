using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>Reliability's hostile inputs: each is refused by the one typed error, or has no effect.</summary>
public sealed class HostileMessageTests
{
    private const string GoodBody = """[[1],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]""";

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"body\":1}")]
    [InlineData("﻿{}")]
    [InlineData("{\"body\":\"\",\"body\":\"\"}")]
    public void Decode_NoEnvelope_IsMalformed(string envelope) =>
        Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(Encoding.UTF8.GetBytes(envelope)));

    [Theory]
    [InlineData("id", "null", "$.headers.id")]
    [InlineData("id", "1", "$.headers.id")]
    [InlineData("id", "\"\"", "$.headers.id")]
    [InlineData("id", "\"../../etc/passwd\"", "$.headers.id")]
    [InlineData("id", "\"*\"", "$.headers.id")]
    [InlineData("id", "\"a\\nb\"", "$.headers.id")]
    [InlineData("task", "null", "$.headers.task")]
    [InlineData("task", "\"a b\"", "$.headers.task")]
    [InlineData("task", "[]", "$.headers.task")]
    [InlineData("retries", "-1", "$.headers.retries")]
    [InlineData("retries", "2147483648", "$.headers.retries")]
    [InlineData("retries", "1e999", "$.headers.retries")]
    [InlineData("retries", "1.5", "$.headers.retries")]
    [InlineData("retries", "\"1\"", "$.headers.retries")]
    [InlineData("eta", "\"tomorrow\"", "$.headers.eta")]
    [InlineData("eta", "1795327330", "$.headers.eta")]
    [InlineData("eta", "\"0001-01-01T00:00:00\"", "$.headers.eta")]
    [InlineData("eta", "\"0001-01-01T00:00:00+14:00\"", "$.headers.eta")]
    [InlineData("eta", "\"9999-12-31T23:59:59-14:00\"", "$.headers.eta")]
    [InlineData("expires", "\"2026-13-01T00:00:00\"", "$.headers.expires")]
    [InlineData("expires", "{}", "$.headers.expires")]
    [InlineData("timelimit", "[1]", "$.headers.timelimit")]
    [InlineData("timelimit", "[-1, null]", "$.headers.timelimit[0]")]
    [InlineData("timelimit", "[null, \"x\"]", "$.headers.timelimit[1]")]
    [InlineData("group", "\"a/b\"", "$.headers.group")]
    [InlineData("group_index", "-1", "$.headers.group_index")]
    [InlineData("root_id", "[]", "$.headers.root_id")]
    [InlineData("parent_id", "\"\\r\\n\"", "$.headers.parent_id")]
    [InlineData("ignore_result", "1", "$.headers.ignore_result")]
    [InlineData("lovage_max_attempts", "0", "$.headers.lovage_max_attempts")]
    [InlineData("lovage_max_attempts", "1001", "$.headers.lovage_max_attempts")]
    [InlineData("lovage_parameters", "-1", "$.headers.lovage_parameters")]
    [InlineData("lovage_parameters", "\"2\"", "$.headers.lovage_parameters")]
    public void Decode_BadHeader_NamesThePath(string header, string value, string path)
    {
        var bytes = Envelope(headers => headers[header] = Parse(value));

        var error = Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(bytes));

        Assert.Equal(path, error.Path);
        Assert.Equal("malformed_envelope", error.Reason.Code);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("""["a","b:1","a"]""", "a|b:1")]
    [InlineData("""["a",1,null,"","x\ny",{"b":["c"]},["d"]]""", "a")]
    [InlineData("""["1","2","3","4","5","6","7","8","9"]""", "1|2|3|4|5|6|7|8")]
    [InlineData("[]", "")]
    [InlineData("\"a\"", "")]
    [InlineData("null", "")]
    [InlineData("{\"a\":1}", "")]
    public void Decode_TagsOfAnotherProgram_AreThoseThatAreTags(string value, string expected)
    {
        var message = CeleryEnvelope.Decode(Envelope(headers => headers["lovage_tags"] = Parse(value)));

        Assert.Equal(expected, string.Join('|', message.Tags));
        Assert.Empty(message.Headers);
    }

    [Theory]
    [InlineData("""["a","b#2","a"]""", "a|b#2")]
    [InlineData("[]", "")]
    [InlineData("null", "")]
    [InlineData("""["a",1]""", "*|@result")]
    [InlineData("""["a",null]""", "*|@result")]
    [InlineData("""["a","b..c"]""", "*|@result")]
    [InlineData("\"a\"", "*|@result")]
    [InlineData("{\"a\":1}", "*|@result")]
    public void Decode_SensitiveNamesOfAnotherProgram_HideAllWhenOneIsNotUnderstood(string value, string expected)
    {
        var message = CeleryEnvelope.Decode(Envelope(headers => headers["lovage_sensitive"] = Parse(value)));

        Assert.Equal(expected, string.Join('|', message.SensitiveParameters));
        Assert.Empty(message.Headers);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[[],{}]")]
    [InlineData("[[],{},null,1]")]
    [InlineData("[{},{},null]")]
    [InlineData("[[],[],null]")]
    [InlineData("[[],{},[]]")]
    [InlineData("[[],{},{\"chain\":null,\"chain\":[]}]")]
    [InlineData("[[NaN],{},null]")]
    [InlineData("[[Infinity],{},null]")]
    [InlineData("[[\"\\ud800\"],{},null]")]
    [InlineData("[[],{\"\\udfff\":1},null]")]
    [InlineData("[[],{},null] x")]
    [InlineData("{\"args\":1}")]
    [InlineData("{\"kwargs\":{}}")]
    [InlineData("{\"args\":[],\"args\":[]}")]
    [InlineData("cos\nsystem\n(S'echo'\ntR.")]
    public void Decode_BadBody_IsMalformed(string body) =>
        Assert.Equal(
            MalformedReason.Envelope,
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(body: Encoding.UTF8.GetBytes(body)))).Reason);

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\uDFFF")]
    [InlineData("\\ud800\\u0041")]
    public void Decode_LoneSurrogateAnywhere_IsMalformed(string surrogate)
    {
        var good = Encoding.UTF8.GetString(Envelope(h => h["more"] = new JsonArray("deep")));
        string[] places = ["m-1", "proj.add", "deep", "more", "application/json", "base64", "properties"];
        foreach (var place in places)
        {
            var bytes = Encoding.UTF8.GetBytes(good.Replace(place, surrogate, StringComparison.Ordinal));
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(bytes));
        }

        Assert.Throws<MalformedMessageException>(() => CeleryResult.Decode(
            Encoding.UTF8.GetBytes($$"""{"status":"SUCCESS","task_id":"a","result":["{{surrogate}}"]}""")));
    }

    [Fact]
    public void Decode_InvalidUtf8_IsMalformed()
    {
        byte[] body = [.. "[[\""u8, 0xC3, 0x28, .. "\"],{},null]"u8];

        Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(Envelope(body: body)));
        Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(body));
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100_000)]
    public void Decode_DeepNesting_IsMalformed(int depth)
    {
        var deep = new string('[', depth) + new string(']', depth);
        var inBody = Encoding.UTF8.GetBytes($"[{deep},{{}},null]");

        Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(Envelope(body: inBody)));
        Assert.Throws<MalformedMessageException>(
            () => CeleryEnvelope.Decode(Encoding.UTF8.GetBytes($"{{\"headers\":{deep}}}")));
        Assert.Throws<MalformedMessageException>(() => CeleryResult.Decode(
            Encoding.UTF8.GetBytes($"{{\"status\":\"SUCCESS\",\"task_id\":\"a\",\"result\":{deep}}}")));
    }

    [Theory]
    [InlineData("application/x-python-serialize")]
    [InlineData("application/x-yaml")]
    [InlineData("application/x-msgpack")]
    [InlineData("application/data")]
    [InlineData("text/plain")]
    [InlineData("")]
    public void Decode_OtherContentType_IsRefused(string type) =>
        Assert.Equal(
            "unsupported_content_type",
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(change: e => e["content-type"] = type))).Reason.Code);

    [Theory]
    [InlineData("content-encoding", "utf-16")]
    [InlineData("content-encoding", "latin-1")]
    public void Decode_OtherContentEncoding_IsRefused(string field, string value) =>
        Assert.Equal(
            MalformedReason.ContentEncoding,
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(change: e => e[field] = value))).Reason);

    [Fact]
    public void Decode_UnknownBodyEncoding_IsRefused() =>
        Assert.Equal(
            MalformedReason.ContentEncoding,
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(change: e => e["properties"]!["body_encoding"] = "rot13"))).Reason);

    [Fact]
    public void Decode_LargerThanTheCap_IsRefusedBeforeParsing()
    {
        var limits = new CeleryLimits { BodyBytesMax = 1000 };

        Assert.Equal(
            MalformedReason.Size,
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(new byte[1_000_000], limits: limits))
                .Reason);
        Assert.Equal(
            MalformedReason.Size,
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(
                Envelope(body: Encoding.UTF8.GetBytes($"[[\"{new string('x', 1000)}\"],{{}},null]")),
                limits: limits)).Reason);
    }

    [Theory]
    [InlineData("a\r\nb", "v")]
    [InlineData("a", "v\r\nInjected: 1")]
    [InlineData("a", "v\0")]
    [InlineData("", "v")]
    public void Decode_ControlCharactersInHeader_AreRefused(string name, string value) =>
        Assert.Equal(
            "malformed_headers",
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(Envelope(h => h[name] = value)))
                .Reason.Code);

    [Fact]
    public void Decode_TooManyOrTooLargeHeaders_AreRefused()
    {
        void Many(JsonObject headers, JsonNode? value)
        {
            for (var i = 0; i < 1000; i++)
            {
                headers[$"h{i}"] = value?.DeepClone();
            }
        }

        Assert.Equal(MalformedReason.Headers, Refusal(h => Many(h, "x")));
        Assert.Equal(MalformedReason.Headers, Refusal(h => Many(h, 1)));
        Assert.Equal(MalformedReason.Headers, Refusal(h => h["large"] = new string('x', 9000)));
        Assert.Equal(
            MalformedReason.Headers, Refusal(h => h["stamps"] = new JsonObject { ["s"] = new string('x', 40_000) }));
    }

    [Theory]
    [InlineData("\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"", true)]
    [InlineData("\"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01\"", false)]
    [InlineData("\"00-00000000000000000000000000000000-00f067aa0ba902b7-01\"", false)]
    [InlineData("\"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"", false)]
    [InlineData("\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\\r\\n\"", false)]
    [InlineData("\"garbage\"", false)]
    [InlineData("{}", false)]
    [InlineData("null", false)]
    public void Decode_TraceParent_IsKeptWhenValidAndElseDropped(string value, bool kept)
    {
        var message = CeleryEnvelope.Decode(Envelope(h =>
        {
            h["traceparent"] = Parse(value);
            h["tracestate"] = "vendor=1";
        }));

        Assert.Equal(kept, message.Headers.ContainsKey("traceparent"));
        Assert.Equal(kept, message.Headers.ContainsKey("tracestate"));
        Assert.True(message.Extra.IsEmpty);
    }

    [Fact]
    public void Decode_TypeHints_AreData()
    {
        var body =
            """[[{"$type":"System.IO.FileInfo, mscorlib","__type__":"uuid","__value__":"x"}],{},null]"""u8.ToArray();

        Assert.Equal(body, CeleryEnvelope.Decode(Envelope(body: body)).Body.ToArray());
    }

    [Fact]
    public void Decode_HugeTimeLimitAndPriority_AreClamped()
    {
        var message = CeleryEnvelope.Decode(
            Envelope(h => h["timelimit"] = Parse("[1e300, 0]"), change: e => e["properties"]!["priority"] = -5));

        Assert.Equal(TimeSpan.FromDays(3_653), message.TimeLimit);
        Assert.Null(message.SoftTimeLimit);
        Assert.Equal(0, message.Priority);
    }

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
    [InlineData("lovage_parameters")]
    [InlineData("lovage_tags")]
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

    private static AmqpMessage Amqp(params (string Name, object? Value)[] headers) => new(
        headers.ToDictionary(h => h.Name, h => h.Value),
        new AmqpProperties { ContentType = "application/json" },
        Encoding.UTF8.GetBytes(GoodBody));
}

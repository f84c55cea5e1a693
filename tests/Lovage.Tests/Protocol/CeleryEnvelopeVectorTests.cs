using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

public sealed class CeleryEnvelopeVectorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Names => [.. Vectors.RedisEnvelopes().Select(v => v.Name)];

    [Fact]
    public void Vectors_OfBothVersions_AreAllHere()
    {
        var names = Vectors.RedisEnvelopes().Select(v => v.Name).ToList();

        Assert.Equal(156, names.Count);
        Assert.Equal(122, Vectors.Files("redis-produce").Count());
        Assert.Contains(names, n => n.Contains("/5.2.6/", StringComparison.Ordinal));
        Assert.Contains(names, n => n.Contains("/5.6.3/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_CapturedEnvelope_MeansWhatCelerySent(string name)
    {
        var bytes = Vectors.RedisEnvelope(name);
        var captured = Vectors.Json(bytes);
        if (Refused(captured, name) is { } reason)
        {
            Assert.Equal(reason, Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(bytes)).Reason);
            return;
        }

        var message = CeleryEnvelope.Decode(bytes);

        var properties = captured.GetProperty("properties");
        Assert.Equal(properties.GetProperty("delivery_info").GetProperty("routing_key").GetString(), message.Queue);
        Assert.Equal(Math.Min(9, properties.GetProperty("priority").GetInt32()), message.Priority);
        Assert.Equal(properties.GetProperty("correlation_id").GetString(), message.Id.Value);
        Assert.Equal(properties.GetProperty("reply_to").GetString(), message.ReplyTo);
        if (name.Contains("protocol1", StringComparison.Ordinal))
        {
            IsVersion1(captured, message);
        }
        else
        {
            HeaderAssert.Means(captured.GetProperty("headers"), message);
            if (!captured.GetProperty("headers").TryGetProperty("compression", out _))
            {
                Assert.Equal(captured.GetProperty("body").GetBytesFromBase64(), message.Body.ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_WhatWasDecoded_WritesTheSameEnvelope(string name)
    {
        var bytes = Vectors.RedisEnvelope(name);
        var captured = Vectors.Json(bytes);
        if (Refused(captured, name) is not null)
        {
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(bytes));
            return;
        }

        var message = CeleryEnvelope.Decode(bytes);
        var tag = captured.GetProperty("properties").GetProperty("delivery_tag").GetString()!;
        var encoded = CeleryEnvelope.Encode(message, tag, Now);
        var written = Vectors.Json(encoded);

        if (!name.Contains("protocol1", StringComparison.Ordinal))
        {
            HeaderAssert.WrittenAgain(captured.GetProperty("headers"), written.GetProperty("headers"));
        }

        Assert.Equal(
            ["body", "content-encoding", "content-type", "headers", "properties"],
            written.EnumerateObject().Select(p => p.Name));
        Assert.Equal("utf-8", written.GetProperty("content-encoding").GetString());
        Assert.Equal("application/json", written.GetProperty("content-type").GetString());
        Assert.Equal(message.Body.ToArray(), written.GetProperty("body").GetBytesFromBase64());
        foreach (var property in captured.GetProperty("properties").EnumerateObject())
        {
            switch (property.Name)
            {
                case "priority":
                    Assert.Equal(
                        message.Priority, written.GetProperty("properties").GetProperty("priority").GetInt32());
                    break;
                case "delivery_mode":
                    Assert.Equal(2, written.GetProperty("properties").GetProperty("delivery_mode").GetInt32());
                    break;
                case "expiration":
                    Assert.False(written.GetProperty("properties").TryGetProperty("expiration", out _));
                    break;
                default:
                    Assert.True(
                        JsonElement.DeepEquals(
                            property.Value, written.GetProperty("properties").GetProperty(property.Name)),
                        property.Name);
                    break;
            }
        }

        var again = CeleryEnvelope.Decode(encoded);
        HeaderAssert.SameMessage(message, again);
        HeaderAssert.SameExtra(message, again);
    }

    [Fact]
    public void Encode_WithoutArgsrepr_PrintsAsPythonDoes()
    {
        var differing = new HashSet<string>();
        var same = 0;
        foreach (var (name, bytes) in Vectors.RedisEnvelopes())
        {
            var captured = Vectors.Json(bytes);
            if (Refused(captured, name) is not null || name.Contains("protocol1", StringComparison.Ordinal))
            {
                continue;
            }

            var message = CeleryEnvelope.Decode(bytes) with { Extra = default };
            var written = Vectors.Json(CeleryEnvelope.Encode(message, "tag", Now)).GetProperty("headers");
            var headers = captured.GetProperty("headers");
            if (headers.GetProperty("argsrepr").GetString() == written.GetProperty("argsrepr").GetString()
                && headers.GetProperty("kwargsrepr").GetString() == written.GetProperty("kwargsrepr").GetString())
            {
                same++;
            }
            else
            {
                differing.Add(Path.GetFileNameWithoutExtension(name[..name.IndexOf('#', StringComparison.Ordinal)]));
            }
        }

        // Tuples inside arguments are lists in JSON; typed values show as what they are there; Python's saferepr writes
        // a line break as it is, cuts a long text at another place, and shows a list when the caller gave one.
        Assert.Equal([
            "chord_db_backend_unlock",
            "chunks",
            "json_types",
            "json_unicode",
            "long_args_repr",
            "map",
            "send_task_by_name",
            "starmap",
        ], differing.Order());
        Assert.True(same > 100, $"{same} are the same");
    }

    private static void IsVersion1(JsonElement captured, JobMessage message)
    {
        var body = Vectors.Json(captured.GetProperty("body").GetBytesFromBase64());
        Assert.Equal(body.GetProperty("task").GetString(), message.Name);
        Assert.Equal(body.GetProperty("id").GetString(), message.Id.Value);
        Assert.Equal(body.GetProperty("eta").GetDateTimeOffset(), message.Eta);
        var made = Vectors.Json(message.Body);
        Assert.True(JsonElement.DeepEquals(body.GetProperty("args"), made[0]));
        Assert.True(JsonElement.DeepEquals(body.GetProperty("kwargs"), made[1]));
        Assert.True(JsonElement.DeepEquals(body.GetProperty("callbacks"), made[2].GetProperty("callbacks")));
        Assert.True(JsonElement.DeepEquals(body.GetProperty("chord"), made[2].GetProperty("chord")));
    }

    /// <summary>
    /// What is refused by decision: other serializers and compressions, and the NaN that Python's json writes and no
    /// JSON reader takes.
    /// </summary>
    private static MalformedReason? Refused(JsonElement captured, string name) =>
        captured.GetProperty("content-type").GetString() != "application/json" ? MalformedReason.ContentType
        : captured.GetProperty("headers").TryGetProperty("compression", out var compression)
            && compression.GetString() == "application/x-bz2" ? MalformedReason.Compression
        : name.Contains("json_special_floats", StringComparison.Ordinal) ? MalformedReason.Envelope
        : null;
}

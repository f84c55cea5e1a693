using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>Messages of our own: what Python needs is there, and what we add comes back.</summary>
public sealed class CeleryEnvelopeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);

    private static readonly JobMessage Full = new()
    {
        Id = JobId.Parse("id-1"),
        Name = "shop.mail",
        Queue = "mail",
        Body = """[[1,"x"],{"to":null},null]"""u8.ToArray(),
        Priority = 7,
        Retries = 2,
        Eta = new DateTimeOffset(2030, 1, 2, 5, 4, 5, 123, TimeSpan.FromHours(2)),
        Expires = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero),
        MaxAttempts = 9,
        Parameters = 2,
        TimeLimit = TimeSpan.FromSeconds(30),
        SoftTimeLimit = TimeSpan.FromSeconds(20.5),
        RootId = "root",
        ParentId = "parent",
        GroupId = "group",
        GroupIndex = 3,
        Origin = "gen1@host",
        ReplyTo = "reply",
        IgnoreResult = true,
        Tags = ["order:42", "ž"],
        Headers = ImmutableDictionary<string, string>.Empty.Add("tenant", "ž")
            .Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        Extra = (
            """{"stamps":{"trace":"t-1"},"stamped_headers":["trace"],"n":1,"big":1000000000000000000000"""u8
            + ""","argsrepr":"(hidden)"}"""u8).ToArray(),
    };

    [Fact]
    public void Encode_FullMessage_WritesCelerysHeaders()
    {
        var headers = Vectors.Json(CeleryEnvelope.Encode(Full, "tag", Now)).GetProperty("headers");

        var expected = """
            {"task":"shop.mail","id":"id-1","eta":"2030-01-02T03:04:05.123000+00:00",
             "expires":"2031-01-01T00:00:00.000000+00:00","group":"group","group_index":3,
             "retries":2,"timelimit":[30,20.5],"root_id":"root","parent_id":"parent","origin":"gen1@host",
             "ignore_result":true,"lovage_max_attempts":9,"lovage_parameters":2,"lovage_tags":["order:42","ž"],
             "stamps":{"trace":"t-1"},"stamped_headers":["trace"],"n":1,"big":1000000000000000000000,
             "argsrepr":"(hidden)","kwargsrepr":"{'to': None}",
             "lang":"cs","shadow":null,"replaced_task_nesting":0,"tenant":"ž",
             "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
            """;
        Assert.True(
            JsonElement.DeepEquals(Vectors.Json(Encoding.UTF8.GetBytes(expected)), headers), headers.GetRawText());
    }

    [Fact]
    public void Decode_FullMessage_IsTheSame()
    {
        var read = CeleryEnvelope.Decode(CeleryEnvelope.Encode(Full, "tag", Now));

        HeaderAssert.SameMessage(Full, read);
        HeaderAssert.SameExtra(Full, read);
    }

    [Fact]
    public void Decode_FullMessageByAmqp_IsTheSameButForTheBigNumber()
    {
        var amqp = CeleryAmqp.Encode(Full, Now, queuePriorityMax: 9);
        Assert.Equal((byte)2, amqp.Properties.Priority);
        Assert.Equal(1e21, amqp.Headers["big"]);

        HeaderAssert.SameMessage(Full, CeleryAmqp.Decode(amqp, "mail", queuePriorityMax: 9));
    }

    [Fact]
    public void Encode_Delay_BecomesEtaUnlessALaterOneIsSet()
    {
        string? Eta(JobMessage message) => Vectors.Json(CeleryEnvelope.Encode(message, "tag", Now))
            .GetProperty("headers")
            .GetProperty("eta")
            .GetString();
        var plain = Full with { Eta = null };

        Assert.Null(Eta(plain));
        Assert.Equal("2026-11-22T06:00:01.500000+00:00", Eta(plain with { Delay = TimeSpan.FromSeconds(1.5) }));
        Assert.Equal(
            "2026-11-22T06:00:05.000000+00:00", Eta(plain with { Delay = TimeSpan.FromSeconds(5), Eta = Now }));
        Assert.Equal(
            "2026-11-22T07:00:00.000000+00:00",
            Eta(plain with { Delay = TimeSpan.FromSeconds(5), Eta = Now.AddHours(1) }));
    }

    [Fact]
    public void Decode_OwnRootId_IsNull() =>
        Assert.Null(CeleryEnvelope.Decode(CeleryEnvelope.Encode(Full with { RootId = null }, "tag", Now)).RootId);

    [Theory]
    [InlineData("2026-11-22T05:57:10.335026+00:00", "2026-11-22T05:57:10.335026Z")]
    [InlineData("2026-11-22T05:57:10.335026", "2026-11-22T05:57:10.335026Z")]
    [InlineData("2026-11-22T05:57:10.335026789Z", "2026-11-22T05:57:10.335026Z")]
    [InlineData("2026-11-22T05:57:10.5+02:00", "2026-11-22T03:57:10.5Z")]
    [InlineData("2026-11-22 05:57:10", "2026-11-22T05:57:10Z")]
    [InlineData("2026-11-22T05:57", "2026-11-22T05:57:00Z")]
    [InlineData("2026-11-22", "2026-11-22T00:00:00Z")]
    public void Decode_IsoTime_IsRead(string text, string expected)
    {
        var message = CeleryEnvelope.Decode(HostileMessageTests.Envelope(h => h["eta"] = text));

        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), message.Eta);
    }

    [Fact]
    public void Decode_QueueGiven_WinsOverTheRoutingKey() =>
        Assert.Equal("found-here", CeleryEnvelope.Decode(CeleryEnvelope.Encode(Full, "tag", Now), "found-here").Queue);

    [Fact]
    public void Decode_RestoredByKombu_DropsTheNoteOfRedelivery()
    {
        var message = CeleryEnvelope.Decode(HostileMessageTests.Envelope(h => h["redelivered"] = true));

        Assert.True(message.Extra.IsEmpty);
    }

    [Fact]
    public void Decode_HybridForm_HeadersWinOverTheBody()
    {
        var body = """
            {"args":[1,2],"task":"other","retries":4,"taskset":"g-1","group":"g-2","timelimit":[5,null]}
            """u8.ToArray();

        var message = CeleryEnvelope.Decode(HostileMessageTests.Envelope(body: body));

        Assert.Equal(
            ("proj.add", 4, "g-1", TimeSpan.FromSeconds(5)),
            (message.Name, message.Retries, message.GroupId, message.TimeLimit));
        Assert.Equal(
            """[[1,2],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]""",
            Encoding.UTF8.GetString(message.Body.Span));
    }

    [Fact]
    public void Encode_LongArguments_CutsTheReprAndNoSurrogatePair()
    {
        var message = Full with
        {
            Extra = default,
            Body = Encoding.UTF8.GetBytes($"[[\"{string.Concat(Enumerable.Repeat("😀", 2000))}\"],{{}},null]"),
        };

        var repr = Vectors.Json(CeleryEnvelope.Encode(message, "tag", Now)).GetProperty("headers").GetProperty(
            "argsrepr").GetString()!;

        Assert.InRange(repr.Length, 1020, 1024);
        Assert.EndsWith("😀...", repr, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ControlCharactersInArguments_AreEscapedInTheRepr()
    {
        var message = Full with { Extra = default, Body = """[["a\n\u0007'b"],{},null]"""u8.ToArray() };

        var repr = Vectors.Json(CeleryEnvelope.Encode(message, "tag", Now))
            .GetProperty("headers")
            .GetProperty("argsrepr")
            .GetString();

        Assert.Equal("(\"a\\n\\x07'b\",)", repr);
    }
}

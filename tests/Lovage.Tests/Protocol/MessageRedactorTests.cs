using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>No way of showing a message shows the value of a sensitive argument.</summary>
public sealed class MessageRedactorTests
{
    private const string Body =
        """[[7,"s3cret",{"holder":"Ada","number":"4111"}],{"key":"k-1","list":[{"pin":1,"n":2},{"pin":3}]},"""
        + """{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]""";

    [Fact]
    public void Arguments_NothingSensitive_AreShownAsTheyStand()
    {
        var shown = MessageRedactor.Arguments(Message(Body), ["order", "password"]);

        Assert.Equal(["order", "password", "#3", "key", "list"], shown.Select(static one => one.Name));
        Assert.Equal(
            ["7", "\"s3cret\"", """{"holder":"Ada","number":"4111"}""", "\"k-1\"", """[{"pin":1,"n":2},{"pin":3}]"""],
            shown.Select(static one => one.Json));
        Assert.Equal([true, true, true, false, false], shown.Select(static one => one.IsPositional));
        Assert.All(shown, static one => Assert.False(one.IsHidden));
        Assert.Equal(Body, MessageRedactor.Body(Message(Body)));
    }

    [Fact]
    public void Arguments_SensitiveOnes_AreHiddenByPositionNameAndMember()
    {
        var message = Message(Body, "password#2", "card.number#3", "key#4", "list.pin#5");

        var shown = MessageRedactor.Arguments(message);

        Assert.Equal(
            [
                "7", "\"[hidden]\"", """{"holder":"Ada","number":"[hidden]"}""", "\"[hidden]\"",
                """[{"pin":"[hidden]","n":2},{"pin":"[hidden]"}]""",
            ],
            shown.Select(static one => one.Json));
        Assert.Equal([false, true, false, true, false], shown.Select(static one => one.IsHidden));
        Assert.Equal(
            """[[7,"[hidden]",{"holder":"Ada","number":"[hidden]"}],"""
                + """{"key":"[hidden]","list":[{"pin":"[hidden]","n":2},{"pin":"[hidden]"}]}"""
                + """,{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]""",
            MessageRedactor.Body(message));
    }

    [Theory]
    [InlineData("""{"a":"sec","n":1}""", "@result.a", """{"a":"[hidden]","n":1}""")]
    [InlineData("""[{"a":"sec"},{"a":"sec"}]""", "@result.a", """[{"a":"[hidden]"},{"a":"[hidden]"}]""")]
    [InlineData("""{"x":{"a":["sec"]}}""", "@result.*.a", """{"x":{"a":"[hidden]"}}""")]
    [InlineData("""{"a":"sec"}""", "@result", "")]
    [InlineData("\"sec\"", "@result", "")]
    [InlineData("\"sec of a converter\"", "@result.a", "")]
    [InlineData("sec", "@result.a", "")]
    [InlineData("""{"a":"sec"}""", "a..b", "")]
    [InlineData("""{"a":"shown"}""", "a#1", """{"a":"shown"}""")]
    [InlineData("""{"a":"shown"}""", "*", """{"a":"shown"}""")]
    [InlineData("", "@result", "")]
    public void Result_Sensitive_IsHiddenAsAWholeOrByMember(string result, string name, string expected)
    {
        var message = Message(Body) with { SensitiveParameters = SensitiveName.Read([name]) };
        var bytes = Encoding.UTF8.GetBytes(result);

        Assert.Equal(expected, Encoding.UTF8.GetString(MessageRedactor.Result(bytes, message).Span));
        Assert.Equal(
            expected,
            Encoding.UTF8.GetString(
                MessageRedactor.Result(bytes, Message(Body), message.SensitiveParameters).Span));
    }

    [Fact]
    public void Arguments_OfAJobWhoseResultIsSensitive_AreShown()
    {
        var shown = MessageRedactor.Arguments(Message(Body, "@result"));

        Assert.All(shown, static one => Assert.False(one.IsHidden));
        Assert.Equal(Body, MessageRedactor.Body(Message(Body, "@result.token")));
    }

    [Fact]
    public void Arguments_NameWithoutPosition_HidesEveryPositionalUnlessTheNamesAreKnown()
    {
        var message = Message("""[["a","b"],{},null]""", "password");

        Assert.Equal([true, true], Hidden(message, null));
        Assert.Equal([false, true], Hidden(message, ["user", "password"]));
        Assert.Equal([true, true], Hidden(Message("""[["a","b"],{},null]""", "*"), ["user", "password"]));
    }

    [Fact]
    public void Arguments_WhatTheDefinitionHides_IsHiddenTooAndTheMessageHasThePositions()
    {
        // The definition has another parameter in front since the message was written.
        var message = Message("""[["pw","b"],{},null]""", "password#1");

        Assert.Equal([true, true], Hidden(message, ["user", "password"], "password#2"));
        Assert.Equal([false, true], Hidden(Message("""[["a","b"],{},null]"""), ["user", "password"], "password#2"));
    }

    [Theory]
    [InlineData("""[[{"a":"sec","m":{"x":{"k":"sec"},"y":{"k":"sec"}}}],{},null]""", "o.a#1|o.m.*.k#1")]
    [InlineData("""[[[[{"a":"sec"}],[{"a":["sec","sec"]}]]],{},null]""", "o.a#1")]
    [InlineData("""[["sec of a converter"],{},null]""", "o.a#1")]
    [InlineData("""[[],{"o":{"a":"sec","a":"sec"},"o":"sec"},null]""", "o.a")]
    [InlineData("""[[],{"o":"sec"},{"callbacks":[{"args":["sec"]}],"chain":"sec"}]""", "o")]
    [InlineData("""[[],{"o":1},["sec"],"sec"]""", "o")]
    [InlineData("""["sec",{},null]""", "o")]
    [InlineData("sec", "o")]
    [InlineData("[]", "o")]
    [InlineData("""[["sec","\ud800"],{"\ud800":"sec"},null]""", "o#1")]
    public void Body_Unusual_ShowsNoSecret(string body, string names)
    {
        var message = Message(body, names.Split('|'));

        Assert.DoesNotContain("sec", MessageRedactor.Body(message), StringComparison.Ordinal);
        Assert.All(
            MessageRedactor.Arguments(message),
            static one => Assert.DoesNotContain("sec", one.Json, StringComparison.Ordinal));
        using var valid = JsonDocument.Parse(MessageRedactor.Body(message));
    }

    [Fact]
    public void Extra_ReprsOfAPythonProducer_AreHidden()
    {
        var extra = """{"argsrepr":"('s3cret',)","kwargsrepr":"{}","shadow":"x"}""";
        var message = Message("""[["s3cret"],{},null]""") with { Extra = Encoding.UTF8.GetBytes(extra) };

        Assert.Equal(extra, MessageRedactor.Extra(message));
        Assert.Equal(
            """{"argsrepr":"[hidden]","kwargsrepr":"[hidden]","shadow":"x"}""",
            MessageRedactor.Extra(message, ["a#1"]));
        Assert.Equal("", MessageRedactor.Extra(Message("[]", "a")));
    }

    [Fact]
    public void Envelope_SensitiveMessage_TravelsWithItsNamesAndNoRepr()
    {
        var message = Message("""[["s3cret",5],{"key":"s3cret"},null]""", "a#1", "key#3") with
        {
            Extra = """{"argsrepr":"('s3cret', 5)"}"""u8.ToArray(),
        };

        var bytes = CeleryEnvelope.Encode(message, "tag", DateTimeOffset.UnixEpoch);

        var headers = Vectors.Json(bytes).GetProperty("headers");
        Assert.Equal("""["a#1","key#3"]""", headers.GetProperty("lovage_sensitive").GetRawText());
        Assert.DoesNotContain("s3cret", headers.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("[hidden]", headers.GetProperty("argsrepr").GetString(), StringComparison.Ordinal);
        Assert.Contains("[hidden]", headers.GetProperty("kwargsrepr").GetString(), StringComparison.Ordinal);
        var read = CeleryEnvelope.Decode(bytes);
        Assert.Equal(["a#1", "key#3"], read.SensitiveParameters);
        Assert.Contains("s3cret", Encoding.UTF8.GetString(read.Body.Span), StringComparison.Ordinal);
    }

    private static IEnumerable<bool> Hidden(JobMessage message, string[]? names, params string[] sensitive) =>
        MessageRedactor.Arguments(message, names, [.. sensitive]).Select(static one => one.IsHidden);

    private static JobMessage Message(string body, params string[] sensitive) => new()
    {
        Id = JobId.Parse("a"),
        Name = "n",
        Queue = "q",
        Body = Encoding.UTF8.GetBytes(body),
        SensitiveParameters = [.. sensitive],
    };
}

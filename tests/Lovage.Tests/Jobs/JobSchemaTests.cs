using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Lovage.Tests.Jobs;

/// <summary>The schema of a job's arguments, from contracts and data annotations.</summary>
public sealed class JobSchemaTests
{
    private static readonly JobSerializer Serializer = new();

    [Theory]
    [InlineData(typeof(int), """{"type":"integer"}""")]
    [InlineData(typeof(int?), """{"type":["integer","null"]}""")]
    [InlineData(typeof(string), """{"type":"string"}""")]
    [InlineData(typeof(double), """{"type":"number"}""")]
    [InlineData(typeof(double?), """{"type":["number","null"]}""")]
    [InlineData(typeof(decimal), """{"type":"number"}""")]
    [InlineData(typeof(bool), """{"type":"boolean"}""")]
    [InlineData(typeof(Guid), """{"type":"string","format":"uuid"}""")]
    [InlineData(typeof(DateTimeOffset), """{"type":"string","format":"date-time"}""")]
    [InlineData(typeof(DateOnly), """{"type":"string","format":"date"}""")]
    [InlineData(typeof(JobId), """{"type":"string"}""")]
    [InlineData(typeof(string[]), """{"type":"array","items":{"type":"string"}}""")]
    [InlineData(typeof(Dictionary<string, string>), """{"type":"object","additionalProperties":{"type":"string"}}""")]
    [InlineData(typeof(System.Text.Json.JsonElement), "true")]
    [InlineData(typeof(Size), """{"enum":["Small","Large"]}""")]
    public void Of_ParameterOfAType_SaysIt(Type type, string expected) => Assert.Equal(
        $$"""{"type":"object","properties":{"p":{{expected}}},"required":["p"],"additionalProperties":false}""",
        Of(new JobParameter("p", type, false)));

    [Fact]
    public void Of_OptionalNullableSensitiveAndAnnotatedParameters_SaysSo() => Assert.Equal(
        """{"type":"object","properties":"""
            + """{"a":{"type":["string","null"],"format":"email","maxLength":50}"""
            + ""","b":{"type":"integer","minimum":1,"exclusiveMaximum":10}"""
            + ""","c":{"type":"string","minLength":8,"writeOnly":true}}"""
            + ""","required":["c"],"additionalProperties":false}""",
        Of(
            new JobParameter("a", typeof(string), true)
            {
                AllowsNull = true,
                Rules = static () => [new EmailAddressAttribute(), new StringLengthAttribute(50)],
            },
            new JobParameter("b", typeof(int), true)
            {
                Rules = static () => [new RangeAttribute(1, 10) { MaximumIsExclusive = true }],
            },
            new JobParameter("c", typeof(string), false)
            {
                IsSensitive = true,
                Rules = static () => [new MinLengthAttribute(8)],
            }));

    [Fact]
    public void Of_AnnotatedType_SaysItsRules() => Assert.Equal(
        """{"type":"object","properties":{"p":{"type":"object","properties":"""
            + """{"number":{"type":"string","writeOnly":true,"pattern":"^(?:[0-9]\u002B)$"}"""
            + ""","lines":{"type":"array","items":{"type":"object","properties":"""
            + """{"price":{"type":"number","minimum":0.5,"maximum":9.5}},"required":["price"]},"minItems":1}"""
            + ""","link":{"type":["string","null"],"default":null,"format":"uri"}},"required":["number","lines"]}}"""
            + ""","required":["p"],"additionalProperties":false}""",
        Ordered(Of(new JobParameter("p", typeof(Order), false))!));

    [Fact]
    public void Of_TypeThatHoldsItself_RefersWithinTheWhole()
    {
        var schema = Of(new JobParameter("a", typeof(Node), false), new JobParameter("b", typeof(Node), false))!;

        Assert.Contains("\"#/properties/a/properties/next\"", schema, StringComparison.Ordinal);
        Assert.Contains("\"#/properties/b/properties/next\"", schema, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_NoParameters_IsAnEmptyObject() => Assert.Equal(
        """{"type":"object","properties":{},"additionalProperties":false}""",
        JobSchema.Of(
            new JobDefinition("n", static _ => default) { BindArguments = static (_, _, _) => JobArguments.None },
            Serializer));

    [Fact]
    public void Of_WhatHasNoSchema_IsNull()
    {
        Assert.Null(JobSchema.Of(new JobDefinition("n", static _ => default), Serializer));
        Assert.Null(Of(new JobParameter("p", typeof(Twice), false)));
        Assert.Null(Of(new JobParameter("p", typeof(int), false)
        {
            Rules = static () => throw new InvalidOperationException("broken"),
        }));
        Assert.Null(Of(
            [.. Enumerable.Range(0, 600).Select(i => new JobParameter($"parameter_{i}", typeof(int), false))]));
    }

    private static string? Of(params JobParameter[] parameters) => JobSchema.Of(
        new JobDefinition("n", static _ => default) { Parameters = [.. parameters] }, Serializer);

    private static string Ordered(string schema) => schema.Replace(
        """{"type":"string","pattern":"^(?:[0-9]\u002B)$","writeOnly":true}""",
        """{"type":"string","writeOnly":true,"pattern":"^(?:[0-9]\u002B)$"}""",
        StringComparison.Ordinal);

    [JsonConverter(typeof(JsonStringEnumConverter<Size>))]
    private enum Size
    {
        Small,
        Large,
    }

    private sealed record Order(
        [property: Sensitive, RegularExpression("[0-9]+")] string Number,
        [MinLength(1)] IReadOnlyList<Line> Lines,
        [property: Url] string? Link = null);

    private sealed record Line([property: Range(0.5, 9.5)] double Price);

    private sealed record Node(string Name, Node? Next);

    private sealed record Twice([property: JsonPropertyName("a")] int A, [property: JsonPropertyName("a")] int B);
}

using System.Text;
using System.Text.Json;

namespace Lovage.Tests.Jobs;

public sealed class JobArgumentsTests
{
    private static readonly JobSerializer Serializer = new();

    [Fact]
    public void None_WritesNothing() => Assert.Equal("[[],{}]", Write(JobArguments.None));

    [Fact]
    public void Of_Nothing_IsNone()
    {
        Assert.Same(JobArguments.None, JobArguments.Of([]));
        Assert.Same(JobArguments.None, JobArguments.Of([], []));
    }

    [Fact]
    public void Of_Values_WritesEachByItsOwnType() =>
        Assert.Equal(
            """[[1,"two",null,2.5,true,[1,2]],{"when":"2026-01-02","none":null}]""",
            Write(JobArguments.Of(
                [1, "two", null, 2.5, true, new[] { 1, 2 }],
                [new("when", new DateOnly(2026, 1, 2)), new("none", null)])));

    [Fact]
    public void Of_ListChangedAfterwards_KeepsWhatWasGiven()
    {
        var values = new List<object?> { 1 };
        var arguments = JobArguments.Of(values);
        values[0] = 2;
        values.Add(3);
        Assert.Equal("[[1],{}]", Write(arguments));
    }

    [Fact]
    public void Of_Null_Throws() => Assert.Throws<ArgumentNullException>(() => JobArguments.Of(null!));

    [Theory]
    [InlineData("""[1,{"a":[null]},"x"]""", """[[1,{"a":[null]},"x"],{}]""")]
    [InlineData("""{"a":1,"b":[2]}""", """[[],{"a":1,"b":[2]}]""")]
    [InlineData("[]", "[[],{}]")]
    [InlineData("{}", "[[],{}]")]
    public void FromJson_ArrayOrObject_IsPositionalOrByName(string json, string expected)
    {
        JobArguments arguments;
        using (var document = JsonDocument.Parse(json))
        {
            arguments = JobArguments.FromJson(document.RootElement);
        }

        // The document is gone: a copy was taken.
        Assert.Equal(expected, Write(arguments));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"x\"")]
    [InlineData("null")]
    [InlineData("true")]
    public void FromJson_AnythingElse_ThrowsAndSaysWhatItGot(string json)
    {
        using var document = JsonDocument.Parse(json);
        var error = Assert.Throws<ArgumentException>(() => JobArguments.FromJson(document.RootElement));
        Assert.Contains(document.RootElement.ValueKind.ToString(), error.Message, StringComparison.Ordinal);
    }

    private static string Write(JobArguments arguments)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            writer.WriteStartArray();
            arguments.WritePositional(writer, Serializer);
            writer.WriteEndArray();
            writer.WriteStartObject();
            arguments.WriteKeyword(writer, Serializer);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}

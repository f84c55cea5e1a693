using System.Text;

namespace Lovage.Tests.Jobs;

public sealed class SecretTextsTests
{
    private const string Long = "sk-0123456789abcdefghijklmnop";

    [Theory]
    [InlineData("\"hunter2\"", "password hunter2 is wrong", "password [hidden] is wrong")]
    [InlineData("\"hunter2\"", "hunter2hunter2,hunter", "[hidden][hidden],hunter")]
    [InlineData("\"abc\"", "abc is too short to be found", "abc is too short to be found")]
    [InlineData("4111111111111111", "card 4111111111111111.", "card [hidden].")]
    [InlineData("123", "123", "123")]
    [InlineData("true", "true", "true")]
    [InlineData("null", "null", "null")]
    [InlineData("[\"first\",{\"a\":\"other\"},98765]", "first, other and 98765", "[hidden], [hidden] and [hidden]")]
    [InlineData("\"a\\\"quote\"", "a\"quote as it is and a\\\"quote as JSON", "[hidden] as it is and [hidden] as JSON")]
    [InlineData("\"line one\\r\\nline two\"", "only line two", "only [hidden]")]
    [InlineData("\"  padded  \"", "padded", "[hidden]")]
    [InlineData("\"" + Long + "\"", "cut off: sk-0123456789abcdef", "cut off: [hidden]")]
    [InlineData("\"" + Long + "\"", "cut: sk-01234... and on", "cut: [hidden]... and on")]
    [InlineData("\"" + Long + "\"", "at the end sk-01234", "at the end [hidden]")]
    [InlineData("\"" + Long + "\"", "sk-01234 is the beginning of many", "sk-01234 is the beginning of many")]
    [InlineData("\"" + Long + "\"", "0123456789abcdefghijklmnop", "0123456789abcdefghijklmnop")]
    public void Clean_SensitiveValue_IsReplacedWhereItStands(string value, string text, string expected)
    {
        var secrets = Of(value);

        Assert.Equal(expected, secrets.Clean(text));
    }

    [Fact]
    public void Clean_TextWithoutSecret_IsTheSameObject()
    {
        var text = new string('x', 20);

        Assert.Same(text, Of("\"hunter2\"").Clean(text));
        Assert.Null(Of("\"hunter2\"").CleanOrNull(null));
    }

    [Fact]
    public void Of_NothingSensitive_IsNull() => Assert.Null(SecretTexts.Of("[[1],{},null]"u8.ToArray(), []));

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("[1,2]")]
    [InlineData("[]")]
    public void Clean_BodyThatCannotBeRead_HidesEachTextAsAWhole(string body) =>
        Assert.Equal("[hidden]", SecretTexts.Of(Encoding.UTF8.GetBytes(body), ["a"])!.Clean("some text"));

    [Fact]
    public void Clean_TooManySecrets_HidesEachTextAsAWhole()
    {
        var many = string.Join(',', Enumerable.Range(1000, 257));

        Assert.Equal("[hidden]", Of($"[{many}]").Clean("some text"));
    }

    [Fact]
    public void Clean_OtherArguments_StayInTexts()
    {
        var secrets = SecretTexts.Of(
            """[["shown",{"number":"4111-1","holder":"Ada Byron"}],{"key":"k-123","other":"o-123"},{}]"""u8.ToArray(),
            ["card.number#2", "key#3"])!;

        Assert.Equal(
            "shown [hidden] Ada Byron [hidden] o-123", secrets.Clean("shown 4111-1 Ada Byron k-123 o-123"));
    }

    [Fact]
    public void Clean_ErrorThatHoldsASecret_BecomesOneWithoutIt()
    {
        var secrets = Of("\"hunter2\"");
        var harmless = new InvalidOperationException("nothing");
        var inner = new InvalidOperationException("outer", new ArgumentException("hunter2 inside"));

        Assert.Same(harmless, secrets.Clean(harmless));
        Assert.Null(secrets.Clean((Exception?)null));
        var shown = secrets.Clean(inner);
        Assert.StartsWith("System.InvalidOperationException: outer", shown.Message, StringComparison.Ordinal);
        Assert.Contains("[hidden] inside", shown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", $"{shown} {shown.Message} {shown.StackTrace}", StringComparison.Ordinal);
        Assert.Null(shown.InnerException);
    }

    [Fact]
    public void Clean_ErrorWhoseTextThrows_IsReplaced()
    {
        var shown = Of("\"hunter2\"").Clean(new Unspeakable());

        Assert.IsNotType<Unspeakable>(shown);
        Assert.Contains("could not be read", shown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_SecretAtTheCut_IsNotHalved()
    {
        var text = new string('x', JobError.TextLengthMax - 6) + "hunter2-and-more";

        var error = JobError.From(new InvalidOperationException(text), Of("\"hunter2-and-more\""));

        Assert.DoesNotContain("hun", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length <= JobError.TextLengthMax);
    }

    private static SecretTexts Of(string value) =>
        SecretTexts.Of(Encoding.UTF8.GetBytes($"[[{value}],{{}},null]"), ["password#1"])!;

    private sealed class Unspeakable : Exception
    {
        public override string Message => throw new InvalidOperationException("hunter2");
    }
}

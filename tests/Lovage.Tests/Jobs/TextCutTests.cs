namespace Lovage.Tests.Jobs;

public sealed class TextCutTests
{
    private const string Emoji = "\U0001F600";

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdefg", 6, "abc...")]
    [InlineData("ab" + Emoji + "defg", 6, "ab...")]
    [InlineData("ab" + Emoji + "defg", 7, "ab" + Emoji + "...")]
    public void Of_AnyText_EndsBetweenCharacters(string text, int lengthMax, string expected) =>
        Assert.Equal(expected, TextCut.Of(text, lengthMax));

    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("ab" + Emoji, 3, "ab")]
    [InlineData("ab" + Emoji, 4, "ab" + Emoji)]
    [InlineData(Emoji, 0, "")]
    public void Bare_AnyText_EndsBetweenCharacters(string text, int lengthMax, string expected) =>
        Assert.Equal(expected, TextCut.Bare(text, lengthMax));

    [Fact]
    public void Of_HalfACharacterOfTheTextsOwn_IsReplaced()
    {
        // An attribute could not hold these texts.
        Assert.Equal("a\ufffdb", TextCut.Of("a" + Emoji[0] + "b", 6));
        Assert.Equal("\ufffd", TextCut.Bare(Emoji[1..], 6));
    }

    [Fact]
    public void Error_LongMessageWithAnEmojiAtTheCut_HoldsNoHalfOfIt()
    {
        var message = new string('x', JobError.TextLengthMax - 4) + Emoji + "tail";

        var error = JobError.From(new InvalidOperationException(message));

        Assert.Equal(new string('x', JobError.TextLengthMax - 4) + "...", error.Message);
    }
}

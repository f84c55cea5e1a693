using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;
using Xunit;

namespace Lovage.Quickstart.Tests.Mailing;

public sealed class AnnotationTests
{
    private static readonly string Sixty = new('a', 60);

    public static TheoryData<string> Addresses =>
    [
        "a@b.co",
        "ada.lovelace+tag@mail.example.com",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "A_B@xn--mller-kva.example",
        "1@2.example",
        $"{new string('a', 64)}@example.com",
        $"a@{Sixty}.{Sixty}.{Sixty}.{Sixty}.abcdefg",
    ];

    public static TheoryData<string> NoAddresses =>
    [
        "",
        " ",
        "a",
        "@b.com",
        "a@",
        "a@b",
        "a@b.",
        "a@.com",
        "a@b..com",
        "a@-b.com",
        "a@b-.com",
        "a@b.1",
        "a@b_c.com",
        ".a@b.com",
        "a.@b.com",
        "a..b@c.com",
        "a@b@c.com",
        "a b@c.com",
        " a@b.com",
        "a@b.com ",
        "a@b.com\n",
        "a@b.com\r\nBcc: x@y.com",
        "a\0@b.com",
        "a@b.com\u2028",
        "Bob <a@b.com>",
        "a@b.com, c@d.com",
        "\"a b\"@c.com",
        "a(comment)@b.com",
        "a@[127.0.0.1]",
        "m\u00fcller@b.com",
        "a@m\u00fcller.com",
        "\u212A@b.com",
        "a@\u212A.com",
        $"{new string('a', 65)}@example.com",
        $"a@{new string('b', 64)}.com",
        $"a@{Sixty}.{Sixty}.{Sixty}.{Sixty}.abcdefghi",
    ];

    [Theory]
    [MemberData(nameof(Addresses))]
    public void MailAddress_Deliverable_IsTaken(string text)
    {
        Assert.True(new MailAddressAttribute().IsValid(text));
        Assert.Equal(text, new System.Net.Mail.MailAddress(text).Address, ignoreCase: true);
    }

    [Theory]
    [MemberData(nameof(NoAddresses))]
    public void MailAddress_AnythingElse_IsRefused(string text) =>
        Assert.False(new MailAddressAttribute().IsValid(text));

    [Theory]
    [InlineData("x")]
    [InlineData("a name with blanks")]
    [InlineData("Ünï — 日本語 עברית\u200f العربية 👩‍🚀 e\u0301")]
    [InlineData("<script>%0A\\n")]
    public void PlainText_OneLineOfText_IsTaken(string text) => Assert.True(new PlainTextAttribute().IsValid(text));

    [Theory]
    [InlineData(" \u00a0")]
    [InlineData("a\tb")]
    [InlineData("a\rb")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u001bb")]
    [InlineData("a\u007fb")]
    [InlineData("a\u0085b")]
    [InlineData("a\u2028b")]
    [InlineData("a\u2029b")]
    [InlineData("a\u202eb")]
    [InlineData("a\u2066b")]
    public void PlainText_ThatIsNotOnePlainLine_IsRefused(string text) =>
        Assert.False(new PlainTextAttribute().IsValid(text));

    [Fact]
    public void PlainText_HalfOfASurrogatePair_IsRefused()
    {
        // A test case with such a text could not be reported.
        Assert.False(new PlainTextAttribute().IsValid("a\ud83d"));
        Assert.False(new PlainTextAttribute().IsValid("\ude00\ud83d"));
        Assert.True(new PlainTextAttribute().IsValid("\ud83d\ude00\ufffd"));
    }
}

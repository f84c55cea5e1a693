using System.Text;
using Quickstart.Jobs.Mailing;
using Xunit;

namespace Lovage.Quickstart.Tests.Mailing;

public sealed class EmlTextTests
{
    private static readonly DateTimeOffset Date = new(2026, 3, 1, 14, 5, 9, TimeSpan.FromHours(2));

    [Fact]
    public void Of_PlainMail_IsHeadersAndBodyInCrLfLines() =>
        Assert.Equal(
            "Date: Sun, 01 Mar 2026 12:05:09 +0000\r\nFrom: shop@example.com\r\nTo: ada@example.org\r\nMessage-ID: "
            + "<7@example.com>\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße,\r\n\r\nAda\r\n",
            EmlText.Of(new Mail("ada@example.org", "Hello", "Grüße,\n\nAda\r\n"), "shop@example.com", Date, "7"));

    [Theory]
    [InlineData("Grüße 🌿")]
    [InlineData("日本語の件名はとても長いので、いくつかのエンコードされた単語に分けなければなりません。絵文字も👩‍🚀あります。")]
    [InlineData(" blank at an end ")]
    [InlineData("=?utf-8?B?AAAA?=")]
    [InlineData("Hello\r\nBcc: x@example.com")]
    [InlineData("Hello\u2028Bcc: x@example.com\u0085\0")]
    public void Of_OtherSubject_IsEncodedInShortLinesThatDecodeToIt(string subject)
    {
        var lines = EmlText.Of(new Mail("ada@example.org", subject, "text"), "shop@example.com", Date, "7")
            .Split("\r\n");

        var start = Array.FindIndex(lines, line => line.StartsWith("Subject: ", StringComparison.Ordinal));
        var header = lines.Skip(start).TakeWhile((line, i) => i == 0 || line.StartsWith(' ')).ToArray();
        Assert.All(header, line => Assert.InRange(line.Length, 1, 76));
        Assert.Equal(subject, string.Concat(header.Select(Decode)));
        Assert.StartsWith("MIME-Version:", lines[start + header.Length], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.StartsWith("Bcc", StringComparison.Ordinal));

        static string Decode(string line) =>
            Encoding.UTF8.GetString(
                Convert.FromBase64String(line[(line.IndexOf("?B?", StringComparison.Ordinal) + 3)..^2]));
    }

    [Fact]
    public void Of_LongLine_IsBase64OfCrLfLines()
    {
        var eml = EmlText.Of(
            new Mail("ada@example.org", "Hello", $"{new string('é', 500)}\nend"), "shop@example.com", Date, "7");

        Assert.Contains("\r\nContent-Transfer-Encoding: base64\r\n\r\n", eml, StringComparison.Ordinal);
        Assert.All(eml.Split("\r\n"), line => Assert.InRange(line.Length, 0, 76));
        Assert.Equal($"{new string('é', 500)}\r\nend", Encoding.UTF8.GetString(
            Convert.FromBase64String(eml[eml.IndexOf("\r\n\r\n", StringComparison.Ordinal)..])));
    }

    [Fact]
    public void Of_AddressThatIsNone_IsRefused() =>
        Assert.Throws<FormatException>(() => EmlText.Of(
            new Mail("a@b.com\r\nBcc: x@example.com", "Hello", "text"), "shop@example.com", Date, "7"));

    [Fact]
    public async Task SendAsync_ManyAtOnce_EachMailHasAFileOfItsOwn()
    {
        var folder = Directory.CreateTempSubdirectory("outbox-");
        try
        {
            var mailer = new OutboxMailer(Path.Combine(folder.FullName, "outbox"), TimeProvider.System);

            await Task.WhenAll(Enumerable.Range(0, 100).Select(
                i => mailer.SendAsync(Mail.Welcome($"a{i}@example.org"), TestContext.Current.CancellationToken)));

            var files = Directory.GetFiles(Path.Combine(folder.FullName, "outbox"));
            Assert.All(files, file => Assert.EndsWith(".eml", file, StringComparison.Ordinal));
            Assert.Equal(100, files.Select(File.ReadAllText)
                .SelectMany(text => text.Split("\r\n"))
                .Where(line => line.StartsWith("To: ", StringComparison.Ordinal))
                .Distinct()
                .Count());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task SendAsync_AddressThatIsNone_IsNotSentOverSmtp() =>
        await Assert.ThrowsAsync<FormatException>(
            () => new SmtpMailer(new SmtpOptions { Host = "127.0.0.1", From = "shop@example.com" }, TimeProvider.System)
                .SendAsync(
                    new Mail("a@b.com\r\nBcc: x@example.com", "Hello", "text"), TestContext.Current.CancellationToken));
}

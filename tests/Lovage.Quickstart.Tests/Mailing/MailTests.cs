using MimeKit;
using Quickstart.Jobs.Mailing;
using Xunit;

namespace Lovage.Quickstart.Tests.Mailing;

public sealed class MailTests
{
    private static readonly DateTimeOffset Date = new(2026, 3, 1, 14, 5, 9, TimeSpan.FromHours(2));

    [Theory]
    [InlineData("Grüße 🌿")]
    [InlineData("日本語の件名はとても長いので、いくつかのエンコードされた単語に分けなければなりません。絵文字も👩‍🚀あります。")]
    [InlineData("=?utf-8?B?AAAA?=")]
    [InlineData("Hello\r\nBcc: x@example.com")]
    [InlineData("Hello\u2028Bcc: x@example.com\u0085")]
    public async Task ToMessage_AnySubject_AddsNoHeader(string subject)
    {
        var (text, read) = await RoundTripAsync(new Mail("ada@example.org", subject, "text"));

        Assert.DoesNotContain(text.Split('\n'), line => line.StartsWith("Bcc", StringComparison.Ordinal));
        Assert.Empty(read.Bcc);
        Assert.Equal(["ada@example.org"], read.To.Mailboxes.Select(address => address.Address));
    }

    [Theory]
    [InlineData("Grüße,\n\nAda\r\n")]
    [InlineData("ééé\n.\nFrom here on\n")]
    public async Task ToMessage_Text_ComesBack(string text)
    {
        var (_, read) = await RoundTripAsync(new Mail("ada@example.org", "Hello", text));

        Assert.Equal(text.ReplaceLineEndings(), read.TextBody!.ReplaceLineEndings());
        Assert.Equal((Date, "Hello"), (read.Date, read.Subject));
        Assert.EndsWith("@example.com", read.MessageId, StringComparison.Ordinal);
    }

    [Fact]
    public void ToMessage_AddressThatIsNone_IsRefused() =>
        Assert.Throws<FormatException>(
            () => new Mail("a@b.com\r\nBcc: x@example.com", "Hello", "text").ToMessage("shop@example.com", Date));

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

    private static async Task<(string Text, MimeMessage Read)> RoundTripAsync(Mail mail)
    {
        using var stream = new MemoryStream();
        using var message = mail.ToMessage("shop@example.com", Date);
        await message.WriteToAsync(stream, TestContext.Current.CancellationToken);
        stream.Position = 0;
        var read = await MimeMessage.LoadAsync(stream, TestContext.Current.CancellationToken);
        return (System.Text.Encoding.UTF8.GetString(stream.ToArray()), read);
    }
}

using System.Text;
using MimeKit.Utils;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>The built sample with a mail server.</summary>
public sealed class SmtpTests(SmtpQuickstart app) : IClassFixture<SmtpQuickstart>
{
    private const int TimeLimit = 60_000;

    [Fact(Timeout = TimeLimit)]
    public async Task Notify_WithAMailServer_DeliversToIt()
    {
        Assert.Equal(
            """{"status":"Notification queued"}""", (await app.PostAsync("/notify?email=ada@example.org")).Text);

        var mail = await app.Server.NextAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["MAIL FROM:<shop@example.com>", "RCPT TO:<ada@example.org>"], mail.Envelope);
        Assert.Contains("To: ada@example.org", mail.Lines);
        Assert.Equal("Welcome 🌿", Rfc2047.DecodeText(Encoding.UTF8.GetBytes(
            mail.Lines.Single(line => line.StartsWith("Subject: ", StringComparison.Ordinal))["Subject: ".Length..])));
        Assert.Single(mail.Lines, line => line.StartsWith("Date: ", StringComparison.Ordinal));
        Assert.Single(mail.Lines, line => line.StartsWith("Message-ID: <", StringComparison.OrdinalIgnoreCase)
            && line.EndsWith("@example.com>", StringComparison.Ordinal));
        Assert.False(Directory.Exists(app.File("outbox")));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Subscribe_ServerIsBusyAtFirst_IsTriedAgain()
    {
        app.Server.RefuseNext(2);

        await app.PostAsync("/subscribe/?email=bob@example.org");

        var mail = await app.Server.NextAsync(TestContext.Current.CancellationToken);
        Assert.Contains("RCPT TO:<bob@example.org>", mail.Envelope);
        Assert.Equal(0, app.Server.RefusalsLeft);
    }
}

public sealed class SmtpQuickstart : QuickstartProcess
{
    public SmtpQuickstart()
        : this(new FakeSmtpServer())
    {
    }

    private SmtpQuickstart(FakeSmtpServer server)
        : base(
            "memory:",
            "--Smtp:Host",
            "127.0.0.1",
            "--Smtp:Port",
            $"{server.Port}",
            "--Smtp:From",
            "shop@example.com") =>
        Server = server;

    internal FakeSmtpServer Server { get; }
}

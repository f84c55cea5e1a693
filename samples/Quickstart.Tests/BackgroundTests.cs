using Lovage;
using Microsoft.Extensions.DependencyInjection;
using Quickstart.Jobs.Mailing;
using Xunit;

namespace Quickstart.Tests;

/// <summary>Rungs 1 and 2: work after the response, and spawned work, on a clock that the test moves.</summary>
public sealed class BackgroundTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Items_Posted_LineIsWritten()
    {
        await using var app = new QuickstartApp();

        Assert.Equal("""{"message":"Item created"}""", await PostAsync(app, "/items/?name=lovage"));

        await app.StopAsync(Cancellation);
        Assert.Equal(["New item: lovage"], await File.ReadAllLinesAsync(app.File("logs.txt"), Cancellation));
    }

    [Fact]
    public async Task Notify_SlowMailer_AnswersBeforeTheMailIsSent()
    {
        await using var app = new QuickstartApp();
        var gate = new TaskCompletionSource();
        app.Mailer.Gate = gate.Task;

        Assert.Equal("""{"status":"Notification queued"}""", await PostAsync(app, "/notify?email=ada@example.com"));

        gate.SetResult();
        Assert.Equal(Mail.Welcome("ada@example.com"), await app.Mailer.NextAsync(Cancellation));
    }

    [Fact]
    public async Task Notify_WithoutASmtpServer_MailIsInTheOutbox()
    {
        // The app's own mailer, in a folder of the test: what is registered last wins.
        await using var app = new QuickstartApp();
        await using var withOutbox = app.WithWebHostBuilder(web => web.ConfigureServices(
            services => services.AddSingleton<IMailer>(new OutboxMailer(app.File("outbox"), app.Time))));

        Assert.Equal(
            """{"status":"Notification queued"}""", await PostAsync(withOutbox, "/notify?email=ada@example.com"));

        await withOutbox.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHost>().StopAsync(Cancellation);
        var mail = await File.ReadAllLinesAsync(
            Assert.Single(Directory.GetFiles(app.File("outbox"), "*.eml")), Cancellation);
        Assert.Contains("To: ada@example.com", mail);
        Assert.Contains("Date: Thu, 01 Jan 2026 00:00:00 +0000", mail);
    }

    [Fact(Timeout = 60_000)]
    public async Task Subscribe_ThreeSecondsLater_SendsTheMail()
    {
        await using var app = new QuickstartApp();

        Assert.Equal("""{"status":"Subscribed"}""", await PostAsync(app, "/subscribe/?email=ada@example.com"));

        app.Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(0, app.Mailer.Tries);
        app.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(Mail.Subscribed("ada@example.com"), await app.Mailer.NextAsync(Cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task Subscribe_MailerFails_IsTriedThreeTimesThenReported()
    {
        await using var app = new QuickstartApp();
        app.Mailer.Error = new TimeoutException("the mail server is away");

        await PostAsync(app, "/subscribe/?email=ada@example.com");

        // Waits of random length lie between the tries: the clock runs until it is over.
        while (!app.Failure.IsCompleted)
        {
            app.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var failure = await app.Failure;
        Assert.Equal((TaskKind.Spawned, "mail.subscribed", 3), (failure.Kind, failure.Name, failure.Attempts));
        Assert.Same(app.Mailer.Error, failure.Exception);
        Assert.Equal(3, app.Mailer.Tries);
    }

    [Fact]
    public async Task Notify_MailerFails_IsReportedAfterOneTry()
    {
        await using var app = new QuickstartApp();
        app.Mailer.Error = new TimeoutException("the mail server is away");

        // The client does not see the failure: the app answered before it.
        Assert.Equal("""{"status":"Notification queued"}""", await PostAsync(app, "/notify?email=ada@example.com"));

        Assert.Equal(
            (TaskKind.AfterResponse, "mail.welcome", 1),
            ((await app.Failure).Kind, (await app.Failure).Name, (await app.Failure).Attempts));
    }

    private static async Task<string> PostAsync(
        Microsoft.AspNetCore.Mvc.Testing.WebApplicationFactory<Program> app, string path)
    {
        using var http = app.CreateClient();
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), null, Cancellation);
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Cancellation);
    }
}

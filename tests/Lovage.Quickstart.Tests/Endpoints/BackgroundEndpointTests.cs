using System.Diagnostics;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>
/// Work after the response and spawned work of the built sample, over real sockets and with its real files.
/// </summary>
public sealed class BackgroundEndpointTests(MemoryQuickstart app) : IClassFixture<MemoryQuickstart>
{
    private const int TimeLimit = 60_000;
    private const string Prefix = "New item: ";

    private static readonly string TwoHundred = new('x', 200);

    [Theory(Timeout = TimeLimit)]
    [InlineData("/items/")]
    [InlineData("/items")]
    public async Task Items_Created_AnswersThenWritesALine(string path)
    {
        var name = $"Café {Guid.NewGuid()} 👩‍🚀";

        var answer = await app.PostAsync($"{path}?name={Uri.EscapeDataString(name)}");

        Assert.Equal((200, """{"message":"Item created"}"""), (answer.Status, answer.Text));
        await WaitForLinesAsync(line => line == Prefix + name, 1);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Items_TwoHundredAtOnce_AreTwoHundredWholeLines()
    {
        var run = Guid.NewGuid().ToString();
        var names = Enumerable.Range(0, 200).Select(i => $"{run} {i} {new string('é', i % 100)}").ToArray();

        var answers = await Task.WhenAll(
            names.Select(name => app.PostAsync($"/items/?name={Uri.EscapeDataString(name)}")));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        var lines = await WaitForLinesAsync(line => line.StartsWith(Prefix + run, StringComparison.Ordinal), 200);
        Assert.Equal(
            names.Select(name => Prefix + name).Order(StringComparer.Ordinal), lines.Order(StringComparer.Ordinal));
        Assert.All(await ReadLinesAsync(), line => Assert.StartsWith(Prefix, line, StringComparison.Ordinal));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("")]
    [InlineData("?name=")]
    [InlineData("?name=%20%09")]
    [InlineData("?name=a%0D%0ANew%20item:%20forged")]
    [InlineData("?name=a%0Aforged")]
    [InlineData("?name=a%00forged")]
    [InlineData("?name=a%1B%5B31mforged")]
    [InlineData("?name=a%C2%85forged")]
    [InlineData("?name=a%E2%80%A8forged")]
    [InlineData("?name=a%E2%80%AEforged")]
    [InlineData("?name=a%E2%81%A6forged")]
    [InlineData("?name=%E2%80%8B")]
    [InlineData("?name=%EF%BB%BF%20")]
    public async Task Items_HostileName_IsRefusedAndNamed(string query)
    {
        Assert.Contains("name", (await app.PostAsync($"/items/{query}")).Problem(400), StringComparison.Ordinal);

        // A good one after it: what was refused before has left no line by then.
        var next = Guid.NewGuid().ToString();
        await app.PostAsync($"/items/?name={next}");
        await WaitForLinesAsync(line => line == Prefix + next, 1);
        Assert.DoesNotContain(await ReadLinesAsync(), line => line.Contains("forged", StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Items_NameUpToTwoHundredCharacters_IsTaken()
    {
        Assert.Equal(200, (await app.PostAsync($"/items/?name={TwoHundred}")).Status);
        Assert.Contains(
            "200", (await app.PostAsync($"/items/?name={TwoHundred}x")).Problem(400), StringComparison.Ordinal);
        Assert.Contains(
            "name",
            (await app.PostAsync($"/items/?name={new string('x', 10_240)}")).Problem(400),
            StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("/notify")]
    [InlineData("/notify/")]
    public async Task Notify_Address_AnswersThenWritesAMail(string path)
    {
        var address = $"a+{Guid.NewGuid():N}@example.com";

        var answer = await app.PostAsync($"{path}?email={Uri.EscapeDataString(address)}");

        Assert.Equal((200, """{"status":"Notification queued"}"""), (answer.Status, answer.Text));
        var mail = await WaitForMailAsync(address);
        Assert.Contains("\r\nSubject: Welcome =?utf-8?", mail, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mail.Replace("\r\n", "", StringComparison.Ordinal));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("/subscribe/")]
    [InlineData("/subscribe")]
    public async Task Subscribe_Address_AnswersAtOnceAndWritesAMailThreeSecondsLater(string path)
    {
        var address = $"s{Guid.NewGuid():N}@example.com";
        var clock = Stopwatch.StartNew();

        var answer = await app.PostAsync($"{path}?email={address}");

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(3), $"It took {clock.Elapsed}.");
        Assert.Equal((200, """{"status":"Subscribed"}"""), (answer.Status, answer.Text));
        await WaitForMailAsync(address);
        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(3), $"The mail came after {clock.Elapsed}.");
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("")]
    [InlineData("?email=")]
    [InlineData("?email=no-address")]
    [InlineData("?email=a@b.com%0D%0ABcc:%20x@example.com")]
    [InlineData("?email=a@b.com%0A")]
    [InlineData("?email=a%00@b.com")]
    [InlineData("?email=a@b.com,c@d.com")]
    [InlineData("?email=a@b.com&email=c@d.com")]
    [InlineData("?email=Bob%20%3Ca@b.com%3E")]
    [InlineData("?email=m%C3%BCller@b.com")]
    [InlineData("?email=a@b%E2%80%AE.com")]
    public async Task NotifyAndSubscribe_HostileAddress_IsRefusedAndNamed(string query)
    {
        Assert.Contains("email", (await app.PostAsync($"/notify{query}")).Problem(400), StringComparison.Ordinal);
        Assert.Contains("email", (await app.PostAsync($"/subscribe/{query}")).Problem(400), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Notify_AddressOfTenKilobytes_IsRefused() =>
        Assert.Contains(
            "254",
            (await app.PostAsync($"/notify?email={new string('a', 10_240)}@b.com")).Problem(400),
            StringComparison.Ordinal);

    [Fact(Timeout = TimeLimit)]
    public async Task Welcome_Enqueued_IsTheSameHandlerRunByTheWorker()
    {
        var address = $"w{Guid.NewGuid():N}@example.com";

        await app.WaitAsync(await app.EnqueueAsync("/jobs/mail.welcome", $"""["{address}"]"""), "SUCCESS", "FAILURE");

        await WaitForMailAsync(address);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Welcome_EnqueuedWithAHostileAddress_SendsNothing()
    {
        var answer = await app.PostAsync("/jobs/mail.welcome", """["h@b.com\r\nBcc: x@example.com"]""");

        // Refused where it is enqueued, or by the handler at its only attempt.
        if (answer.Status != 400)
        {
            var task = await app.WaitAsync(answer.Json.GetProperty("task_id").GetString()!, "FAILURE", "SUCCESS");
            Assert.Equal(
                ("FAILURE", 1), (task.GetProperty("status").GetString(), task.GetProperty("attempts").GetInt32()));
        }

        Assert.DoesNotContain(Mails(), mail => mail.Contains("Bcc", StringComparison.Ordinal));
    }

    private async Task<string[]> ReadLinesAsync()
    {
        using var file = new StreamReader(
            new FileStream(app.File("logs.txt"), FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        var text = await file.ReadToEndAsync(TestContext.Current.CancellationToken);

        // What stands after the last line end is a line that is being written.
        return text.Split('\n')[..^1];
    }

    /// <summary>Looks until the lines are there; the test's own time limit bounds it.</summary>
    private async Task<string[]> WaitForLinesAsync(Predicate<string> isWanted, int count)
    {
        while (true)
        {
            var lines = Array.FindAll(await ReadLinesAsync(), isWanted);
            if (lines.Length >= count)
            {
                Assert.Equal(count, lines.Length);
                return lines;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private async Task<string> WaitForMailAsync(string address)
    {
        while (true)
        {
            if (Mails().SingleOrDefault(mail => mail.Contains($"To: {address}\r\n", StringComparison.Ordinal))
                is { } mail)
            {
                return mail;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private IEnumerable<string> Mails() =>
        Directory.CreateDirectory(app.File("outbox")).GetFiles("*.eml").Select(file => File.ReadAllText(file.FullName));
}

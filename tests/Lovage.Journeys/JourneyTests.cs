using Lovage.Journeys.Apps;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Lovage.Journeys;

/// <summary>What a person does in the console, from the first click to what the storage then holds.</summary>
/// <typeparam name="TFixture">On which storage.</typeparam>
public abstract class JourneyTests<TFixture>(TFixture fixture, Browser browser) : IClassFixture<TFixture>
    where TFixture : AppFixture
{
    private ConsoleApp App => fixture.App;

    [Fact(Timeout = 120_000)]
    public async Task Enqueue_FromTheForm_ShowsProgressAndLogsWhileItRuns()
    {
        await using var page = await browser.OpenAsync(App.Console);
        await page.GoAsync("enqueue?name=sleep");
        await page.Argument("seconds").FillAsync("6");
        await page.Field("Tags").FillAsync("order:4711, tenant:acme");
        await page.Button("Enqueue 1 job").ClickAsync();
        await page.Toast.GetByRole(AriaRole.Link).ClickAsync();

        await Expect(page.Heading).ToHaveTextAsync("sleep");
        await Expect(page.Main.Locator(".progress")).ToContainTextAsync("s to go");
        await Expect(page.Main.GetByRole(AriaRole.Heading, new() { Name = "Logs, live" })).ToBeVisibleAsync();
        await Expect(page.Main.Locator(".logs")).ToContainTextAsync("Sleeping for 6");
        await Expect(page.State("succeeded").First).ToBeVisibleAsync();

        await page.GoAsync("jobs?q=tag%3Aorder%3A4711");
        await Expect(page.Rows).ToHaveCountAsync(1);
        await Expect(page.Rows.First).ToContainTextAsync("tenant:acme");
    }

    [Fact(Timeout = 120_000)]
    public async Task Failure_ReadAndEdited_RunsAgainAsAnotherJob()
    {
        var id = await App.EnqueueAsync("/jobs/add", "[9223372036854775807, 1]");
        await App.WaitAsync(id, "FAILURE");
        await using var page = await browser.OpenAsync(App.Console, ColorScheme.Dark);
        await page.GoAsync("errors");
        await page.Main.GetByRole(AriaRole.Link, new() { Name = "OverflowException" }).First.ClickAsync();
        await Expect(page.Main).ToContainTextAsync("TrialJobs.Add");
        await Expect(page.Rows.First).ToBeVisibleAsync();

        // The group's jobs are those of other tests, too.
        await page.GoAsync($"jobs/{id}");
        await Expect(page.Heading).ToHaveTextAsync("add");
        await Expect(page.Main).ToContainTextAsync("OverflowException");

        await page.Button("More actions").ClickAsync();
        await page.MenuItem("Edit and run").ClickAsync();
        var arguments = page.Dialog.Locator("textarea");
        await Expect(arguments).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("9223372036854775807"));
        await arguments.FillAsync("""{"a": 40, "b": 2}""");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Run as a new job" }).ClickAsync();

        await Expect(page.Main.GetByText("Edited from")).ToBeVisibleAsync();
        await Expect(page.State("succeeded").First).ToBeVisibleAsync();
        await Expect(page.Main).ToContainTextAsync("42");
        await page.GoAsync($"jobs/{id}");
        await Expect(page.Main.GetByText("Edited into")).ToBeVisibleAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task Queue_PausedWithAReason_SaysSoUntilItIsResumed()
    {
        await App.WaitAsync(await App.EnqueueAsync("/jobs/add", "[2, 3]"), "SUCCESS");
        await using var page = await browser.OpenAsync(App.Console);
        await page.GoAsync("queues/default");
        await page.Button("Pause…").ClickAsync();
        await page.Dialog.GetByLabel("Reason").FillAsync("the mail server is down");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        await Expect(page.Main).ToContainTextAsync("the mail server is down");

        var waits = await App.EnqueueAsync("/jobs/add", "[2, 3]");
        await page.GoAsync($"jobs/{waits}");
        await Expect(page.State("queued").First).ToBeVisibleAsync();
        await page.GoAsync("queues/default");
        await page.Button("Resume…").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Resume", Exact = true }).ClickAsync();
        await App.WaitAsync(waits, "SUCCESS");

        await page.GoAsync("audit");
        await Expect(page.Main).ToContainTextAsync("the mail server is down");
    }

    [Fact(Timeout = 120_000)]
    public async Task Schedule_OverriddenRunAndPaused_GoesBackToItsCode()
    {
        await App.FindScheduleAsync("daily-report");
        await using var page = await browser.OpenAsync(App.Console, ColorScheme.Dark);
        await page.GoAsync("schedules/daily-report");
        await page.ActAsync("Override…");
        await page.Dialog.GetByLabel("Cron expression").FillAsync("*/5 * * * *");
        await Expect(page.Dialog).ToContainTextAsync("5 min");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Set the trigger" }).ClickAsync();
        await Expect(page.Main).ToContainTextAsync("Overridden here.");

        await page.ActAsync("Back to code…");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Back to code", Exact = true }).ClickAsync();
        await Expect(page.Main.GetByText("Overridden here.")).ToHaveCountAsync(0);

        await page.ActAsync("Run now…");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Enqueue 1 job" }).ClickAsync();
        await page.Toast.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.State("succeeded").First).ToBeVisibleAsync();

        await page.GoAsync("schedules/daily-report");
        await page.ActAsync("Pause…");
        await page.Dialog.GetByLabel("Reason").FillAsync("the report is being rewritten");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        await Expect(page.Main).ToContainTextAsync("This schedule is paused.");
        await page.ActAsync("Resume…");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Resume", Exact = true }).ClickAsync();
        await Expect(page.Main.GetByText("This schedule is paused.")).ToHaveCountAsync(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task RunningJob_Cancelled_StopsAndSaysWhy()
    {
        var id = await App.EnqueueAsync("/jobs/sleep", """{"seconds": 600}""");
        await App.WaitAsync(id, "STARTED");
        await using var page = await browser.OpenAsync(App.Console);
        await page.GoAsync($"jobs/{id}");
        await page.ActAsync("Cancel job");
        await page.Dialog.GetByLabel("Reason").FillAsync("the customer has left");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel job" }).ClickAsync();
        await Expect(page.State("cancelled").First).ToBeVisibleAsync();
        await App.WaitAsync(id, "REVOKED");
    }

    [Fact(Timeout = 240_000)]
    public async Task Operation_RunsAThousandAgainOverTime_AndIsCancelledHalfWay()
    {
        var stop = TestContext.Current.CancellationToken;
        await Parallel.ForAsync(0, 1_000, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = stop },
            async (i, _) => await App.EnqueueAsync("/jobs/add?queue=bulk", $"[9223372036854775807, {i + 1}]"));
        const string Failed = "state%3Afailed%20queue%3Abulk";
        while ((await App.GetAsync($"/lovage/api/jobs?limit=1&q={Failed}")).Json.GetProperty("count")
            .GetProperty("value").GetInt64() < 1_000)
        {
            await Task.Delay(100, stop);
        }

        await using var page = await browser.OpenAsync(App.Console);
        await page.GoAsync($"jobs?q={Failed}");
        await page.Button("Act on all 1,000").ClickAsync();
        await page.MenuItem("Run 1,000 jobs again").ClickAsync();
        await page.Dialog.GetByLabel("Spread over").SelectOptionAsync("60");
        await page.Dialog.GetByLabel("Reason").FillAsync("mended");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Run 1,000 jobs again" }).ClickAsync();

        await page.GoAsync("operations");
        var done = page.Main.Locator(".op-figures b").First;
        await Expect(done).Not.ToHaveTextAsync("0", new() { Timeout = 30_000 });
        await page.Main.GetByRole(AriaRole.Button, new() { Name = "Cancel…" }).ClickAsync();
        await page.Dialog.Locator("button[type=submit]").ClickAsync();
        await Expect(page.State("cancelled").First).ToBeVisibleAsync();
        var count = int.Parse(
            (await done.InnerTextAsync()).Replace(",", "", StringComparison.Ordinal),
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(count, 1, 999);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteJourneyTests(SqliteFixture fixture, Browser browser)
    : JourneyTests<SqliteFixture>(fixture, browser);

/// <summary>On PostgreSQL.</summary>
public sealed class PostgreSqlJourneyTests(PostgreSqlFixture fixture, Browser browser)
    : JourneyTests<PostgreSqlFixture>(fixture, browser);

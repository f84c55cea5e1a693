using Lovage.Journeys.Apps;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Lovage.Journeys;

/// <summary>Each page in both themes, wide and narrow, at the root and behind a path base.</summary>
public sealed class PageTests(SqliteFixture fixture, Browser browser) : IClassFixture<SqliteFixture>
{
    private static readonly string[] Paths =
    [
        "", "jobs", "jobs?q=state%3Afailed", "running", "errors", "errors?tab=dead", "queues", "queues/default",
        "workers", "schedules", "schedules/daily-report", "operations", "metrics", "enqueue", "enqueue?name=sleep",
        "local", "audit", "system",
    ];

    public static TheoryData<ColorScheme, int> Looks => new()
    {
        { ColorScheme.Light, 1280 },
        { ColorScheme.Dark, 1280 },
        { ColorScheme.Light, 390 },
        { ColorScheme.Dark, 390 },
    };

    private ConsoleApp App => fixture.App;

    [Theory(Timeout = 240_000)]
    [MemberData(nameof(Looks))]
    public async Task Pages_InEachLook_AreAccessibleAndFit(ColorScheme theme, int width)
    {
        var failed = await FillAsync();
        await using var page = await browser.OpenAsync(App.Console, theme, width);
        foreach (var path in (string[])[.. Paths, $"jobs/{failed}"])
        {
            await page.GoAsync(path);
            await page.CheckAccessibilityAsync($"{path} ({theme}, {width})");
            var over = await page.Tab.EvaluateAsync<int>(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(over <= 0, $"{path} is {over} pixels wider than the window of {width} ({theme}).");
            await SaveAsync(page, path, theme, width);
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData("")]
    [InlineData("ops/jobs")]
    public async Task Console_InAProcessOfItsOwn_WorksAtTheRootAndBehindAPathBase(string pathBase)
    {
        var failed = await FillAsync();
        string[] settings = pathBase.Length == 0 ? [] : ["--PathBase", $"/{pathBase}"];
        var (process, address) = await ConsoleProcess.StartAsync(App.Folder, settings);
        await using var _ = process;
        var console = new Uri(address, pathBase.Length == 0 ? "/" : $"/{pathBase}/");
        await using var page = await browser.OpenAsync(console);
        await page.Tab.GetByRole(AriaRole.Link, new() { Name = "Queues" }).First.ClickAsync();
        await Expect(page.Heading).ToHaveTextAsync("Queues");
        Assert.Equal(new Uri(console, "queues").ToString(), page.Tab.Url);

        // A page that is opened by its address, and a change that goes back to the app's worker.
        await page.GoAsync($"jobs/{failed}");
        await Expect(page.Heading).ToHaveTextAsync("add");
        await page.Button("Run again").ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Run again" }).ClickAsync();
        await Expect(page.Toast).ToContainTextAsync("again");
        await Expect(page.State("failed").First).ToBeVisibleAsync();
    }

    /// <summary>Some jobs of each kind, so that pages have rows.</summary>
    /// <returns>One that failed.</returns>
    private async Task<string> FillAsync()
    {
        var failed = await App.EnqueueAsync("/jobs/add", "[9223372036854775807, 1]");
        await App.EnqueueAsync("/jobs/add", "[2, 3]");
        await App.EnqueueAsync("/jobs/sleep?delay=3600", """{"seconds": 1}""");
        await App.EnqueueAsync("/jobs/sleep", """{"seconds": 5}""");
        await App.WaitAsync(failed, "FAILURE");
        return failed;
    }

    /// <summary>With <c>LOVAGE_SCREENSHOTS=FOLDER</c> each page is kept as a picture.</summary>
    private static async Task SaveAsync(ConsolePage page, string path, ColorScheme theme, int width)
    {
        if (Environment.GetEnvironmentVariable("LOVAGE_SCREENSHOTS") is not { Length: > 0 } folder)
        {
            return;
        }

        var name = path.Length == 0 ? "overview"
            : path.StartsWith("jobs/", StringComparison.Ordinal) ? "job"
            : string.Concat(path.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        await page.Tab.WaitForTimeoutAsync(500);
        await page.Tab.ScreenshotAsync(new()
        {
            Path = Path.Combine(folder, $"{name}-{width}-{(theme == ColorScheme.Dark ? "dark" : "light")}.png"),

            // On a phone what stays at the bottom would stand in the middle of a longer picture.
            FullPage = width > 640,
        });
    }
}

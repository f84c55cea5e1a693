using Lovage.Journeys;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(Browser))]

namespace Lovage.Journeys;

/// <summary>
/// The system's Chromium without a window, one for all tests. A test is skipped where there is none.
/// </summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Lazy<Task<IBrowser>> _browser;
    private IPlaywright? _playwright;

    public Browser() => _browser = new(LaunchAsync);

    /// <summary>A page of a fresh profile in one theme and one size.</summary>
    internal async Task<ConsolePage> OpenAsync(Uri console, ColorScheme theme = ColorScheme.Light, int width = 1280)
    {
        Assert.SkipUnless(
            Path() is not null, $"No browser is installed: none of {string.Join(", ", Names)} is on the PATH.");
        var browser = await _browser.Value;
        var context = await browser.NewContextAsync(new()
        {
            ColorScheme = theme,
            ViewportSize = new() { Width = width, Height = 900 },
            ReducedMotion = ReducedMotion.Reduce,
            TimezoneId = "Europe/Rome",
            Locale = "en-GB",
        });
        return await ConsolePage.OpenAsync(context, console);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser.IsValueCreated && _browser.Value.IsCompletedSuccessfully)
        {
            await (await _browser.Value).DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private static string? Path() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
            .SelectMany(static folder => Names.Select(name => System.IO.Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    private async Task<IBrowser> LaunchAsync()
    {
        _playwright = await Playwright.CreateAsync();
        return await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Path(),

            // Containers of CI run as root, where Chromium refuses its sandbox.
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
        });
    }
}

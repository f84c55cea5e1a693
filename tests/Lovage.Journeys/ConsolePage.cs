using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Lovage.Journeys;

/// <summary>
/// A tab with the console. It fails the test when a script of the page failed, a rule of its content security policy
/// was broken, or a dialog of hostile data opened.
/// </summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    /// <summary>Collects what the policy has refused, and is run before any script of the page.</summary>
    private const string Watch = """
        window.violations = [];
        document.addEventListener('securitypolicyviolation', e => {
          window.violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + (e.sample || ''));
        });
        window.hit = 0;
        """;

    private readonly IBrowserContext _context;
    private readonly Uri _console;
    private readonly List<string> _faults = [];

    private ConsolePage(IBrowserContext context, IPage page, Uri console)
    {
        (_context, Tab, _console) = (context, page, console);
        page.SetDefaultTimeout(15_000);
        page.PageError += (_, error) => _faults.Add(error);
        page.Dialog += (_, dialog) =>
        {
            _faults.Add($"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
    }

    internal IPage Tab { get; }

    internal static async Task<ConsolePage> OpenAsync(IBrowserContext context, Uri console)
    {
        await context.AddInitScriptAsync(Watch);
        var page = new ConsolePage(context, await context.NewPageAsync(), console);
        await page.GoAsync("");
        return page;
    }

    /// <summary>Goes to a page of the console, such as <c>jobs?q=state:failed</c>.</summary>
    internal async Task GoAsync(string path)
    {
        await Tab.GotoAsync(new Uri(_console, path).ToString());
        await Tab.Locator("main h1").First.WaitForAsync();
    }

    internal ILocator Main => Tab.Locator("main");

    internal ILocator Heading => Tab.Locator("main h1").First;

    internal ILocator Dialog => Tab.Locator("dialog[open]");

    internal ILocator Toast => Tab.Locator(".toast").Last;

    /// <summary>The rows of the page's first table.</summary>
    internal ILocator Rows => Tab.Locator("main table").First.Locator("tbody tr");

    internal ILocator MenuItem(string name) => Tab.GetByRole(AriaRole.Menuitem, new() { Name = name }).First;

    /// <summary>The field of an argument, whose label also says its kind.</summary>
    internal ILocator Argument(string name) => Tab.GetByLabel(new System.Text.RegularExpressions.Regex($"^{name} "));

    /// <summary>The badge of a state, by its word.</summary>
    internal ILocator State(string word) => Tab.Locator("main .state", new() { HasTextString = word });

    /// <summary>Clicks an action where it stands: as a button, or in the menu of actions.</summary>
    internal async Task ActAsync(string name)
    {
        var button = Button(name);
        if (await button.CountAsync() == 0)
        {
            await Tab.Locator("main .head, main header").Locator("[aria-haspopup=menu]").First.ClickAsync();
            button = MenuItem(name);
        }

        await button.First.ClickAsync();
    }

    internal ILocator Button(string name) => Tab.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    internal ILocator Link(string name) => Tab.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    internal ILocator Field(string label) => Tab.GetByLabel(label, new() { Exact = true });

    internal ILocator Text(string text) => Tab.GetByText(text);

    /// <summary>Findings of axe that are serious or critical; the test fails with them.</summary>
    internal async Task CheckAccessibilityAsync(string what)
    {
        var result = await Tab.RunAxe();
        var bad = result.Violations
            .Where(static found => found.Impact is "serious" or "critical")
            .Select(found => $"{what}: {found.Id} ({found.Impact}): "
                + string.Join("; ", found.Nodes.Take(3).Select(static node => node.Html)));
        Assert.Empty(bad);
    }

    public async ValueTask DisposeAsync()
    {
        var violations = await Tab.EvaluateAsync<string[]>("() => window.violations");
        var hits = await Tab.EvaluateAsync<int>("() => window.hit");
        await _context.DisposeAsync();
        Assert.Empty(violations);
        Assert.Empty(_faults);
        Assert.Equal(0, hits);
    }
}

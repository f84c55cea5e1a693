using System.Text.Json;
using Lovage.Journeys.Apps;
using Xunit;

namespace Lovage.Journeys;

/// <summary>No text that a producer or a person writes runs as a script in the console.</summary>
public sealed class HostileTests(SqliteFixture fixture, Browser browser) : IClassFixture<SqliteFixture>
{
    private static readonly string[] Frames =
    [
        "<script>{0}</script>", "<img src=x onerror={0}>", "<svg onload={0}>", "\"><img src=x onerror={0}>",
        "'><svg/onload={0}>", "<iframe srcdoc='<script>parent.{0}</script>'>", "<body onload={0}>", "javascript:{0}",
        "<a href=javascript:{0}>x</a>", "<details open ontoggle={0}>", "<input autofocus onfocus={0}>",
        "<math><mi xlink:href=javascript:{0}>", "${{{0}}}", "{{{{constructor.constructor('{0}')()}}}}",
        "<style>@import'javascript:{0}'</style>", "<object data=javascript:{0}>", "<embed src=javascript:{0}>",
        "<form action=javascript:{0}><button>", "<video><source onerror={0}>", "<audio src=x onerror={0}>",
    ];

    private static readonly string[] Calls = ["window.hit=1", "window.hit++", "alert(1)"];

    private ConsoleApp App => fixture.App;

    public static IReadOnlyList<string> Payloads { get; } =
        [.. Frames.SelectMany(static frame => Calls.Select(call => frame
            .Replace("{0}", call, StringComparison.Ordinal)
            .Replace("{{", "{", StringComparison.Ordinal)
            .Replace("}}", "}", StringComparison.Ordinal)))];

    [Fact(Timeout = 300_000)]
    public async Task HostileTexts_InEveryField_RunNoScript()
    {
        Assert.Equal(60, Payloads.Count);
        var ids = new List<string>();
        foreach (var payload in Payloads)
        {
            // Error text, arguments, a tag, and the names of a job and a queue without a worker.
            ids.Add(await PostAsync("jobs", new()
            {
                ["name"] = "fail",
                ["arguments"] = new Dictionary<string, string> { ["message"] = payload },
                ["tags"] = new[] { payload[..Math.Min(64, payload.Length)] },
            }));
            await TryPostAsync("jobs", new() { ["name"] = payload, ["arguments"] = new[] { payload } });
            await TryPostAsync(
                "jobs", new() { ["name"] = "add", ["queue"] = payload, ["arguments"] = new[] { 1, 2 } });
        }

        await TryPostAsync("queues/default/pause", new() { ["reason"] = string.Concat(Payloads)[..500] });
        await TryPostAsync("queues/default/resume", []);
        await TryPostAsync("schedules", new()
        {
            ["id"] = Payloads[1],
            ["cron"] = "0 0 1 1 *",
            ["name"] = "add",
            ["arguments"] = new[] { 1, 2 },
            ["reason"] = Payloads[2],
        });

        await using var page = await browser.OpenAsync(App.Console);
        foreach (var path in (string[])[
            "", "jobs", "jobs?q=name%3Afail", "running", "errors", "queues", "workers", "schedules", "operations",
            "metrics", "enqueue", "local", "audit", "system",
            $"jobs?q={Uri.EscapeDataString(Payloads[3])}", .. ids.Take(20).Select(static id => $"jobs/{id}")])
        {
            await page.GoAsync(path);
        }
    }

    private async Task<string> PostAsync(string path, Dictionary<string, object> body)
    {
        using var answer = await SendAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    /// <summary>Where a text is refused, the answer is a problem and no fault of the server.</summary>
    private async Task TryPostAsync(string path, Dictionary<string, object> body)
    {
        using var answer = await SendAsync(path, body);
        Assert.True((int)answer.StatusCode < 500, await answer.Content.ReadAsStringAsync(
            TestContext.Current.CancellationToken));
    }

    private async Task<HttpResponseMessage> SendAsync(string path, Dictionary<string, object> body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(App.Console, $"api/{path}"))
        {
            Content = new StringContent(
                JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Lovage", "1");
        return await App.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}

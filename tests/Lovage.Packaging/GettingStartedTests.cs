using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lovage.PostgreSql.Tests;

namespace Lovage.Packaging;

/// <summary>The steps of docs/getting-started.md, from packages alone, with the page's own code.</summary>
public sealed partial class GettingStartedTests(LocalFeed feed)
{
    // What a new app's start may say: all of it is to be read.
    private const int StartLinesMax = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task AppAndWorker_WithOneLibrary_ShareAScheduleAndWarnOfNothing()
    {
        var page = Examples(await PageAsync("getting-started.md"));
        var handler = With(page, "class ReportJobs(");
        var schedule = With(page, "\"daily-report\"");
        var app = With(page, "WebApplication.CreateBuilder");
        var worker = With(page, "Host.CreateApplicationBuilder");
        var folder = feed.App(
            "getting-started",
            ("Shop.Jobs/Shop.Jobs.csproj", Project("Microsoft.NET.Sdk", "Lovage")),
            ("Shop.Jobs/ReportJobs.cs",
                $"using Microsoft.Extensions.Logging;\n{handler.TrimEnd()[..^1]}\n{schedule}}}\n"),
            ("Shop/Shop.csproj", Project("Microsoft.NET.Sdk.Web", shares: true, "Lovage.AspNetCore")),
            ("Shop/Program.cs", "using Shop.Jobs;\n"
                + app.Replace("AddJobs()", "AddJobs(ShopJobs.Catalog)", StringComparison.Ordinal)),
            ("Shop.Worker/Shop.Worker.csproj", Project("Microsoft.NET.Sdk.Worker", shares: true, "Lovage.Sqlite")),
            ("Shop.Worker/Program.cs", worker));
        await BuildAsync(Path.Combine(folder, "Shop"));
        await BuildAsync(Path.Combine(folder, "Shop.Worker"));

        var storage = $"--Lovage:Storage=sqlite:{Path.Combine(folder, "lovage.db")}";
        var workerLog = new ProcessLog();
        using var second = Command.Start(
            Path.Combine(folder, "Shop.Worker"), "dotnet", ["out/Shop.Worker.dll", storage], workerLog.Add);
        try
        {
            await workerLog.HasAsync("Schedule daily-report: added", Limit);
            var appLog = new ProcessLog();
            await WebProcess.ServesAsync(
                Path.Combine(folder, "Shop"),
                "dotnet",
                ["out/Shop.dll", storage],
                async (http, _) =>
                {
                    await appLog.HasAsync("Application started", Limit);
                    using var accepted = await http.PostAsync("/reports/2026/1", null);
                    var report = await accepted.Content.ReadFromJsonAsync<string>();
                    Assert.Equal("SUCCESS", await StateAsync(http, $"/reports/{report}"));
                    Assert.Equal("PENDING", await StateAsync(http, "/reports/no-such-job", "PENDING"));
                    Assert.Equal("Healthy", (await http.GetFromJsonAsync<JsonElement>("/health"))
                        .GetProperty("status")
                        .GetString());
                },
                appLog.Add);

            Assert.All([appLog, workerLog], static log =>
            {
                var lines = log.Lines();
                Assert.DoesNotContain(lines, static line => Trouble().IsMatch(line));
                var start = lines.TakeWhile(
                    static line => !line.Contains("Content root path", StringComparison.Ordinal));
                Assert.InRange(
                    start.Count(static line => line.StartsWith("info:", StringComparison.Ordinal)), 1, StartLinesMax);
            });
            Assert.DoesNotContain(
                appLog.Lines(), static line => line.Contains("Schedule daily-report", StringComparison.Ordinal));
        }
        finally
        {
            second.Kill(entireProcessTree: true);
            await second.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task EndpointThatEnqueuesInATransaction_OnEntityFramework_IsTestedFromPackages()
    {
        Assert.SkipUnless(PostgreSqlServer.IsInstalled, "PostgreSQL's server is not installed.");
        var folder = feed.App(
            "ef-shop",
            ("Shop/Shop.csproj", Project(
                "Microsoft.NET.Sdk.Web", "Lovage.AspNetCore", "Lovage.PostgreSql.EntityFrameworkCore")),
            ("Shop/Program.cs", EntityFrameworkShop),
            ("Shop.Tests/Shop.Tests.csproj", TestProject),
            ("Shop.Tests/OrderTests.cs", EntityFrameworkTests));
        var tests = Path.Combine(folder, "Shop.Tests");
        await BuildAsync(tests);
        var server = await PostgreSqlServer.CreateAsync("fsync=off", "shared_buffers=64MB");
        try
        {
            var ran = await Command.RunAsync(
                tests,
                "env",
                $"Lovage__Storage=postgres:Host=127.0.0.1;Port={server.Port};Username=lovage;Database=postgres",
                $"ConnectionStrings__Shop=Host=127.0.0.1;Port={server.Port};Username=lovage;Database=postgres",
                "dotnet",
                "out/Shop.Tests.dll");
            Assert.True(ran.ExitCode == 0, ran.Output);
            Assert.Matches("succeeded: 2", ran.Output);
        }
        finally
        {
            await server.StopAsync();
        }
    }

    [GeneratedRegex("^(warn|fail|crit):|belongs to the app")]
    private static partial Regex Trouble();

    private static IReadOnlyList<string> Examples(string page) =>
        [.. page.Split("```csharp").Skip(1)
            .Select(static block => block[..block.IndexOf("```", StringComparison.Ordinal)])];

    private static string With(IReadOnlyList<string> examples, string text) =>
        examples.Single(code => code.Contains(text, StringComparison.Ordinal));

    private static Task<string> PageAsync(string name) => File.ReadAllTextAsync(
        Path.Combine(LocalFeed.Repository(), "docs", name), TestContext.Current.CancellationToken);

    private static async Task BuildAsync(string folder)
    {
        var built = await Command.RunAsync(folder, "dotnet", "build", "-c", "Release", "-o", "out");
        Assert.True(built.ExitCode == 0, built.Output);
    }

    /// <summary>Asks, as the page's reader does, until the job is where it should be.</summary>
    private static async Task<string?> StateAsync(HttpClient http, string path, string wanted = "SUCCESS")
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var state = (await http.GetFromJsonAsync<JsonElement>(path, limit.Token)).GetProperty("state").GetString();
            if (state == wanted || state == "FAILURE")
            {
                return state;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }
    }
}

using System.Net;
using System.Net.Http.Json;

namespace Lovage.Packaging;

/// <summary>What a user gets who knows only the packages.</summary>
public sealed partial class PackageTests(LocalFeed feed)
{
    private const string WebProject =
        """
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Lovage.AspNetCore" Version="VERSION" />
          </ItemGroup>
        </Project>
        """;

    private const string Usings = "using Lovage;\nusing Polly;\nusing Polly.Retry;\n";

    [Fact]
    public void Pack_AllProjects_FillsTheFeed() =>
        Assert.Equal(
            [
                "Lovage",
                "Lovage.AspNetCore",
                "Lovage.Dashboard",
                "Lovage.EntityFrameworkCore",
                "Lovage.PostgreSql",
                "Lovage.PostgreSql.EntityFrameworkCore",
                "Lovage.Redis",
                "Lovage.Specification",
                "Lovage.Sqlite",
                "Lovage.Testing",
            ],
            feed.Packages);

    [Fact]
    public async Task TwoLines_InANewWebApp_RunADurableJob()
    {
        var folder = feed.App(
            "hello",
            ("Hello.csproj", WebProject),
            ("Program.cs",
            """
            using Lovage;

            var builder = WebApplication.CreateBuilder(args);
            builder.AddLovage().AddJobs().AddWorker();
            var app = builder.Build();
            app.MapPost("/hello/{name}", async (string name, JobClient jobs) =>
                (await jobs.EnqueueAsync(Greetings.Hello(name))).Id);
            app.MapGet("/result/{id}", async (string id, JobClient jobs) =>
                await jobs.GetHandle<string>(JobId.Parse(id)).WaitAsync());
            app.MapLovageDashboard("/lovage");
            app.Run();

            public static class Greetings
            {
                [Job]
                public static async Task<string> HelloAsync(string name, CancellationToken cancellationToken)
                {
                    await Task.Delay(10, cancellationToken);
                    return $"Hello {name}";
                }
            }
            """));

        await ServesAsync(folder, "Hello", async http =>
        {
            using var accepted = await http.PostAsync("/hello/Ada", null);
            var id = await accepted.Content.ReadFromJsonAsync<string>();
            Assert.Equal("Hello Ada", await http.GetStringAsync($"/result/{id}"));

            // One more line is the console, which is closed outside Development and says what opens it.
            using var closed = await http.GetAsync("/lovage/");
            Assert.Equal(HttpStatusCode.Forbidden, closed.StatusCode);
            Assert.Contains(
                "RequireAuthorization", await closed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.True(
                File.Exists(Path.Combine(folder, "lovage.db")),
                "The default storage is lovage.db in the working folder.");
        });
    }

    [Fact]
    public async Task Package_OfEachLibrary_HasAPageThatSaysHowToInstallIt()
    {
        foreach (var package in feed.Packages)
        {
            await using var archive = feed.Open(package);
            using var page = new StreamReader(
                await archive.GetEntry("PackageReadme.md")!.OpenAsync(TestContext.Current.CancellationToken));
            var text = await page.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Contains("dotnet add package Lovage.AspNetCore", text, StringComparison.Ordinal);
            Assert.DoesNotContain("](", text, StringComparison.Ordinal);
        }

        await using var core = feed.Open("Lovage");
        Assert.NotNull(core.GetEntry("docs/errors.md"));
        Assert.NotNull(core.GetEntry("docs/getting-started.md"));
        await using var web = feed.Open("Lovage.AspNetCore");
        Assert.NotNull(web.GetEntry("monitoring/lovage-dashboard.json"));
        Assert.NotNull(web.GetEntry("monitoring/lovage-alerts.yml"));
    }

    [Fact]
    public async Task PackageReadme_Example_CompilesAgainstThePackages()
    {
        var page = await File.ReadAllTextAsync(
            Path.Combine(LocalFeed.Repository(), "eng", "PackageReadme.md"), TestContext.Current.CancellationToken);
        var folder = feed.App(
            "package-readme", ("Page.csproj", WebProject), ("Program.cs", Examples(page).Single()));

        var built = await Command.RunAsync(folder, "dotnet", "build", "-c", "Release", "-o", "out");

        Assert.True(built.ExitCode == 0, built.Output);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Readme_Example_CompilesAgainstThePackages(string native)
    {
        var readme = await File.ReadAllTextAsync(
            Path.Combine(LocalFeed.Repository(), "README.md"), TestContext.Current.CancellationToken);
        var example = Examples(readme).First();
        Assert.Contains("AddLovage", example, StringComparison.Ordinal);
        var folder = feed.App(
            $"readme-{native}",
            ("Readme.csproj", WebProject.Replace(
                "<TreatWarningsAsErrors>true", "<TreatWarningsAsErrors>false", StringComparison.Ordinal)),
            ("Program.cs", example));

        // Native AOT turns on the request-delegate generator, which does not see the factories.
        var built = await Command.RunAsync(
            folder, "dotnet", "build", "-c", "Release", "-o", "out", $"-p:PublishAot={native}");

        Assert.True(built.ExitCode == 0, built.Output);
        Assert.DoesNotMatch("warning (IL|RDG)", built.Output);
    }

    [Fact]
    public async Task Choosing_Examples_CompileAgainstThePackages()
    {
        var page = await File.ReadAllTextAsync(
            Path.Combine(LocalFeed.Repository(), "docs", "choosing.md"), TestContext.Current.CancellationToken);
        var examples = Examples(page).ToArray();
        Assert.True(examples.Length >= 8, $"{examples.Length} examples were found.");
        var folder = feed.App(
            "choosing",
            [
                ("Choosing.csproj", WebProject
                    .Replace("<TreatWarningsAsErrors>true", "<TreatWarningsAsErrors>false", StringComparison.Ordinal)
                    .Replace(
                        "</ItemGroup>",
                        """<PackageReference Include="Polly.Core" Version="8.9.1" /></ItemGroup>""",
                        StringComparison.Ordinal)),
                .. examples.Select((example, i) => (
                    $"Example{i}.cs",
                    Usings + (example.Contains(" class ", StringComparison.Ordinal) ? example : InMethod(example, i)))),
            ]);

        var built = await Command.RunAsync(
            folder, "dotnet", "build", "-c", "Release", "-o", "out", "-p:OutputType=Library");

        Assert.True(built.ExitCode == 0, built.Output);
        Assert.DoesNotContain("warning CS4014", built.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transactions_Examples_CompileAgainstThePackages()
    {
        var storages = await File.ReadAllTextAsync(
            Path.Combine(LocalFeed.Repository(), "docs", "storages.md"), TestContext.Current.CancellationToken);
        var guarantees = await File.ReadAllTextAsync(
            Path.Combine(LocalFeed.Repository(), "docs", "guarantees.md"), TestContext.Current.CancellationToken);
        var examples = Examples(
            storages[storages.IndexOf("## In a transaction of your own", StringComparison.Ordinal)..]).ToArray();
        Assert.True(examples.Length >= 4, $"{examples.Length} examples were found.");
        var folder = feed.App(
            "transactions",
            [
                ("Transactions.csproj", WebProject
                    .Replace("<TreatWarningsAsErrors>true", "<TreatWarningsAsErrors>false", StringComparison.Ordinal)
                    .Replace(
                        "</ItemGroup>",
                        """<PackageReference Include="Lovage.PostgreSql.EntityFrameworkCore" Version="VERSION" """
                            + """/></ItemGroup>""",
                        StringComparison.Ordinal)),
                .. examples.Select(static (example, i) => ($"Example{i}.cs", InTransaction(
                    "internal static async Task RunAsync(Npgsql.NpgsqlDataSource database, DbContext context, "
                        + $"JobClient jobs, string order, CancellationToken ct)\n{{\n{example}\n}}",
                    $"Example{i}"))),
                ("Handler.cs", InTransaction(Examples(guarantees).Single(), "InvoiceJobs(JobClient jobs)")),
                ("Order.cs", "internal sealed record Order(string Text);"),
            ]);

        var built = await Command.RunAsync(
            folder, "dotnet", "build", "-c", "Release", "-o", "out", "-p:OutputType=Library");

        Assert.True(built.ExitCode == 0, built.Output);

        static string InTransaction(string member, string type) => $$"""
            using System.Data.Common;
            using Lovage;
            using Microsoft.EntityFrameworkCore;

            public sealed class {{type}}
            {
                {{member}}

                private static Task SaveOrderAsync(DbTransaction transaction, string order, CancellationToken ct) =>
                    Task.CompletedTask;

                private static Task BookAsync(DbTransaction transaction, string invoice, CancellationToken ct) =>
                    Task.CompletedTask;
            }
            """;
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lovage.PostgreSql.Tests;

namespace Lovage.Packaging;

/// <summary>What an app does that was compiled to native code before it started.</summary>
public sealed class NativeTests(LocalFeed feed)
{
    [Fact]
    public async Task Build_EndpointThatAnotherGeneratorMisreads_SaysWhatToWrite()
    {
        var folder = feed.App(
            "misread",
            ("Misread.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <PublishAot>true</PublishAot>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Lovage.AspNetCore" Version="VERSION" />
              </ItemGroup>
            </Project>
            """),
            ("Program.cs",
            """
            var app = WebApplication.CreateSlimBuilder(args).Build();
            app.MapGet("/{name}", (string name) => Greetings.Hello(name).Name);
            app.Run();

            public static class Greetings
            {
                [Lovage.Job]
                public static string HelloAsync(string name) => $"Hello {name}";
            }
            """));

        var built = await Command.RunAsync(folder, "dotnet", "build", "-c", "Release", "-o", "out");

        Assert.NotEqual(0, built.ExitCode);
        Assert.Contains("Program.cs(2,23): error LVG0026", built.Output, StringComparison.Ordinal);
        Assert.Contains("write its return type: 'string (string name) =>'", built.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_OnSqlite_RunsAJobAndEndsWell()
    {
        var app = await NativeApp.WorkerAsync(feed);

        var ran = await Command.RunAsync(app.Folder, app.File);

        Assert.True(ran.ExitCode == 0, ran.Output);
        Assert.Contains("Ada owes 42.0 since 2026-11-30", ran.Output, StringComparison.Ordinal);
        AssertIsStoredInSqlite(app);
        var resident = ran.Output.Split("resident: ")[1].Split('\n')[0];
        app.Measure(long.Parse(resident, CultureInfo.InvariantCulture), 16, 48);
    }

    [Fact]
    public async Task Web_OnSqlite_RunsJobsOfEveryRung()
    {
        var app = await NativeApp.SqliteWebAsync(feed);

        await ServesAsync(app, 28, 64);

        AssertIsStoredInSqlite(app);
    }

    [Fact]
    public async Task Web_OnPostgreSql_RunsJobsOfEveryRung()
    {
        Assert.SkipUnless(PostgreSqlServer.IsInstalled, "PostgreSQL's server is not installed.");
        var app = await NativeApp.PostgreSqlWebAsync(feed);
        var server = await PostgreSqlServer.CreateAsync("fsync=off", "shared_buffers=64MB");
        try
        {
            await ServesAsync(app, 40, 80, $"--Lovage:Storage=postgres://lovage@127.0.0.1:{server.Port}/postgres");

            const string Status = "SELECT status FROM lovage.job WHERE name = 'invoice.total'";
            Assert.Equal("SUCCESS", await server.ScalarAsync<string>(Status));
        }
        finally
        {
            await server.StopAsync();
        }
    }

    private static void AssertIsStoredInSqlite(NativeApp app) => Assert.True(
        File.Exists(Path.Combine(app.Folder, "lovage.db")), "The default storage is lovage.db in the working folder.");

    private static async Task ServesAsync(
        NativeApp app, int sizeMaxMegabytes, int residentMaxMegabytes, params string[] arguments) =>
        await WebProcess.ServesAsync(app.Folder, app.File, arguments, async (http, process) =>
        {
            process.Refresh();
            app.Measure(process.WorkingSet64, sizeMaxMegabytes, residentMaxMegabytes);
            var invoice = JsonContent.Create(new { customer = "Ada", lines = new[] { 1.5m, 19.5m } });
            using var accepted = await http.PostAsync("/invoices?copies=2", invoice);
            var id = await accepted.Content.ReadAsStringAsync();
            Assert.True(accepted.IsSuccessStatusCode, id);
            var total = await http.GetFromJsonAsync<JsonElement>($"/invoices/{id}");
            Assert.Equal("""{"customer":"Ada","sum":42.0,"day":"2026-11-30"}""", total.GetRawText());

            var found = await http.GetFromJsonAsync<JsonElement>($"/lovage/api/jobs/{id}");
            Assert.Equal("succeeded", found.GetProperty("state").GetString());
            Assert.Equal(2, found.GetProperty("arguments")[1].GetProperty("value").GetInt32());
            var overview = await http.GetFromJsonAsync<JsonElement>("/lovage/api/overview");
            Assert.NotEmpty(overview.GetProperty("verdict").GetProperty("sentence").GetString()!);
            Assert.Contains("<base href", await http.GetStringAsync("/lovage/"), StringComparison.Ordinal);

            // The worker has run a job, so it has started.
            var health = await http.GetFromJsonAsync<JsonElement>("/health");
            Assert.Equal("Healthy", health.GetProperty("status").GetString());

            var metrics = await http.GetStringAsync("/metrics");
            Assert.Contains(
                "\nlovage_job_started_total{lovage_job_name=\"invoice.total\",",
                metrics,
                StringComparison.Ordinal);
            Assert.Contains("\nlovage_storage_up 1\n", metrics, StringComparison.Ordinal);

            using var refused = await http.PostAsync("/invoices?copies=0", invoice);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            var reason = await refused.Content.ReadAsStringAsync();
            Assert.Contains("must be between 1 and 9", reason, StringComparison.Ordinal);

            Assert.Equal("42", await http.GetStringAsync("/sum"));

            using var told = await http.PostAsync("/reminders?to=Ada", null);
            Assert.True(told.IsSuccessStatusCode, $"{told.StatusCode}");
            Assert.Equal("Ada is reminded", await http.GetStringAsync("/reminders"));
        });
}

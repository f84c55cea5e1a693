using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lovage.PostgreSql.Tests;

namespace Lovage.Packaging;

/// <summary>What an app does that was compiled to native code before it started.</summary>
public sealed class NativeTests(NativeApps apps) : IClassFixture<NativeApps>
{
    [Fact]
    public async Task Worker_OnSqlite_RunsAJobAndEndsWell()
    {
        var folder = apps.Folder(NativeApps.Worker);

        var ran = await Command.RunAsync(folder, Path.Combine(folder, NativeApps.Worker));

        Assert.True(ran.ExitCode == 0, ran.Output);
        Assert.Contains("Ada owes 42.0 since 2026-11-30", ran.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "lovage.db")), "The default storage is lovage.db in the working folder.");
        var resident = ran.Output.Split('\n').Single(static line => line.StartsWith("resident: ", StringComparison.Ordinal));
        apps.Measure(NativeApps.Worker, long.Parse(resident.Split(' ')[1], CultureInfo.InvariantCulture), 16, 48);
    }

    [Fact]
    public async Task Web_OnSqlite_RunsJobsOfEveryRung()
    {
        await ServesAsync(NativeApps.SqliteWeb, 24, 64);

        var storage = Path.Combine(apps.Folder(NativeApps.SqliteWeb), "lovage.db");
        Assert.True(File.Exists(storage), "The default storage is lovage.db in the working folder.");
    }

    [Fact]
    public async Task Web_OnPostgreSql_RunsJobsOfEveryRung()
    {
        Assert.SkipUnless(PostgreSqlServer.IsInstalled, "PostgreSQL's server is not installed: there are no initdb and postgres.");
        var server = await PostgreSqlServer.CreateAsync("fsync=off", "shared_buffers=64MB");
        try
        {
            await ServesAsync(
                NativeApps.PostgreSqlWeb, 40, 80, $"--Lovage:Storage=postgres://lovage@127.0.0.1:{server.Port}/postgres");

            Assert.Equal("SUCCESS", await server.ScalarAsync<string>("SELECT status FROM lovage.job WHERE name = 'invoice.total'"));
        }
        finally
        {
            await server.StopAsync();
        }
    }

    private async Task ServesAsync(string app, int sizeMaxMegabytes, int residentMaxMegabytes, params string[] arguments)
    {
        var folder = apps.Folder(app);
        await WebProcess.ServesAsync(folder, Path.Combine(folder, app), arguments, async (http, process) =>
        {
            process.Refresh();
            apps.Measure(app, process.WorkingSet64, sizeMaxMegabytes, residentMaxMegabytes);
            Assert.Equal("Healthy", await http.GetStringAsync("/health"));

            var invoice = JsonContent.Create(new { customer = "Ada", lines = new[] { 1.5m, 19.5m } });
            using var accepted = await http.PostAsync("/invoices?copies=2", invoice);
            var id = await accepted.Content.ReadAsStringAsync();
            Assert.True(accepted.IsSuccessStatusCode, id);
            var total = await http.GetFromJsonAsync<JsonElement>($"/invoices/{id}");
            Assert.Equal("""{"customer":"Ada","sum":42.0,"day":"2026-11-30"}""", total.GetRawText());

            using var refused = await http.PostAsync("/invoices?copies=0", invoice);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("must be between 1 and 100", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

            Assert.Equal("42", await http.GetStringAsync("/sum"));

            using var told = await http.PostAsync("/reminders?customer=Ada", null);
            Assert.True(told.IsSuccessStatusCode, $"{told.StatusCode}");
            Assert.Equal("Ada is reminded", await http.GetStringAsync("/reminders"));
        });
    }
}

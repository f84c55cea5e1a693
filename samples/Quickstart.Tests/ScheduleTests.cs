using System.Net.Http.Json;
using System.Text.Json;
using Lovage;
using Lovage.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Quickstart.Tests;

/// <summary>Schedules: the test moves the clock to a tick and has it fired.</summary>
public sealed class ScheduleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DailyReport_MidnightInItsZone_ReportsTheDayThatEnded()
    {
        await using var app = new QuickstartApp();
        using var http = app.CreateClient();
        var jobs = app.Services.Jobs();
        using var processed = await http.PostAsJsonAsync(
            new Uri("/process/", UriKind.Relative), new[] { new { price = 1 }, new { price = 4 } }, Cancellation);
        processed.EnsureSuccessStatusCode();
        await jobs.DrainAsync(Cancellation);

        // 2026-01-01 00:00 UTC is 08:00 in Shanghai: a second before midnight there, nothing happens yet.
        app.Time.Advance(new TimeSpan(15, 59, 59));
        await jobs.RunDueSchedulesAsync(Cancellation);
        await jobs.ShouldNotHaveEnqueuedAsync("daily_report", cancellationToken: Cancellation);

        app.Time.Advance(TimeSpan.FromSeconds(1));
        await jobs.RunDueSchedulesAsync(Cancellation);
        await jobs.ShouldHaveEnqueuedAsync("daily_report", times: 1, cancellationToken: Cancellation);

        Assert.Equal(1, await jobs.DrainAsync(Cancellation));
        var report = JsonElement.Parse(await File.ReadAllTextAsync(app.File("reports/2026-01-01.json"), Cancellation));
        Assert.Equal((1, 2), (report.GetProperty("Datasets").GetInt32(), report.GetProperty("Rows").GetInt32()));
    }

    [Fact]
    public async Task AddedSchedule_EachOfItsTicks_EnqueuesItsJob()
    {
        await using var app = new QuickstartApp();
        using var http = app.CreateClient();
        var jobs = app.Services.Jobs();
        using var added = await http.PostAsJsonAsync(
            new Uri("/schedules", UriKind.Relative),
            new { id = "sum", trigger = new { every = "00:05:00" }, job = "add", arguments = new[] { 2, 3 } },
            Cancellation);
        added.EnsureSuccessStatusCode();

        // From tick to tick, as time passes: a jump over several would be an outage, and its misfire rule would decide.
        var schedules = app.Services.GetRequiredService<ScheduleClient>();
        for (var tick = 1; tick <= 3; tick++)
        {
            var next = (await schedules.FindAsync("sum", Cancellation))!.NextTick!.Value;
            app.Time.Advance(next - app.Time.GetUtcNow());
            await jobs.RunDueSchedulesAsync(Cancellation);
            await jobs.DrainAsync(Cancellation);
        }

        await jobs.ShouldHaveEnqueuedAsync("add", times: 3, arguments: [2, 3], cancellationToken: Cancellation);
    }
}

using System.Text.Json;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>Schedules of the built sample outlive its process.</summary>
public sealed class ScheduleRestartTests(SqliteQuickstart app) : IClassFixture<SqliteQuickstart>
{
    private const int TimeLimit = 60_000;

    private static readonly TimeSpan Away = TimeSpan.FromSeconds(5);

    [Fact(Timeout = TimeLimit)]
    public async Task Kill_AndStartAgain_KeepsWhatWasAddedAndWhatAnOperatorDid()
    {
        await app.PostAsync(
            "/schedules", """{"id":"kept","trigger":{"every":"00:00:01"},"job":"add","arguments":[20,22]}""");
        await app.PostAsync(
            "/schedules", """{"id":"gone","trigger":{"every":"00:00:01"},"job":"add","arguments":[1,2]}""");
        await app.WaitForScheduleAsync("kept", static schedule => schedule.GetProperty("fired").GetInt64() >= 2);
        await app.PostAsync("/schedules/daily-report/pause?reason=no%20reports%20in%20August");
        Assert.Equal(204, (await app.DeleteAsync("/schedules/gone")).Status);

        await app.RestartAsync(Away);
        var daily = await app.FindScheduleAsync("daily-report");
        Assert.Equal(
            ("Paused", "no reports in August"),
            (daily.GetProperty("state").GetString(), daily.GetProperty("reason").GetString()));
        Assert.True(daily.GetProperty("from_code").GetBoolean());
        var early = await app.FindScheduleAsync("kept");
        var kept = await app.WaitForScheduleAsync(
            "kept", schedule => schedule.GetProperty("fired").GetInt64() >= early.GetProperty("fired").GetInt64() + 2);
        Assert.DoesNotContain(
            (await app.GetAsync("/schedules")).Json.EnumerateArray(),
            static schedule => schedule.GetProperty("id").GetString() == "gone");

        // The history tells the ticks that passed while the app was down, and leaves none out.
        Assert.True(kept.GetProperty("missed").GetInt64() >= 2, kept.GetRawText());
        var history = (await app.GetAsync("/schedules/kept/history")).Json.EnumerateArray().Reverse().ToList();
        for (var i = 1; i < history.Count; i++)
        {
            Assert.Equal(
                history[i - 1].GetProperty("through").GetDateTimeOffset() + TimeSpan.FromSeconds(1),
                history[i].GetProperty("tick").GetDateTimeOffset());
        }

        var newest = history.FindLast(static tick => tick.GetProperty("status").GetString() == "Fired");
        Assert.Equal(42, (await app.WaitAsync(newest.GetProperty("task_id").GetString()!, "SUCCESS", "FAILURE"))
            .GetProperty("result")
            .GetInt32());

        // The pause is undone by a person, not by a second start.
        await app.PostAsync("/schedules/daily-report/resume");
        await app.RestartAsync(TimeSpan.Zero);
        daily = await app.FindScheduleAsync("daily-report");
        Assert.Equal(
            ("Active", JsonValueKind.Null, JsonValueKind.String),
            (
                daily.GetProperty("state").GetString(),
                daily.GetProperty("reason").ValueKind,
                daily.GetProperty("next_tick").ValueKind));
    }
}

using System.Net;
using System.Text.Json;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Generated;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Dashboard.Tests;

/// <summary>Schedules: preview, override, back to code.</summary>
public sealed class ScheduleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("memory:")]
    [InlineData("sqlite")]
    public async Task Schedule_OfCode_IsOverriddenAndGoesBack(string storage)
    {
        using var folder = new TestFolder();
        await using var site = await ConsoleSite.StartAsync(
            set: static (_, lovage) => lovage
                .AddSchedule("daily", Cron.Parse("0 7 * * *", "Europe/Rome"), Job.Create("mail.digest"))
                .AddJob(new JobDefinition("mail.digest", static _ => default)),
            storage: folder.Storage(storage));
        var before = await WhenThereAsync(site, "daily");

        var changed = await site.PostAsync(
            "/lovage/api/schedules/daily/override",
            """{"cron":"30 8 * * MON","time_zone":"Europe/Rome","reason":"later"}""");
        var edited = (await site.GetAsync("/lovage/api/schedules/daily")).Json;

        Assert.True(changed.Status == HttpStatusCode.OK, changed.Body);
        Assert.Equal("0 7 * * *", before.GetProperty("trigger").GetString());
        Assert.Equal(5, before.GetProperty("next").GetArrayLength());
        Assert.True(before.GetProperty("from_code").GetBoolean());
        Assert.True(edited.GetProperty("edited").GetBoolean());
        Assert.Equal("30 8 * * MON", edited.GetProperty("trigger").GetString());
        Assert.Equal("0 7 * * *", edited.GetProperty("code").GetProperty("trigger").GetString());

        var back = await site.PostAsync("/lovage/api/schedules/daily/back-to-code");
        var restored = (await site.GetAsync("/lovage/api/schedules/daily")).Json;

        Assert.StartsWith(
            "daily is as the code says", back.Json.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.False(restored.GetProperty("edited").GetBoolean());
        Assert.Equal("0 7 * * *", restored.GetProperty("trigger").GetString());
        Assert.Equal(JsonValueKind.Null, restored.GetProperty("code").ValueKind);
        Assert.Equal(HttpStatusCode.Conflict, (await DeleteAsync(site, "daily")).Status);
    }

    [Fact]
    public async Task Schedule_OfAnotherProcess_GoesBackWhenItsAppStarts()
    {
        using var folder = new TestFolder();
        var storage = folder.Storage("sqlite");
        Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder, LovageBuilder> code = static (_, lovage) =>
            lovage.AddSchedule("daily", Cron.Parse("0 7 * * *"), Job.Create("mail.digest"));
        await using (var app = await ConsoleSite.StartAsync(set: code, storage: storage))
        {
            await WhenThereAsync(app, "daily");
            await using var console = await ConsoleSite.StartAsync(storage: storage);
            await console.PostAsync("/lovage/api/schedules/daily/override", """{"every_seconds":60}""");
            var back = await console.PostAsync("/lovage/api/schedules/daily/back-to-code");

            Assert.Contains(
                "starts the next time", back.Json.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        }

        await using var again = await ConsoleSite.StartAsync(set: code, storage: storage);
        await again.App.Services.GetRequiredService<ScheduleSet>().FireDueAsync(Cancel);
        var restored = (await again.GetAsync("/lovage/api/schedules/daily")).Json;

        Assert.False(restored.GetProperty("edited").GetBoolean());
        Assert.Equal("0 7 * * *", restored.GetProperty("trigger").GetString());
    }

    [Fact]
    public async Task Schedule_MadeAtRunTime_IsPausedRunAndDeleted()
    {
        await using var site = await ConsoleSite.StartAsync();
        var made = await site.PostAsync(
            "/lovage/api/schedules",
            """{"id":"mine","every_seconds":3600,"name":"mail.digest","arguments":{"to":"anna"},"queue":"mail"}""");
        var twice = await site.PostAsync(
            "/lovage/api/schedules", """{"id":"mine","every_seconds":3600,"name":"mail.digest"}""");
        var run = await site.PostAsync("/lovage/api/schedules/mine/run");
        var paused = await site.PostAsync("/lovage/api/schedules/mine/pause", """{"reason":"holiday"}""");
        var schedule = (await site.GetAsync("/lovage/api/schedules/mine")).Json;

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(HttpStatusCode.Conflict, twice.Status);
        Assert.Equal(
            HttpStatusCode.OK,
            (await site.GetAsync($"/lovage/api/jobs/{run.Json.GetProperty("job").GetString()}")).Status);
        Assert.True(paused.Status == HttpStatusCode.OK, paused.Body);
        Assert.Equal("paused", schedule.GetProperty("state").GetString());
        Assert.Equal("holiday", schedule.GetProperty("reason").GetString());
        Assert.Equal("to", schedule.GetProperty("arguments")[0].GetProperty("name").GetString());
        Assert.Equal("manual", schedule.GetProperty("ticks")[0].GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.OK, (await site.PostAsync("/lovage/api/schedules/mine/resume")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await site.PostAsync("/lovage/api/schedules/mine/back-to-code")).Status);
        Assert.Equal(HttpStatusCode.OK, (await DeleteAsync(site, "mine")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await DeleteAsync(site, "mine")).Status);
    }

    [Theory]
    [InlineData("""{"cron":"0 9 * * MON-FRI","time_zone":"Europe/Berlin"}""", HttpStatusCode.OK)]
    [InlineData("""{"every_seconds":90}""", HttpStatusCode.OK)]
    [InlineData("""{"cron":"0 9 * *"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"cron":"0 9 * * *","time_zone":"Europe/Nowhere"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"cron":"0 0 30 2 *"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"every_seconds":0.2}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"every_seconds":1e300}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"cron":"* * * * *","every_seconds":5}""", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    public async Task Preview_ATrigger_IsShownOrRefused(string body, HttpStatusCode expected)
    {
        await using var site = await ConsoleSite.StartAsync();

        var answer = await site.PostAsync("/lovage/api/schedules/preview", body);

        Assert.True(answer.Status == expected, answer.Body);
        if (expected == HttpStatusCode.OK)
        {
            Assert.Equal(5, answer.Json.GetProperty("next").GetArrayLength());
        }
    }

    private static Task<ConsoleAnswer> DeleteAsync(ConsoleSite site, string id) =>
        site.SendAsync(HttpMethod.Delete, $"/lovage/api/schedules/{id}", "{}", [("X-Lovage", "1")]);

    /// <summary>The app compares its schedules with the storage as it starts; firing does so at once.</summary>
    private static async Task<JsonElement> WhenThereAsync(ConsoleSite site, string id)
    {
        await site.App.Services.GetRequiredService<ScheduleSet>().FireDueAsync(Cancel);
        return (await site.GetAsync($"/lovage/api/schedules/{id}")).Json;
    }
}

using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>Schedules and the report of the built sample, whatever its storage; the derived classes name one.</summary>
public abstract class ScheduleEndpointTests(QuickstartProcess app)
{
    internal const string Zone = "Asia/Shanghai";

    private const int TimeLimit = 60_000;
    private const string EverySecond = """{"every":"00:00:01"}""";

    private static readonly TimeZoneInfo ZoneInfo = TimeZoneInfo.FindSystemTimeZoneById(Zone);

    private static string Today =>
        TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), ZoneInfo).ToString(
            "yyyy-MM-dd", CultureInfo.InvariantCulture);

    [Fact(Timeout = TimeLimit)]
    public async Task Report_OfToday_CountsWhatWasProcessed()
    {
        var first = Today;
        await app.WaitAsync(await app.EnqueueAsync("/process/", "v\n1\n2\n3\n", "text/csv"), "SUCCESS");
        await app.WaitAsync(await app.EnqueueAsync("/process/", """[{"v":1},{"v":3}]"""), "SUCCESS");
        await app.WaitAsync(await app.EnqueueAsync("/jobs/process_data", "[5]"), "FAILURE");
        var last = Today;

        // Two days where midnight passed meanwhile.
        var (datasets, rows, succeeded, failed) = (0, 0, 0, 0);
        foreach (var day in new[] { first, last }.Distinct())
        {
            var result = (await app.WaitAsync(await app.EnqueueAsync($"/report/?day={day}"), "SUCCESS", "FAILURE"))
                .GetProperty("result");
            var report = JsonElement.Parse(
                await File.ReadAllTextAsync(app.File($"reports/{day}.json"), TestContext.Current.CancellationToken));
            Assert.Equal(
                (day, Zone), (report.GetProperty("Day").GetString(), report.GetProperty("TimeZone").GetString()));
            Assert.Equal(report.GetProperty("Rows").GetInt64(), result.GetProperty("rows").GetInt64());
            (datasets, rows) = (
                datasets + report.GetProperty("Datasets").GetInt32(), rows + report.GetProperty("Rows").GetInt32());
            if (report.GetProperty("Jobs").TryGetProperty("process_data", out var ends))
            {
                succeeded += ends.TryGetProperty("SUCCESS", out var good) ? good.GetInt32() : 0;
                failed += ends.TryGetProperty("FAILURE", out var bad) ? bad.GetInt32() : 0;
            }
        }

        Assert.Equal((2, 5, 2, 1), (datasets, rows, succeeded, failed));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Report_OfAnEarlierDay_IsEmptyAndYesterdayIsTheDefault()
    {
        var old = (await app.WaitAsync(await app.EnqueueAsync("/report?day=2020-02-29"), "SUCCESS", "FAILURE"))
            .GetProperty("result");
        Assert.Equal(("2020-02-29", 0), (old.GetProperty("day").GetString(), old.GetProperty("datasets").GetInt32()));
        Assert.True(File.Exists(app.File("reports/2020-02-29.json")));

        var before = Yesterday();
        var result = (await app.WaitAsync(await app.EnqueueAsync("/report/"), "SUCCESS", "FAILURE")).GetProperty(
            "result");
        Assert.Contains(result.GetProperty("day").GetString(), new[] { before, Yesterday() });
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("9999-12-31")]
    [InlineData("0001-01-01")]
    public async Task Report_JobOfADayAtTheCalendarsEnd_FailsWithoutAnotherTry(string day)
    {
        var task = await app.WaitAsync(
            await app.EnqueueAsync("/jobs/daily_report", $$"""{"day":"{{day}}"}"""), "SUCCESS", "FAILURE");

        Assert.Equal(
            ("FAILURE", 1), (task.GetProperty("status").GetString(), task.GetProperty("attempts").GetInt32()));
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("?day=2026-02-30")]
    [InlineData("?day=yesterday")]
    [InlineData("?day=9999-12-31")]
    [InlineData("?day=0001-01-01")]
    [InlineData("?day=..%2F..%2Fetc%2Fpasswd")]
    public async Task Report_BadDay_IsRefused(string query) =>
        Assert.Contains("day", (await app.PostAsync($"/report/{query}")).Problem(400), StringComparison.Ordinal);

    [Fact(Timeout = TimeLimit)]
    public async Task List_FreshApp_HasTheDailyReportAtMidnightOfItsZone()
    {
        var daily = await FindAsync("daily-report");

        Assert.Equal($"At 00:00 every day ({Zone})", daily.GetProperty("description").GetString());
        Assert.Equal(
            ("daily_report", "Active", true),
            (
                daily.GetProperty("job").GetString(),
                daily.GetProperty("state").GetString(),
                daily.GetProperty("from_code").GetBoolean()));
        Assert.Equal($$"""{"cron":"0 0 * * *","zone":"{{Zone}}"}""", daily.GetProperty("trigger").GetRawText());
        var next = daily.GetProperty("next_tick").GetDateTimeOffset();
        Assert.Equal(TimeSpan.Zero, TimeZoneInfo.ConvertTime(next, ZoneInfo).TimeOfDay);
        Assert.InRange(next - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(-1), TimeSpan.FromDays(1));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Add_EverySecond_FiresAndItsJobsRun()
    {
        var added = await app.PostAsync(
            "/schedules", $$"""{"id":"sum","trigger":{{EverySecond}},"job":"add","arguments":[20,22]}""");
        Assert.Equal((201, "/schedules/sum"), (added.Status, added.Location));
        Assert.StartsWith("Every second", added.Json.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, added.Json.GetProperty("fired").GetInt32());

        await UntilAsync("sum", static schedule => schedule.GetProperty("fired").GetInt32() >= 3);
        var ticks = await HistoryAsync("sum");
        Assert.Equal(added.Json.GetProperty("next_tick").GetDateTimeOffset(), ticks[^1].Tick);
        Assert.Equal(
            ticks[1..].Select(static tick => tick.Through + TimeSpan.FromSeconds(1)),
            ticks[..^1].Select(static tick => tick.Tick));
        var fired = ticks.Where(static tick => tick.Status == "Fired").ToList();
        Assert.True(fired.Count >= 3);
        foreach (var tick in fired)
        {
            Assert.Equal(
                42, (await app.WaitAsync(tick.TaskId!, "SUCCESS", "FAILURE")).GetProperty("result").GetInt32());
        }

        Assert.Equal(204, (await app.DeleteAsync("/schedules/sum")).Status);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Operate_PauseRunResumeChangeDelete_DoesEach()
    {
        await AddAsync("op", EverySecond);
        await UntilAsync("op", static schedule => schedule.GetProperty("fired").GetInt32() >= 1);

        var paused = (await app.PostAsync("/schedules/op/pause?reason=the%20boss%20says%20so")).Json;
        Assert.Equal(
            ("Paused", "the boss says so", JsonValueKind.Null),
            (
                paused.GetProperty("state").GetString(),
                paused.GetProperty("reason").GetString(),
                paused.GetProperty("next_tick").ValueKind));
        var fired = paused.GetProperty("fired").GetInt64();

        // Paused, it runs by hand all the same, and no tick comes in the time of two.
        var run = await app.EnqueueAsync("/schedules/op/run");
        Assert.Equal(3, (await app.WaitAsync(run, "SUCCESS", "FAILURE")).GetProperty("result").GetInt32());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.Equal(("Paused", fired), await StateAsync("op"));
        Assert.Equal(run, Assert.Single(await HistoryAsync("op"), static tick => tick.Status == "Manual").TaskId);

        // A change leaves it paused.
        var changed = await app.PutAsync(
            "/schedules/op", """{"trigger":{"every":"00:00:02"},"job":"add","arguments":{"a":5,"b":6}}""");
        Assert.Equal((200, "Paused"), (changed.Status, changed.Json.GetProperty("state").GetString()));
        Assert.StartsWith(
            "Every 2 seconds", changed.Json.GetProperty("description").GetString(), StringComparison.Ordinal);

        var resumed = (await app.PostAsync("/schedules/op/resume")).Json;
        Assert.Equal(
            ("Active", JsonValueKind.Null, JsonValueKind.String),
            (
                resumed.GetProperty("state").GetString(),
                resumed.GetProperty("reason").ValueKind,
                resumed.GetProperty("next_tick").ValueKind));
        await UntilAsync("op", schedule => schedule.GetProperty("fired").GetInt64() > fired);
        var tick = (await HistoryAsync("op")).First(static tick => tick.Status == "Fired");
        Assert.True(tick.Tick >= resumed.GetProperty("next_tick").GetDateTimeOffset());
        Assert.Equal(11, (await app.WaitAsync(tick.TaskId!, "SUCCESS", "FAILURE")).GetProperty("result").GetInt32());

        Assert.Equal((204, ""), await DeleteAsync("op"));
        Assert.DoesNotContain(
            (await app.GetAsync("/schedules")).Json.EnumerateArray(),
            static schedule => schedule.GetProperty("id").GetString() == "op");
        Assert.Equal(404, (await app.DeleteAsync("/schedules/op")).Status);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Set_UnknownId_AddsIt()
    {
        var set = await app.PutAsync(
            "/schedules/put", """{"trigger":"0 12 * * MON-FRI","job":"add","arguments":[1,2]}""");

        Assert.Equal(
            (200, "UTC"),
            (set.Status, set.Json.GetProperty("trigger").TryGetProperty("zone", out var zone)
                ? zone.GetString()
                : "UTC"));
        Assert.Equal(12, set.Json.GetProperty("next_tick").GetDateTimeOffset().UtcDateTime.Hour);
        await DeleteAsync("put");
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Add_IdThatIsTaken_IsAConflictAndChangesNothing()
    {
        Assert.Contains(
            "'daily-report'",
            (await app.PostAsync(
                "/schedules",
                $$"""{"id":"daily-report","trigger":{{EverySecond}},"job":"add","arguments":[1,2]}""")).Problem(409),
            StringComparison.Ordinal);
        Assert.Equal("daily_report", (await FindAsync("daily-report")).GetProperty("job").GetString());
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("""{"id":"a b","trigger":"* * * * *","job":"add","arguments":[1,2]}""", "id of a schedule")]
    [InlineData("""{"trigger":"* * * * *","job":"add","arguments":[1,2]}""", "id of a schedule")]
    [InlineData("""{"id":"x","trigger":"* * * * *","job":"unknown"}""", "add, daily_report")]
    [InlineData("""{"id":"x","trigger":"* * * * *"}""", "'job' is one of")]
    [InlineData("""{"id":"x","trigger":"* * * * *","job":"add","arguments":[1]}""", "'b' is missing")]
    [InlineData("""{"id":"x","trigger":"* * * * *","job":"add"}""", "'a' is missing")]
    [InlineData(
        """{"id":"x","trigger":"* * * * *","job":"add","arguments":["\ud800",1]}""", "cannot be written as JSON")]
    [InlineData("""{"id":"x","trigger":"* * * * *","job":"add","arguments":"1"}""", "array")]
    [InlineData("""{"id":"x","trigger":"* * * * *","job":"sleep","arguments":[3600.5]}""", "between 0 and 3600")]
    [InlineData("""{"id":"x","trigger":"5 61 * * *","job":"add","arguments":[1,2]}""", "character 3")]
    [InlineData("""{"id":"x","trigger":{"cron":"5 61 * * *"},"job":"add","arguments":[1,2]}""", "character 3")]
    [InlineData("""{"id":"x","trigger":"0 0 30 2 *","job":"add","arguments":[1,2]}""", "never")]
    [InlineData("""{"id":"x","trigger":{"at":"2020-01-01T00:00:00Z"},"job":"add","arguments":[1,2]}""", "never")]
    [InlineData(
        """{"id":"x","trigger":{"cron":"* * * * *","zone":"Asia/Nowhere"},"job":"add","arguments":[1,2]}""",
        "Asia/Nowhere")]
    [InlineData("""{"id":"x","trigger":{"every":"00:00:00.5"},"job":"add","arguments":[1,2]}""", "1 s")]
    [InlineData("""{"id":"x","trigger":{"often":true},"job":"add","arguments":[1,2]}""", "kind")]
    [InlineData("""{"id":"x","trigger":"\ud800","job":"add","arguments":[1,2]}""", "surrogate")]
    [InlineData("""{"id":"x","trigger":5,"job":"add","arguments":[1,2]}""", "cron")]
    [InlineData("""{"id":"x","job":"add","arguments":[1,2]}""", "cron")]
    [InlineData("""{"id":"x","trigger":"* * * * *","job":5}""", "")]
    [InlineData("{", "")]
    [InlineData("null", "")]
    [InlineData("[]", "")]
    [InlineData("", "")]
    public async Task Add_BadBody_IsRefusedWithAReason(string body, string detail)
    {
        Assert.Contains(detail, (await app.PostAsync("/schedules", body)).Problem(400), StringComparison.Ordinal);
        Assert.DoesNotContain(
            (await app.GetAsync("/schedules")).Json.EnumerateArray(),
            static schedule => schedule.GetProperty("id").GetString() == "x");
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("POST", "/schedules/unknown/run")]
    [InlineData("POST", "/schedules/unknown/pause")]
    [InlineData("POST", "/schedules/unknown/resume")]
    [InlineData("POST", "/schedules/a%20b/run")]
    [InlineData("GET", "/schedules/unknown/history")]
    [InlineData("DELETE", "/schedules/unknown")]
    [InlineData("DELETE", "/schedules/a%20b")]
    public async Task Operate_UnknownId_IsNotFound(string method, string path) =>
        Assert.Contains(
            "no schedule",
            (await app.SendAsync(new HttpMethod(method), path, null, null)).Problem(404),
            StringComparison.Ordinal);

    private static string Yesterday() => DateOnly.ParseExact(Today, "yyyy-MM-dd", CultureInfo.InvariantCulture)
        .AddDays(-1)
        .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task AddAsync(string id, string trigger) =>
        Assert.Equal(
            201,
            (await app.PostAsync(
                "/schedules", $$"""{"id":"{{id}}","trigger":{{trigger}},"job":"add","arguments":[1,2]}""")).Status);

    private async Task<(int Status, string Text)> DeleteAsync(string id)
    {
        var answer = await app.DeleteAsync($"/schedules/{id}");
        return (answer.Status, answer.Text);
    }

    private async Task<(string? State, long Fired)> StateAsync(string id)
    {
        var schedule = await FindAsync(id);
        return (schedule.GetProperty("state").GetString(), schedule.GetProperty("fired").GetInt64());
    }

    private Task<JsonElement> FindAsync(string id) => app.FindScheduleAsync(id);

    private Task<JsonElement> UntilAsync(string id, Func<JsonElement, bool> condition) =>
        app.WaitForScheduleAsync(id, condition);

    private async Task<List<(DateTimeOffset Tick, DateTimeOffset Through, string Status, string? TaskId)>> HistoryAsync(
        string id) =>
        [.. (await app.GetAsync($"/schedules/{id}/history")).Json.EnumerateArray().Select(static tick =>
            (
                tick.GetProperty("tick").GetDateTimeOffset(),
                tick.GetProperty("through").GetDateTimeOffset(),
                tick.GetProperty("status").GetString()!,
                tick.GetProperty("task_id").GetString()))];
}

public sealed class MemoryScheduleQuickstart()
    : QuickstartProcess("memory:", "--Reports:TimeZone", ScheduleEndpointTests.Zone);

public sealed class MemoryScheduleEndpointTests(MemoryScheduleQuickstart app)
    : ScheduleEndpointTests(app), IClassFixture<MemoryScheduleQuickstart>;

public sealed class SqliteScheduleQuickstart()
    : QuickstartProcess("sqlite:lovage.db", "--Reports:TimeZone", ScheduleEndpointTests.Zone);

public sealed class SqliteScheduleEndpointTests(SqliteScheduleQuickstart app)
    : ScheduleEndpointTests(app), IClassFixture<SqliteScheduleQuickstart>;

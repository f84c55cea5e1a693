using System.Net.Http.Headers;
using System.Text.Json;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>What the Quickstart answers, whatever its storage; the derived classes name one.</summary>
public abstract class EndpointTests(QuickstartProcess app)
{
    private const int TimeLimit = 60_000;

    [Fact]
    public void Start_BuiltSample_AnswersWithinFiveSeconds() =>
        Assert.True(app.StartTime < TimeSpan.FromSeconds(5), $"It took {app.StartTime}.");

    [Theory(Timeout = TimeLimit)]
    [InlineData("application/json", """[{"v":1},{"v":3}]""", 2, 2)]
    [InlineData("application/json; charset=utf-8", """[{"v":1},{"v":null}]""", 2, 1)]
    [InlineData("text/csv", "v\n1\n3\n5\n", 3, 3)]
    [InlineData("application/csv", "v\n1\n\"3\"\n", 2, 2)]
    [InlineData("text/csv; charset=\"UTF-8\"", "v\n1\n", 1, 1)]
    [InlineData("text/csv; charset=us-ascii", "v\n1\n", 1, 1)]
    public async Task Process_Rows_AreSummarised(string contentType, string body, int rows, double mean)
    {
        var task = await app.WaitAsync(await app.EnqueueAsync("/process/", body, contentType), "SUCCESS", "FAILURE");

        var result = task.GetProperty("result");
        Assert.Equal("rows", result.GetProperty("kind").GetString());
        Assert.Equal(rows, result.GetProperty("rows").GetInt32());
        Assert.Equal(mean, result.GetProperty("columns").GetProperty("v").GetProperty("mean").GetDouble());
        Assert.Equal(JsonValueKind.Null, task.GetProperty("error").ValueKind);
        Assert.Equal(1, task.GetProperty("attempts").GetInt32());
        var progress = task.GetProperty("progress");
        Assert.True(
            progress.ValueKind == JsonValueKind.Null || progress.GetProperty("fraction").GetDouble() == 1,
            progress.GetRawText());
        Assert.True(task.GetProperty("known").GetBoolean());
        Assert.Equal(7, task.EnumerateObject().Count());
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Process_Object_IsSummarised()
    {
        var task = await app.WaitAsync(await app.EnqueueAsync("/process", """{"xs":[1,2,3]}"""), "SUCCESS", "FAILURE");

        Assert.Equal(2, task.GetProperty("result").GetProperty("fields").GetProperty("xs").GetProperty("elements")
            .GetProperty("mean").GetDouble());
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("application/json", "", 400, "empty")]
    [InlineData("application/json", "5", 400, "JSON array or object")]
    [InlineData("application/json", "{\"a\":", 400, "not valid JSON")]
    [InlineData("application/json", "{\"a\":1,\"a\":2}", 400, "Duplicate")]
    [InlineData("application/json", "[\"\\ud800\"]", 400, "surrogate")]
    [InlineData("text/csv", " \r\n ", 400, "empty")]
    [InlineData("text/csv", "a,b\n1,\"x\n2,y\n3,z\n", 400, "line 2")]
    [InlineData("text/csv", "a,b\r\n\"1\r\n1\",2\r\n3,\"", 400, "line 4")]
    [InlineData("text/csv", "a,b\n1,\0x\n", 400, "NUL")]
    [InlineData("text/csv; charset=utf-16", "a\n1\n", 415, "utf-16")]
    [InlineData("text/csv; charset=iso-8859-1", "a\n1\n", 415, "iso-8859-1")]
    [InlineData("application/json; charset=utf-16", "[1]", 415, "utf-16")]
    [InlineData("application/x-www-form-urlencoded", "a=b", 415, "text/csv")]
    public async Task Process_BadBody_IsRefused(string contentType, string body, int status, string detail) =>
        Assert.Contains(
            detail, (await app.PostAsync("/process/", body, contentType)).Problem(status), StringComparison.Ordinal);

    [Theory(Timeout = TimeLimit)]
    [InlineData("/process/", "gzip", 415)]
    [InlineData("/jobs/add", "gzip", 415)]
    [InlineData("/schedules", "br", 415)]
    [InlineData("/process/", "identity", 202)]
    public async Task Body_WithAnEncoding_IsRefusedUnlessItIsNone(string path, string encoding, int status)
    {
        using var body = new ByteArrayContent("[1,2]"u8.ToArray());
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        body.Headers.ContentEncoding.Add(encoding);

        using var answer = await app.Http.PostAsync(
            new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(
            status == 415,
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains(
                "send the body uncompressed", StringComparison.Ordinal));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Process_InvalidUtf8_IsToldSo()
    {
        using var body = new ByteArrayContent([(byte)'[', (byte)'"', 0xFF, (byte)'"', (byte)']']);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var answer = await app.Http.PostAsync(
            new Uri("/process/", UriKind.Relative), body, TestContext.Current.CancellationToken);

        Assert.Contains(
            "not valid UTF-8",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Add_SumThatDoesNotFit_FailsWithoutAnotherTry()
    {
        var task = await app.WaitAsync(
            await app.EnqueueAsync("/jobs/add", "[9223372036854775807,1]"), "SUCCESS", "FAILURE");

        Assert.Equal(
            ("FAILURE", 1), (task.GetProperty("status").GetString(), task.GetProperty("attempts").GetInt32()));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Process_NestedTooDeep_IsRefused() =>
        Assert.Contains(
            "depth",
            (await app.PostAsync("/process/", new string('[', 70) + new string(']', 70))).Problem(400),
            StringComparison.Ordinal);

    [Theory(Timeout = TimeLimit)]
    [InlineData(300_000, "262,144")]
    [InlineData(5_000_000, "4194304")]
    public async Task Process_TooLarge_IsRefused(int characters, string detail) =>
        Assert.Contains(
            detail,
            (await app.PostAsync("/process/", new string('1', characters), "text/csv")).Problem(413),
            StringComparison.Ordinal);

    [Fact(Timeout = TimeLimit)]
    public async Task Task_UnknownId_IsPendingAndNotKnown()
    {
        var answer = await app.GetAsync("/task/unknown");

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"task_id":"unknown","status":"PENDING","result":null,"error":null,"attempts":0,"progress":"""
                + """null,"known":false}""",
            answer.Text);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Task_InvalidId_IsRefused()
    {
        Assert.Contains("task id", (await app.GetAsync("/task/a%20b")).Problem(400), StringComparison.Ordinal);
        Assert.Contains(
            "task id",
            (await app.PostAsync($"/task/{new string('a', 129)}/cancel")).Problem(400),
            StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Cancel_WaitingRunningEndedAndUnknown_SaysWhatBecameOfIt()
    {
        var waiting = await app.EnqueueAsync("/jobs/add?delay=600", "[1,2]");
        var cancelled = await app.PostAsync($"/task/{waiting}/cancel");
        Assert.Equal((200, "REVOKED"), (cancelled.Status, cancelled.Json.GetProperty("status").GetString()));
        Assert.Equal("Cancelled", cancelled.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal(200, (await app.PostAsync($"/task/{waiting}/cancel")).Status);

        var running = await app.EnqueueAsync("/jobs/sleep", """{"seconds":600}""");
        await app.WaitAsync(running, "STARTED");
        Assert.Equal(202, (await app.PostAsync($"/task/{running}/cancel")).Status);
        Assert.Equal(
            "Cancelled",
            (await app.WaitAsync(running, "REVOKED")).GetProperty("error").GetProperty("type").GetString());

        var ended = await app.EnqueueAsync("/jobs/add", "[1,2]");
        await app.WaitAsync(ended, "SUCCESS");
        Assert.Contains(
            "SUCCESS", (await app.PostAsync($"/task/{ended}/cancel")).Problem(409), StringComparison.Ordinal);

        Assert.Contains(
            "known", (await app.PostAsync("/task/unknown/cancel")).Problem(404), StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("[2,3]", 5)]
    [InlineData("""{"b":40,"a":2}""", 42)]
    [InlineData("[-9007199254740993,0]", -9007199254740993)]
    public async Task Jobs_Add_ReturnsTheSum(string arguments, long sum) =>
        Assert.Equal(sum, (await app.WaitAsync(await app.EnqueueAsync("/jobs/add", arguments), "SUCCESS", "FAILURE"))
            .GetProperty("result")
            .GetInt64());

    [Fact(Timeout = TimeLimit)]
    public async Task Jobs_Fail_IsRetriedThenFails()
    {
        var task = await app.WaitAsync(
            await app.EnqueueAsync("/jobs/fail?max_attempts=2", """["on purpose"]"""), "FAILURE", "SUCCESS");

        Assert.Equal(2, task.GetProperty("attempts").GetInt32());
        Assert.Equal("System.InvalidOperationException", task.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal("on purpose", task.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(JsonValueKind.Null, task.GetProperty("result").ValueKind);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Jobs_DataThatTheHandlerRefuses_FailsWithoutARetry()
    {
        var task = await app.WaitAsync(await app.EnqueueAsync("/jobs/process_data", "[5]"), "FAILURE", "SUCCESS");

        Assert.Equal(1, task.GetProperty("attempts").GetInt32());
        Assert.Contains(
            "'data'", task.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Jobs_OwnId_IsIdempotent()
    {
        var id = Guid.NewGuid().ToString();

        Assert.Equal(id, await app.EnqueueAsync($"/jobs/add?id={id}", "[1,2]"));
        Assert.Equal(id, await app.EnqueueAsync($"/jobs/add?id={id}", "[1,2]"));
        Assert.Contains(
            id, (await app.PostAsync($"/jobs/add?id={id}", "[1,3]")).Problem(409), StringComparison.Ordinal);
    }

    [Theory(Timeout = TimeLimit)]
    [InlineData("/jobs/ad", "[1,2]", 404, "Did you mean 'add'?")]
    [InlineData("/jobs/something-else", null, 404, "add, daily_report, fail, mail.welcome, process_data, sleep")]
    [InlineData("/jobs/add", "[1]", 400, "'b' is missing")]
    [InlineData("/jobs/add", null, 400, "'a' is missing")]
    [InlineData("/jobs/add", "[1,2,3]", 400, "arguments given by position: 3; the handler takes 2 (a, b)")]
    [InlineData("/jobs/add", "[\"x\",2]", 400, "'a' is not a 64-bit integer")]
    [InlineData("/jobs/add", "[1.5,2]", 400, "'a' is not a 64-bit integer")]
    [InlineData("/jobs/add", "[null,2]", 400, "'a' is not a 64-bit integer")]
    [InlineData("/jobs/add", "{\"a\":1,\"b\":2,\"c\":3}", 400, "no parameter 'c'; it takes 2 (a, b)")]
    [InlineData("/jobs/sleep", "[3600.5]", 400, "'seconds': The field seconds must be between 0 and 3600.")]
    [InlineData("/jobs/sleep", "{\"seconds\":-1}", 400, "'seconds': The field seconds must be between 0 and 3600.")]
    [InlineData("/jobs/sleep", "[1e999]", 400, "'seconds' holds a number that is too large")]
    [InlineData("/jobs/fail", "[null]", 400, "'message' is null")]
    [InlineData("/jobs/add", "\"x\"", 400, "array")]
    [InlineData("/jobs/add", "[1,", 400, "not valid JSON")]
    [InlineData("/jobs/add?priority=10", "[1,2]", 400, "priority")]
    [InlineData("/jobs/add?max_attempts=0", "[1,2]", 400, "Attempts")]
    [InlineData("/jobs/add?delay=-1", "[1,2]", 400, "delay")]
    [InlineData("/jobs/add?delay=NaN", "[1,2]", 400, "delay")]
    [InlineData("/jobs/add?delay=soon", "[1,2]", 400, "delay")]
    [InlineData("/jobs/add?delay=1,5", "[1,2]", 400, "in seconds as 1.5; '1,5' is none")]
    [InlineData("/jobs/add?delay=1,000", "[1,2]", 400, "delay")]
    [InlineData("/jobs/add?delay=1e400", "[1,2]", 400, "delay")]
    [InlineData("/jobs/add?delay=1&delay=2", "[1,2]", 400, "'delay' 2 times")]
    [InlineData("/jobs/add?priority=1,5", "[1,2]", 400, "Priority")]
    [InlineData("/items/?name=a&name=b", null, 400, "'name' 2 times")]
    [InlineData("/items/?name=a&Name=b", null, 400, "2 times")]
    [InlineData("/jobs/add?queue=a%20b", "[1,2]", 400, "queue name")]
    [InlineData("/jobs/add?id=a%20b", "[1,2]", 400, "job id")]
    public async Task Jobs_BadCall_IsRefusedWithAReason(string path, string? arguments, int status, string detail) =>
        Assert.Contains(detail, (await app.PostAsync(path, arguments)).Problem(status), StringComparison.Ordinal);

    [Fact(Timeout = TimeLimit)]
    public async Task Jobs_OtherContentType_IsRefused() =>
        Assert.Contains(
            "application/json",
            (await app.PostAsync("/jobs/add", "[1,2]", "text/plain")).Problem(415),
            StringComparison.Ordinal);

    [Fact(Timeout = TimeLimit)]
    public async Task Health_RunningApp_NamesEachCheck() =>
        Assert.Equal(
            [
                ("Lovage.Queues", "Healthy", "A live worker serves each queue in which jobs wait."),
                ("Lovage.Storage", "Healthy", "The storage answers."),
                ("Lovage.ThreadPool", "Healthy", "The thread pool answers."),
                ("Lovage.Worker", "Healthy", "1 workers run"),
            ],
            (await app.GetAsync("/health")).Json.GetProperty("checks").EnumerateObject().Select(static check => (
                check.Name,
                check.Value.GetProperty("status").GetString()!,
                check.Value.GetProperty("reason").GetString()!.Split(';')[0])));

    [Fact(Timeout = TimeLimit)]
    public async Task OpenApi_Document_DescribesEveryCall()
    {
        var document = (await app.GetAsync("/openapi/v1.json")).Json;

        Assert.Equal(
            [
                "/items", "/jobs/{name}", "/notify", "/process", "/report", "/schedules", "/schedules/{id}",
                "/schedules/{id}/history", "/schedules/{id}/pause", "/schedules/{id}/resume", "/schedules/{id}/run",
                "/subscribe", "/task/{task_id}", "/task/{task_id}/cancel",
            ],
            document.GetProperty("paths")
                .EnumerateObject()
                .Select(path => path.Name.TrimEnd('/'))
                .Order(StringComparer.Ordinal));
        var view = document.GetProperty("components")
            .GetProperty("schemas")
            .GetProperty("TaskView")
            .GetProperty("properties");
        Assert.Equal(
            ["attempts", "error", "known", "progress", "result", "status", "task_id"],
            view.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        var name = document.GetProperty("paths").GetProperty("/items").GetProperty("post").GetProperty("parameters")[0];
        Assert.Equal(
            ("name", "query", true),
            (name.GetProperty("name").GetString(), name.GetProperty("in").GetString(), name.GetProperty("required")
                .GetBoolean()));
        Assert.Equal(200, name.GetProperty("schema").GetProperty("maxLength").GetInt32());
        Assert.Equal("integer", view.GetProperty("attempts").GetProperty("type").GetString());
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Elsewhere_UnknownAddressOrMethod_IsAProblem()
    {
        Assert.Contains("openapi", (await app.GetAsync("/nothing")).Problem(404), StringComparison.Ordinal);
        Assert.Contains(
            "openapi",
            (await app.SendAsync(HttpMethod.Delete, "/process/", null, null)).Problem(405),
            StringComparison.Ordinal);
    }
}

public sealed class MemoryQuickstart() : QuickstartProcess("memory:");

public sealed class MemoryEndpointTests(MemoryQuickstart app) : EndpointTests(app), IClassFixture<MemoryQuickstart>;

public sealed class SqliteQuickstart() : QuickstartProcess("sqlite:lovage.db");

public sealed class SqliteEndpointTests(SqliteQuickstart app) : EndpointTests(app), IClassFixture<SqliteQuickstart>;

using System.Net;
using System.Text.Json;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Generated;
using Microsoft.AspNetCore.Builder;

namespace Lovage.Dashboard.Tests;

/// <summary>Jobs: finding, reading, changing.</summary>
public sealed class JobTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("memory:")]
    [InlineData("sqlite")]
    public async Task Jobs_ASearch_FindsThem(string storage)
    {
        using var folder = new TestFolder();
        await using var site = await ConsoleSite.StartAsync(storage: folder.Storage(storage));
        var job = await site.Client.EnqueueAsync(
            Job.Create("mail.send", 1) with { Queue = "mail", Tags = ["order:42"] }, Cancel);
        await site.Client.EnqueueAsync(Job.Create("mail.send", 2) with { Queue = "mail" }, Cancel);

        var found = (await site.GetAsync("/lovage/api/jobs?q=tag:order:42")).Json;
        var all = (await site.GetAsync("/lovage/api/jobs?limit=1")).Json;
        var next = Uri.EscapeDataString(all.GetProperty("next").GetString()!);
        var rest = (await site.GetAsync($"/lovage/api/jobs?limit=1&after={next}")).Json;
        var byId = (await site.GetAsync($"/lovage/api/jobs?q={job.Id}")).Json;

        Assert.Equal(
            job.Id.Value, Assert.Single(found.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(2, all.GetProperty("count").GetProperty("value").GetInt64());
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("count").ValueKind);
        Assert.Equal(job.Id.Value, rest.GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal(job.Id.Value, byId.GetProperty("job").GetString());
    }

    [Fact]
    public async Task Jobs_UnknownQualifier_ListsThoseThereAre()
    {
        await using var site = await ConsoleSite.StartAsync();

        var answer = await site.GetAsync("/lovage/api/jobs?q=colour:red");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(
            "state", answer.Json.GetProperty("qualifiers").EnumerateArray().Select(static word => word.GetString()));
    }

    [Fact]
    public async Task Job_ThatFailed_ShowsAttemptsArgumentsAndFrames()
    {
        await using var site = await ConsoleSite.StartAsync(
            options: static options =>
            {
                options.LogUrl = "https://logs.example/?job={job_id}&attempt={attempt}&from={start}";
                options.TraceUrl = "https://traces.example/{trace_id}";
            },
            set: static (_, lovage) => lovage
                .AddJob(new JobDefinition("mail.send", Shop.ShopJobs.FailAsync)
                {
                    Parameters = [new JobParameter("to", typeof(string), false)],
                    MaxAttempts = 1,
                })
                .AddWorker());
        var handle = await site.Client.EnqueueAsync(Job.Create("mail.send", "anna"), Cancel);
        await Assert.ThrowsAsync<JobFailedException>(() => handle.WaitAsync(TestLog.Patience, Cancel).AsTask());

        var job = (await site.GetAsync($"/lovage/api/jobs/{handle.Id}")).Json;

        Assert.Equal("failed", job.GetProperty("state").GetString());
        Assert.Equal("FAILURE", job.GetProperty("celery_state").GetString());
        var argument = job.GetProperty("arguments")[0];
        Assert.Equal(
            ("to", "anna"), (argument.GetProperty("name").GetString(), argument.GetProperty("value").GetString()));
        var attempt = job.GetProperty("attempts_list")[0];
        Assert.Equal("No server.", attempt.GetProperty("error").GetProperty("message").GetString());
        Assert.Contains(
            attempt.GetProperty("error").GetProperty("frames").EnumerateArray(),
            static frame => frame.GetProperty("is_user").GetBoolean());
        Assert.StartsWith(
            $"https://logs.example/?job={handle.Id}&attempt=1&from=2",
            attempt.GetProperty("log_url").GetString(),
            StringComparison.Ordinal);
        Assert.True(job.GetProperty("can").GetProperty("run_again").GetBoolean());
        Assert.False(job.GetProperty("can").GetProperty("cancel").GetBoolean());
        Assert.StartsWith(
            "[[\"anna\"]", job.GetProperty("message").GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_ItsChanges_AnswerWithASentenceOrAConflict()
    {
        await using var site = await ConsoleSite.StartAsync();
        var id = (await site.PostAsync(
            "/lovage/api/jobs",
            """{"name":"mail.send","arguments":{"to":"anna"},"queue":"mail","delay_seconds":3600,"tags":["a"]}"""))
            .Json.GetProperty("id").GetString();

        Assert.Equal(HttpStatusCode.Conflict, (await ChangeAsync("run-again")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await ChangeAsync("delete")).Status);
        Assert.Contains("ready now", Sentence(await ChangeAsync("run-now")), StringComparison.Ordinal);
        Assert.Contains(
            "in bulk with priority 9",
            Sentence(await ChangeAsync("move", """{"queue":"bulk","priority":9}""")),
            StringComparison.Ordinal);
        Assert.Contains(
            "cancelled",
            Sentence(await ChangeAsync("cancel", """{"reason":"not needed"}""")),
            StringComparison.Ordinal);
        var conflict = await ChangeAsync("cancel");
        Assert.Equal(HttpStatusCode.Conflict, conflict.Status);
        Assert.Contains(
            "The job is cancelled.", conflict.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(
            "same id and a fresh set of attempts", Sentence(await ChangeAsync("run-again")), StringComparison.Ordinal);
        await ChangeAsync("cancel");
        Assert.Contains("deleted", Sentence(await ChangeAsync("delete")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await ChangeAsync("delete")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await site.GetAsync($"/lovage/api/jobs/{id}")).Status);

        Task<ConsoleAnswer> ChangeAsync(string verb, string body = "{}") =>
            site.PostAsync($"/lovage/api/jobs/{id}/{verb}", body);
        static string Sentence(ConsoleAnswer answer)
        {
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
            return answer.Json.GetProperty("sentence").GetString()!;
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"arguments":{}}""")]
    [InlineData("""{"name":"a b"}""")]
    [InlineData("""{"name":"a","arguments":3}""")]
    [InlineData("""{"name":"a","name":"b"}""")]
    [InlineData("""{"name":"a","delay_seconds":-1}""")]
    [InlineData("""{"name":"a","priority":10}""")]
    [InlineData("""{"name":"a","queue":"no/queue"}""")]
    [InlineData("""{"name":"a","tags":["a\nb"]}""")]
    public async Task Enqueue_ABodyThatIsWrong_IsRefused(string body)
    {
        await using var site = await ConsoleSite.StartAsync();

        var answer = await site.PostAsync("/lovage/api/jobs", body);

        Assert.True(answer.Status == HttpStatusCode.BadRequest, answer.Body);
        Assert.Equal("application/problem+json", answer.Type);
    }

    [Fact]
    public async Task Job_HostileValues_ComeAsTheyAreAndBreakNothing()
    {
        const string Hostile = "</script><img src=x onerror=alert(1)>\u2028\u202e'\"`\r\n\0é😀";
        await using var site = await ConsoleSite.StartAsync();
        var tag = "<b>'\"&\u2028é";
        var job = await site.Client.EnqueueAsync(
            Job.Create("mail.send", Hostile, "\ud83d\ude00") with
            {
                Queue = "mail",
                Tags = [tag],
                Headers = new Dictionary<string, string> { ["x-<b>"] = "</script>\u2028" },
            },
            Cancel);

        var answer = await site.GetAsync($"/lovage/api/jobs/{job.Id}");

        Assert.DoesNotContain("<", answer.Body, StringComparison.Ordinal);
        Assert.Equal(Hostile, answer.Json.GetProperty("arguments")[0].GetProperty("value").GetString());
        Assert.Equal(tag, answer.Json.GetProperty("tags")[0].GetString());
        var quoted = tag.Replace("\"", "\\\"", StringComparison.Ordinal);
        var found = await site.GetAsync($"/lovage/api/jobs?q={Uri.EscapeDataString($"tag:\"{quoted}\"")}");
        Assert.Single(found.Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Job_LargePayload_IsCutAndSaysSo()
    {
        await using var site = await ConsoleSite.StartAsync();
        var job = await site.Client.EnqueueAsync(
            Job.Create("mail.send", 1, new string('x', 100_000), 2) with { Queue = "mail" }, Cancel);

        var answer = await site.GetAsync($"/lovage/api/jobs/{job.Id}");

        Assert.InRange(answer.Body.Length, 60_000, 200_000);
        Assert.True(answer.Json.GetProperty("payload_truncated").GetBoolean());
        Assert.Equal(1, answer.Json.GetProperty("arguments")[0].GetProperty("value").GetInt32());
        Assert.InRange(answer.Json.GetProperty("message").GetProperty("size").GetInt64(), 100_000, 101_000);
    }

    [Fact]
    public async Task Job_ToAViewer_HasNoPayload()
    {
        await using var site = await ConsoleSite.StartAsync(
            static app => app.MapLovageDashboard().RequireAuthorization("Ops"),
            set: static (builder, _) => ConsoleSite.AddRoles(builder));
        var job = await site.Client.EnqueueAsync(
            Job.Create("mail.send", "to-anna") with
            {
                Queue = "mail",
                Headers = new Dictionary<string, string> { ["customer"] = "to-anna" },
            },
            Cancel);

        var answer = await site.GetAsync($"/lovage/api/jobs/{job.Id}", (ConsoleSite.Role, "viewer"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.DoesNotContain("to-anna", answer.Body, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("arguments").ValueKind);
    }

    [Theory]
    [InlineData("""{"arguments":["[hidden]",{"number":"[hidden]","name":"bert"}]}""")]
    [InlineData("""{"arguments":{"#1":"[hidden]","#2":{"number":"[hidden]","name":"bert"}}}""")]
    [InlineData("""{"arguments":{"#2":{"number":"[hidden]","name":"bert"}}}""")]
    [InlineData("""{"body":[["[hidden]",{"number":"[hidden]","name":"bert"}],{},null]}""")]
    public async Task Job_SensitiveValue_IsHiddenFromEveryoneAndKeptByAnEdit(string arguments)
    {
        const string Secret = "s3cret-value";
        await using var site = await ConsoleSite.StartAsync();
        var job = await site.Client.EnqueueAsync(
            Job.Create("pay", Secret, new Dictionary<string, object?> { ["number"] = Secret, ["name"] = "anna" }) with
            {
                Queue = "mail",
                SensitiveParameters = ["password#1", "card.number#2"],
            },
            Cancel);
        await site.Jobs.CancelAsync(job.Id, null, Cancel);

        var answer = await site.GetAsync($"/lovage/api/jobs/{job.Id}");

        Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
        Assert.True(answer.Json.GetProperty("arguments")[0].GetProperty("hidden").GetBoolean());
        var card = answer.Json.GetProperty("arguments")[1].GetProperty("value");
        Assert.Equal(
            ("[hidden]", "anna"), (card.GetProperty("number").GetString(), card.GetProperty("name").GetString()));

        var edited = await site.PostAsync($"/lovage/api/jobs/{job.Id}/edit", arguments);

        Assert.True(edited.Status == HttpStatusCode.OK, edited.Body);
        var id = edited.Json.GetProperty("id").GetString()!;
        var made = (await site.Jobs.FindAsync(JobId.Parse(id), Cancel))!;
        Assert.StartsWith(
            $$"""[["{{Secret}}",{"number":"{{Secret}}","name":"bert"}]""",
            System.Text.Encoding.UTF8.GetString(made.Message.Body.Span),
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            Secret, (await site.GetAsync($"/lovage/api/jobs/{id}")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("@result", true)]
    [InlineData("@result.token", false)]
    public async Task Job_SensitiveResult_IsHiddenFromEveryoneAndKeptForTheCaller(string name, bool isWhole)
    {
        const string Secret = "s3cret-value";
        await using var site = await ConsoleSite.StartAsync(set: static (_, lovage) => lovage
            .AddJob(new JobDefinition("token", static job =>
            {
                job.SetResult(new Dictionary<string, string> { ["token"] = Secret, ["user"] = "anna" });
                return default;
            }))
            .AddWorker());
        var job = await site.Client.EnqueueAsync(
            Job.Create("token", "shown") with { SensitiveParameters = [name] }, Cancel);
        await job.WaitAsync(cancellationToken: Cancel);

        var answer = await site.GetAsync($"/lovage/api/jobs/{job.Id}");

        Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
        Assert.Equal(isWhole, answer.Json.GetProperty("result_hidden").GetBoolean());
        Assert.Equal("shown", answer.Json.GetProperty("arguments")[0].GetProperty("value").GetString());
        var result = answer.Json.GetProperty("result");
        Assert.Equal(
            isWhole ? "" : """{"token":"[hidden]","user":"anna"}""",
            result.ValueKind == JsonValueKind.Null ? "" : result.GetRawText());
        Assert.Contains(
            Secret,
            System.Text.Encoding.UTF8.GetString((await job.FindAsync(Cancel))!.Result.Span),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suggest_APrefix_GivesWhatThereIs()
    {
        await using var site = await ConsoleSite.StartAsync();
        await site.Client.EnqueueAsync(
            Job.Create("mail.send") with { Queue = "mail", Tags = ["order:42", "vip"] }, Cancel);
        await site.LookAsync();

        Assert.Equal("mail", await FirstAsync("queue", "ma"));
        Assert.Equal("mail.send", await FirstAsync("name", "mail."));
        Assert.Equal("order:42", await FirstAsync("tag", "order"));
        Assert.Equal("running", await FirstAsync("state", "run"));

        async Task<string?> FirstAsync(string field, string prefix) =>
            (await site.GetAsync($"/lovage/api/suggest?field={field}&prefix={prefix}")).Json
                .GetProperty("items")[0].GetString();
    }
}

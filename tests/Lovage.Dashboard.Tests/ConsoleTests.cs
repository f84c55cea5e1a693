using System.Net;
using System.Text.Json;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Generated;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Dashboard.Tests;

/// <summary>Operations, workers, tasks of this process, system, errors.</summary>
public sealed class ConsoleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("metrics")]
    [InlineData("metrics?range=7d")]
    [InlineData("catalog")]
    [InlineData("local")]
    [InlineData("audit")]
    [InlineData("system")]
    [InlineData("operations")]
    [InlineData("schedules")]
    [InlineData("errors?window=7d")]
    [InlineData("suggest")]
    public async Task Read_EachStorage_Answers(string path)
    {
        using var folder = new TestFolder();
        foreach (var storage in new[] { "memory:", folder.Storage("sqlite") })
        {
            await using var site = await ConsoleSite.StartAsync(storage: storage);

            var answer = await site.GetAsync($"/lovage/api/{path}");

            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        }
    }

    [Fact]
    public async Task Operation_OverASearch_CancelsAllOfThem()
    {
        await using var site = await ConsoleSite.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);
        }

        var tooFew = await site.PostAsync(
            "/lovage/api/operations", """{"action":"cancel","q":"queue:mail","expected":2,"reason":"test"}""");
        var started = await site.PostAsync(
            "/lovage/api/operations", """{"action":"cancel","q":"queue:mail","expected":5,"reason":"test"}""");

        Assert.True(tooFew.Status == HttpStatusCode.Conflict, tooFew.Body);
        Assert.Equal(5, tooFew.Json.GetProperty("expected").GetProperty("value").GetInt64());
        Assert.True(started.Status == HttpStatusCode.Accepted, started.Body);
        var id = started.Json.GetProperty("id").GetString();
        await using var stream = await EventStream.OpenAsync(site, "operations");
        await stream.UntilAsync("operations", static data => data.GetProperty("items").GetArrayLength() == 0);
        var ended = (await site.GetAsync($"/lovage/api/operations/{id}")).Json;
        Assert.Equal("done", ended.GetProperty("state").GetString());
        Assert.Equal(5, ended.GetProperty("done").GetInt64());
        Assert.Equal("queue:mail", ended.GetProperty("q").GetString());
        Assert.Equal(HttpStatusCode.Conflict, (await site.PostAsync($"/lovage/api/operations/{id}/cancel")).Status);
    }

    [Fact]
    public async Task Operations_PageByPage_HaveEachOnce()
    {
        await using var site = await ConsoleSite.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await site.PostAsync("/lovage/api/operations", $$"""{"action":"delete","q":"name:n{{i}}","expected":0}""");
        }

        List<string?> found = [];
        string? next = null;
        do
        {
            var page = (await site.GetAsync($"/lovage/api/operations?limit=2&after={next}")).Json;
            found.AddRange(page.GetProperty("items").EnumerateArray()
                .Select(static one => one.GetProperty("q").GetString()));
            next = page.GetProperty("next").GetString();
        }
        while (next is not null);

        Assert.Equal(["name:n4", "name:n3", "name:n2", "name:n1", "name:n0"], found);
        Assert.Equal(
            HttpStatusCode.BadRequest, (await site.GetAsync("/lovage/api/operations?after=first")).Status);
    }

    [Theory]
    [InlineData("""{"action":"burn","q":"queue:mail","expected":1}""")]
    [InlineData("""{"action":"cancel","q":"colour:red","expected":1}""")]
    [InlineData("""{"action":"cancel","q":"queue:mail"}""")]
    [InlineData("""{"action":"move","q":"queue:mail","expected":1}""")]
    [InlineData("""{"action":"cancel","q":"id:x","expected":1}""")]
    [InlineData("""{"action":"cancel","q":"","expected":1,"spread_seconds":-1}""")]
    public async Task Operation_ABodyThatIsWrong_IsRefused(string body)
    {
        await using var site = await ConsoleSite.StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await site.PostAsync("/lovage/api/operations", body)).Status);
    }

    [Fact]
    public async Task Worker_Commands_AreAnswered()
    {
        await using var site = await ConsoleSite.StartAsync(set: static (_, lovage) => lovage
            .AddJob(new JobDefinition("ok", static _ => default)).AddWorker());
        var worker = (await site.GetAsync("/lovage/api/workers")).Json.GetProperty("items")[0];
        var owner = Uri.EscapeDataString(worker.GetProperty("owner").GetString()!);

        var ping = await site.PostAsync($"/lovage/api/workers/{owner}/ping");
        var pool = await site.PostAsync($"/lovage/api/workers/{owner}/pool", """{"slots":0}""");

        Assert.True(ping.Status == HttpStatusCode.OK, ping.Body);
        Assert.True(ping.Json.GetProperty("replied").GetBoolean(), ping.Body);
        Assert.Equal(HttpStatusCode.BadRequest, pool.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await site.PostAsync("/lovage/api/workers/none/quiet")).Status);
    }

    [Fact]
    public async Task Local_TasksOfThisProcess_AreCountedAndListed()
    {
        await using var site = await ConsoleSite.StartAsync(static app =>
        {
            app.MapLovageDashboard().AllowAnonymous();
            app.MapPost("/work", static (BackgroundTasks tasks) =>
            {
                tasks.Add("greet", static _ => Task.CompletedTask);
                tasks.Add("break", static _ => throw new InvalidOperationException("No server."));
                return Results.Ok();
            });
        });
        await site.SendAsync(HttpMethod.Post, "/work", "{}", []);
        await site.App.Services.GetRequiredService<Spawning.LocalRunner>().WhenIdleAsync(Cancel)
            .WaitAsync(TestLog.Patience, Cancel);

        var local = (await site.GetAsync("/lovage/api/local")).Json;

        Assert.Equal((1, 1), (local.GetProperty("succeeded").GetInt64(), local.GetProperty("failed").GetInt64()));
        var newest = local.GetProperty("recent")[0];
        Assert.Equal(
            ("break", "failed"), (newest.GetProperty("name").GetString(), newest.GetProperty("outcome").GetString()));
        Assert.Contains("No server.", newest.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_OfOneCause_AreAGroup()
    {
        await using var site = await ConsoleSite.StartAsync(set: static (_, lovage) => lovage
            .AddJob(new JobDefinition("mail.send", static _ => throw new InvalidOperationException("No server."))
            {
                MaxAttempts = 1,
            })
            .AddWorker());
        for (var i = 0; i < 3; i++)
        {
            var handle = await site.Client.EnqueueAsync(Job.Create("mail.send"), Cancel);
            await Assert.ThrowsAsync<JobFailedException>(() => handle.WaitAsync(TestLog.Patience, Cancel).AsTask());
        }

        var group = Assert.Single(
            (await site.GetAsync("/lovage/api/errors")).Json.GetProperty("items").EnumerateArray());
        var fingerprint = group.GetProperty("fingerprint").GetString();
        var detail = (await site.GetAsync($"/lovage/api/errors/{fingerprint}")).Json;
        var jobs = (await site.GetAsync($"/lovage/api/jobs?q=fingerprint:{fingerprint}")).Json;

        Assert.Equal(3, group.GetProperty("hour").GetInt64());
        Assert.Equal("System.InvalidOperationException", group.GetProperty("type").GetString());
        Assert.Equal("No server.", detail.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(24, detail.GetProperty("spark").GetArrayLength());
        Assert.Equal(3, jobs.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Edit_AnEndedJob_MakesALinkedOne()
    {
        await using var site = await ConsoleSite.StartAsync();
        var job = await site.Client.EnqueueAsync(Job.Create("mail.send", "anna") with { Queue = "mail" }, Cancel);
        await site.Jobs.CancelAsync(job.Id, null, Cancel);

        var edited = await site.PostAsync($"/lovage/api/jobs/{job.Id}/edit", """{"arguments":{"to":"bert"}}""");

        Assert.True(edited.Status == HttpStatusCode.OK, edited.Body);
        var id = edited.Json.GetProperty("id").GetString();
        var made = (await site.GetAsync($"/lovage/api/jobs/{id}")).Json;
        var old = (await site.GetAsync($"/lovage/api/jobs/{job.Id}")).Json;
        Assert.Equal("bert", made.GetProperty("arguments")[0].GetProperty("value").GetString());
        Assert.Equal(job.Id.Value, made.GetProperty("edited_from").GetString());
        Assert.Equal(id, old.GetProperty("edited_into")[0].GetString());
    }

    [Fact]
    public async Task Api_Alone_IsAtItsOwnPrefix()
    {
        await using var site = await ConsoleSite.StartAsync(
            static app => app.MapLovageApi("/jobs-api").AllowAnonymous());

        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/jobs-api/session")).Status);
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/jobs-api/openapi.json")).Status);
        Assert.Equal("application/problem+json", (await site.GetAsync("/jobs-api/")).Type);
    }
}

using System.Net;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Generated;

namespace Lovage.Dashboard.Tests;

/// <summary>Queues, and what the first page says of them.</summary>
public sealed class QueueTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queue_PausedAndResumed_SaysSo()
    {
        await using var site = await ConsoleSite.StartAsync();
        await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, (await site.PostAsync("/lovage/api/queues/mail/pause")).Status);
        var paused = await site.PostAsync("/lovage/api/queues/mail/pause", """{"reason":"the server is mended"}""");
        var queue = (await site.GetAsync("/lovage/api/queues/mail")).Json;
        var overview = (await site.GetAsync("/lovage/api/overview")).Json;

        Assert.Equal("mail gives out no jobs. None of its jobs runs.", paused.Json.GetProperty("sentence").GetString());
        Assert.True(queue.GetProperty("paused").GetBoolean());
        Assert.Equal("the server is mended", queue.GetProperty("pause_reason").GetString());
        Assert.Equal("notice", overview.GetProperty("verdict").GetProperty("level").GetString());

        await site.PostAsync("/lovage/api/queues/mail/resume");
        Assert.False((await site.GetAsync("/lovage/api/queues/mail")).Json.GetProperty("paused").GetBoolean());
    }

    [Fact]
    public async Task Queue_Purged_NeedsItsNameTyped()
    {
        await using var site = await ConsoleSite.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);
        }

        var wrong = await site.PostAsync("/lovage/api/queues/mail/purge", """{"name":"Mail"}""");
        var purged = await site.PostAsync("/lovage/api/queues/mail/purge", """{"name":"mail","reason":"test"}""");

        Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
        Assert.Equal("3 jobs of mail are cancelled.", purged.Json.GetProperty("sentence").GetString());
        Assert.Equal(3, purged.Json.GetProperty("count").GetInt64());
        Assert.Equal(HttpStatusCode.NotFound, (await site.GetAsync("/lovage/api/queues/none")).Status);
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("sqlite")]
    public async Task Overview_AfterJobs_CountsThem(string storage)
    {
        using var folder = new TestFolder();
        await using var site = await ConsoleSite.StartAsync(
            set: static (_, lovage) => lovage.AddJob(new JobDefinition("ok", static _ => default)).AddWorker(),
            storage: folder.Storage(storage));
        var handle = await site.Client.EnqueueAsync(Job.Create("ok"), Cancel);
        await handle.WaitAsync(TestLog.Patience, Cancel);

        var overview = (await site.GetAsync("/lovage/api/overview")).Json;
        var workers = (await site.GetAsync("/lovage/api/workers")).Json;

        Assert.True(overview.GetProperty("storage").GetProperty("up").GetBoolean());
        Assert.Equal(1, overview.GetProperty("workers").GetProperty("now").GetInt32());
        Assert.Equal(
            "default",
            Assert.Single(workers.GetProperty("items").EnumerateArray()).GetProperty("queues")[0].GetString());
    }
}

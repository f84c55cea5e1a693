using System.Net;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Generated;
using Microsoft.AspNetCore.Builder;

namespace Lovage.Dashboard.Tests;

/// <summary>What people do is written before it is done.</summary>
public sealed class AuditTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Change_LeavesWhoWhatAndWhy()
    {
        await using var site = await StartAsync();

        await site.PostAsync(
            "/lovage/api/queues/mail/pause", """{"reason":"the server is mended"}""", (ConsoleSite.Role, "operator"));

        var row = Assert.Single(
            (await site.GetAsync("/lovage/api/audit?action=pause", (ConsoleSite.Role, "viewer"))).Json
                .GetProperty("items").EnumerateArray());
        Assert.Equal("operator-person", row.GetProperty("who").GetString());
        Assert.Equal("queue:mail", row.GetProperty("target").GetString());
        Assert.Equal("running", row.GetProperty("before").GetString());
        Assert.Equal("paused: the server is mended", row.GetProperty("after").GetString());
        Assert.Equal("the server is mended", row.GetProperty("reason").GetString());
        Assert.Equal("console", row.GetProperty("source").GetString());
        Assert.Equal("127.0.0.1", row.GetProperty("address").GetString());
        Assert.Contains(
            "operator-person does pause to queue:mail",
            Assert.Single(site.Log.Of(3110)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_WhoseEffectFails_HasItsRecord()
    {
        await using var site = await StartAsync(static lovage => lovage.AddJob(
            new JobDefinition("mail.send", static _ => default)
            {
                BindArguments = static (job, _, _) => throw new BadArgumentsException(job, "to", "'to' is missing."),
                Parameters = [new JobParameter("to", typeof(string), false)],
            }));

        var answer = await site.PostAsync(
            "/lovage/api/jobs", """{"name":"mail.send","arguments":{}}""", (ConsoleSite.Role, "operator"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("enqueue", Assert.Single(await site.Jobs.AuditAsync(null, Cancel)).Action);
    }

    [Fact]
    public async Task Change_ThatIsRefused_HasNone()
    {
        await using var site = await StartAsync();

        await site.PostAsync("/lovage/api/queues/mail/pause", """{"reason":"x"}""", (ConsoleSite.Role, "viewer"));
        await site.PostAsync("/lovage/api/queues/mail/pause", "{}", (ConsoleSite.Role, "operator"));
        await site.PostAsync(
            "/lovage/api/queues/mail/pause",
            """{"reason":"x"}""",
            (ConsoleSite.Role, "operator"),
            ("Sec-Fetch-Site", "cross-site"));
        await site.PostAsync(
            "/lovage/api/queues/mail/pause",
            $$"""{"reason":"{{new string('x', 501)}}"}""",
            (ConsoleSite.Role, "operator"));

        Assert.Empty(await site.Jobs.AuditAsync(null, Cancel));
        Assert.DoesNotContain(await site.Jobs.QueuesAsync(Cancel), static queue => queue.Paused);
    }

    [Fact]
    public async Task Change_WhoseRecordCannotBeWritten_IsNotMade()
    {
        await using var site = await ConsoleSite.StartAsync(
            set: static (_, lovage) => lovage.AddStorageProvider(new BrokenAuditStorage.Provider()),
            storage: "brokenaudit:");

        var answer = await site.PostAsync("/lovage/api/queues/mail/pause", """{"reason":"x"}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Contains("The disk is full.", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(await site.Jobs.QueuesAsync(Cancel), static queue => queue.Paused);
    }

    [Fact]
    public async Task Audit_Pages_FollowOneAnother()
    {
        await using var site = await ConsoleSite.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await site.PostAsync("/lovage/api/queues/mail/resume");
        }

        var first = (await site.GetAsync("/lovage/api/audit?limit=2")).Json;
        var next = first.GetProperty("next").GetString();
        var second = (await site.GetAsync($"/lovage/api/audit?limit=2&after={next}")).Json;

        Assert.Equal(2, first.GetProperty("items").GetArrayLength());
        Assert.Equal(1, second.GetProperty("items").GetArrayLength());
    }

    private static Task<ConsoleSite> StartAsync(Action<LovageBuilder>? set = null) => ConsoleSite.StartAsync(
        static app => app.MapLovageDashboard().RequireAuthorization("Ops"),
        set: (builder, lovage) =>
        {
            ConsoleSite.AddRoles(builder);
            set?.Invoke(lovage);
        });
}

using System.Net;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Streaming;
using Lovage.Dashboard.Tests.Sites;
using Lovage.Dashboard.Views;
using Microsoft.AspNetCore.Builder;

namespace Lovage.Dashboard.Tests;

/// <summary>The stream of changes.</summary>
public sealed class StreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_TopicsOfAPage_BringsThemAtOnceAndWhenTheyChange()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var stream = await EventStream.OpenAsync(site, "overview,queues,jobs");

        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", Assert.Single(stream.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.Equal("hello", (await stream.NextAsync())?.Name);
        var overview = await stream.UntilAsync("overview");
        Assert.Equal("Nothing is waiting.", overview.GetProperty("verdict").GetProperty("sentence").GetString());

        await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);

        var changed = await stream.UntilAsync("queues", static data => data.GetProperty("items").GetArrayLength() > 0);
        Assert.Equal("mail", changed.GetProperty("items")[0].GetProperty("name").GetString());
        await stream.UntilAsync("pulse", static data => data.GetProperty("waiting").GetInt64() == 1);
    }

    [Fact]
    public async Task Stream_OfAJob_FollowsIt()
    {
        await using var site = await ConsoleSite.StartAsync();
        var job = await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);
        await using var stream = await EventStream.OpenAsync(site, $"job:{job.Id}");
        await stream.UntilAsync("job", static data => data.GetProperty("state").GetString() == "queued");

        await site.Jobs.CancelAsync(job.Id, "test", Cancel);

        var last = await stream.UntilAsync("job", static data => data.GetProperty("state").GetString() == "cancelled");
        Assert.Equal(job.Id.Value, last.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Stream_TheAppStops_EndsWithBye()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var stream = await EventStream.OpenAsync(site, "overview");
        await stream.UntilAsync("overview");
        var start = TimeProvider.System.GetTimestamp();

        var stop = site.App.StopAsync(Cancel);

        await stream.UntilAsync("bye");
        await stop;
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Stream_Hundred_ShareOneSamplerAndEachEvent()
    {
        await using var site = await ConsoleSite.StartAsync();
        var sampler = ConsoleServices.Of(site.App.Services, "test").Sampler;
        var streams = new List<EventStream>();
        try
        {
            for (var i = 0; i < 100; i++)
            {
                streams.Add(await EventStream.OpenAsync(site, "overview,queues"));
            }

            foreach (var stream in streams)
            {
                await stream.UntilAsync("overview");
            }

            var (looks, start) = (sampler.Looks, TimeProvider.System.GetTimestamp());
            await site.Client.EnqueueAsync(Job.Create("mail.send") with { Queue = "mail" }, Cancel);
            foreach (var stream in streams)
            {
                await stream.UntilAsync(
                    "queues", static data => data.GetProperty("items").GetArrayLength() == 1);
            }

            var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            var most = seconds / ConsoleSampler.Gap.TotalSeconds;
            Assert.InRange(sampler.Looks - looks, 1, (long)most + 2);
        }
        finally
        {
            foreach (var stream in streams)
            {
                await stream.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Source_NothingHasChanged_MakesNoEvent()
    {
        await using var site = await ConsoleSite.StartAsync();
        var job = await site.Client.EnqueueAsync(
            Job.Create("mail.send") with { Queue = "mail", Delay = TimeSpan.FromHours(1) }, Cancel);
        var console = ConsoleServices.Of(site.App.Services, "test");
        var overview = new Cached<OverviewBody>(
            console.Time, TimeSpan.FromSeconds(1), new OverviewView(console).MakeAsync);
        var source = new StreamSource(
            console, overview, new JobDetailView(console, new DashboardOptions()), new OperationsView(console));
        await site.LookAsync();
        string[] topics =
            ["overview", "pulse", "queues", "jobs", "workers", "schedules", "errors", "operations", "local"];
        foreach (var topic in topics)
        {
            await source.NextAsync(topic, Cancel);
            Assert.Null(await source.NextAsync(topic, Cancel));
        }

        Assert.NotNull(await source.JobAsync("key", job.Id, true, Cancel));
        Assert.Null(await source.JobAsync("key", job.Id, true, Cancel));
        Assert.Null(await source.JobAsync("other", JobId.Parse("unknown"), true, Cancel));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("job:not an id")]
    [InlineData("job:1,job:2,job:3,job:4,job:5,job:6")]
    public async Task Stream_UnknownTopic_IsRefused(string topics)
    {
        await using var site = await ConsoleSite.StartAsync();

        var answer = await site.GetAsync($"/lovage/api/stream?topics={Uri.EscapeDataString(topics)}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("overview", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_OfAJob_HidesPayloadsFromAViewer()
    {
        await using var site = await ConsoleSite.StartAsync(
            static app => app.MapLovageDashboard().RequireAuthorization("Ops"),
            set: static (builder, _) => ConsoleSite.AddRoles(builder));
        var job = await site.Client.EnqueueAsync(Job.Create("mail.send", "to-anna") with { Queue = "mail" }, Cancel);

        await using var viewer = await EventStream.OpenAsync(site, $"job:{job.Id}", "viewer");
        await using var reader = await EventStream.OpenAsync(site, $"job:{job.Id}", "payloads");

        Assert.DoesNotContain("to-anna", (await viewer.UntilAsync("job")).GetRawText(), StringComparison.Ordinal);
        Assert.Contains("to-anna", (await reader.UntilAsync("job")).GetRawText(), StringComparison.Ordinal);
    }
}

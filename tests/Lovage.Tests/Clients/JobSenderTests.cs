using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lovage.Diagnostics;

namespace Lovage.Tests.Clients;

/// <summary>What the client leaves in traces and metrics.</summary>
public sealed class JobSenderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task EnqueueAsync_CollectionInsideATrace_MarksItsJobsAndGivesEachASpan(string createSpans)
    {
        var queue = $"batch.{createSpans}";
        using var spans = new SpanList(
            name => name == $"create {queue}" || name == $"send {queue}" || name == "request");
        await using var app = await TestApp.StartAsync(settings: ("Lovage:Telemetry:CreateSpans", createSpans));
        using var source = new ActivitySource("test");
        using var caller = source.StartActivity("request")!;

        var handles = await app.Jobs.EnqueueAsync(
            [Job.Create("n") with { Queue = queue }, Job.Create("m") with { Queue = queue }], Cancel);

        var send = Assert.Single(spans.Named($"send {queue}"));
        Assert.Equal((ActivityKind.Client, caller.SpanId), (send.Kind, send.ParentSpanId));
        Assert.Equal(2, send.GetTagItem("messaging.batch.message_count"));
        var created = spans.Named($"create {queue}");
        Assert.Equal(
            createSpans == "true" ? ["n", "m"] : [], created.Select(span => span.GetTagItem("lovage.job.name")));
        for (var i = 0; i < 2; i++)
        {
            var headers = (await app.Inspector.FindAsync(handles[i].Id, Cancel))!.Message.Headers;
            Assert.Equal("1", headers["lovage_batch"]);
            Assert.Equal(created.ElementAtOrDefault(i)?.Id ?? caller.Id, headers["traceparent"]);
        }

        Assert.All(created, (span, i) => Assert.Equal(
            (ActivityKind.Producer, caller.SpanId, "memory", "create", handles[i].Id.Value, handles[i].Id.Value),
            (
                span.Kind,
                span.ParentSpanId,
                span.GetTagItem("messaging.system"),
                span.GetTagItem("messaging.operation.type"),
                span.GetTagItem("messaging.message.id"),
                span.GetTagItem("messaging.message.conversation_id"))));
    }

    [Fact]
    public async Task EnqueueAsync_MoreNamesAndQueuesThanLabels_CountsTheRestTogether()
    {
        var counted = new ConcurrentDictionary<(string? Job, string? Queue), long>();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counted.AddOrUpdate(
            ($"{tags[0].Value}", $"{tags[1].Value}"), count, (_, before) => before + count));
        listener.EnableMeasurementEvents(LovageTelemetry.Enqueued);
        listener.Start();
        await using var app = await TestApp.StartAsync();

        await app.Jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 205).Select(static i => Job.Create($"label.{i}") with { Queue = $"label.{i}" })],
            Cancel);

        Assert.Equal(1, counted[("label.7", "label.7")]);
        Assert.InRange(counted[("_other", "_other")], 5, long.MaxValue);
        Assert.DoesNotContain(counted.Keys, static key => key.Job == "label.204" || key.Queue == "label.204");
    }

    [Fact]
    public async Task EnqueueAsync_CollectionOutsideOfATrace_HasNoHeaders()
    {
        await using var app = await TestApp.StartAsync();

        var handles = await app.Jobs.EnqueueAsync([Job.Create("n") with { Queue = "no.trace" }], Cancel);

        Assert.Empty((await app.Inspector.FindAsync(handles[0].Id, Cancel))!.Message.Headers);
    }
}

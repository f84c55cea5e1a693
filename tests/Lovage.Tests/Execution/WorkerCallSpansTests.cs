using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Execution;

namespace Lovage.Tests.Execution;

/// <summary>The spans of a worker's calls that fetch and settle jobs.</summary>
public sealed class WorkerCallSpansTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly ActivityContext Asked = ActivityContext.Parse(Parent, null);

    [Fact]
    public void Receive_DeliveriesOfOneQueue_AreOneSpanWithLinks()
    {
        using var spans = new SpanList(static span => span == "receive fetch.one");
        using var world = World(TelemetrySettings.Default, "fetch.one");

        Enqueue(world, "fetch.one", Parent);
        Enqueue(world, "fetch.one", null);
        Assert.Empty(spans.All);
        world.Start();
        world.Advance(TimeSpan.FromMinutes(5));

        var span = Assert.Single(spans.All);
        Assert.Equal((ActivityKind.Client, default), (span.Kind, span.ParentSpanId));
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["messaging.batch.message_count"] = 2,
                ["messaging.client.id"] = WorkerWorld.Owner.Key,
                ["messaging.destination.name"] = "fetch.one",
                ["messaging.operation.name"] = "receive",
                ["messaging.operation.type"] = "receive",
                ["messaging.system"] = "memory",
            },
            span.TagObjects.ToDictionary());
        Assert.Equal(Asked.SpanId, Assert.Single(span.Links).Context.SpanId);
    }

    [Fact]
    public void Receive_DeliveriesOfSeveralQueues_NameNone()
    {
        using var spans = new SpanList(static span => span is "receive" or "receive fetch.a" or "receive fetch.b");
        using var world = World(TelemetrySettings.Default, "fetch.a", "fetch.b");

        Enqueue(world, "fetch.a", Parent);
        Enqueue(world, "fetch.b", Parent);
        world.Start();
        world.Advance(TimeSpan.FromMinutes(5));

        var several = spans.All.Where(static span => span.OperationName == "receive"
            && span.Links.Any(static link => link.Context.SpanId == Asked.SpanId));
        var span = Assert.Single(several);
        Assert.Equal(
            (2, null),
            (span.GetTagItem("messaging.batch.message_count"), span.GetTagItem("messaging.destination.name")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Settle_Outcome_HasASpanWhenTheOptionAsksForIt(bool isAsked)
    {
        var queue = $"settled.{isAsked}";
        using var spans = new SpanList(span => span == $"settle {queue}" || span == "process settle.job");
        using var world = World(new TelemetrySettings { SettleSpans = isAsked }, queue);

        world.Start();
        world.UntilEnded(Enqueue(world, queue, null));

        if (!isAsked)
        {
            Assert.Empty(spans.Named($"settle {queue}"));
            return;
        }

        var span = Assert.Single(spans.Named($"settle {queue}"));
        Assert.Equal((ActivityKind.Client, ActivityStatusCode.Unset), (span.Kind, span.Status));
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["messaging.batch.message_count"] = 1,
                ["messaging.client.id"] = WorkerWorld.Owner.Key,
                ["messaging.destination.name"] = queue,
                ["messaging.operation.name"] = "settle",
                ["messaging.operation.type"] = "settle",
                ["messaging.system"] = "memory",
            },
            span.TagObjects.ToDictionary());
        var attempt = Assert.Single(
            spans.Named("process settle.job"),
            one => queue.Equals(one.GetTagItem("messaging.destination.name")));
        Assert.Equal(attempt.SpanId, Assert.Single(span.Links).Context.SpanId);
    }

    private static JobId Enqueue(WorkerWorld world, string queue, string? parent) =>
        world.Enqueue("settle.job", change: message => message with
        {
            Queue = queue,
            Headers = parent is null ? message.Headers : message.Headers.Add("traceparent", parent),
        });

    private static WorkerWorld World(TelemetrySettings telemetry, params string[] queues) => new(
        new WorkerSettings { Concurrency = 4, Queues = [.. queues], DrainTime = TimeSpan.FromSeconds(1) },
        [new JobDefinition("settle.job", static _ => default)],
        services: null,
        telemetry: telemetry);
}

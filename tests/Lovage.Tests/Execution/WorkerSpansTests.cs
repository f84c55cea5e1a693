using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Protocol;

namespace Lovage.Tests.Execution;

/// <summary>How the span of an attempt relates to the one that enqueued the job, and what it tells.</summary>
public sealed class WorkerSpansTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly ActivityContext Asked = ActivityContext.Parse(Parent, null);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 1,
        MaxAttempts = 1,
        DrainTime = Second,
    };

    [Theory]
    [InlineData(TraceRelation.Auto, 0, null, "child")]
    [InlineData(TraceRelation.Auto, 60, null, "child")]
    [InlineData(TraceRelation.Auto, 61, null, "link")]
    [InlineData(TraceRelation.Auto, 0, "lovage_schedule", "link")]
    [InlineData(TraceRelation.Auto, 0, "lovage_batch", "link")]
    [InlineData(TraceRelation.Parent, 61, "lovage_batch", "child")]
    [InlineData(TraceRelation.Parent, 0, "lovage_schedule", "child")]
    [InlineData(TraceRelation.Link, 0, null, "link")]
    public void Process_JobOfATrace_RelatesAsTheOptionSays(
        TraceRelation option, int delay, string? header, string expected)
    {
        var name = $"relation.{option}.{delay}.{header}";
        using var spans = new SpanList(span => span == $"process {name}");
        using var world = World(name, option, static _ => default);

        world.UntilEnded(Enqueue(world, name, Second * delay, header));

        Assert.Equal(expected, SpanList.Relation(Assert.Single(spans.All), Asked));
    }

    [Theory]
    [InlineData(TraceRelation.Auto)]
    [InlineData(TraceRelation.Parent)]
    [InlineData(TraceRelation.Link)]
    public void Process_JobWithoutATrace_BeginsOne(TraceRelation option)
    {
        var name = $"relation.alone.{option}";
        using var spans = new SpanList(span => span == $"process {name}");
        using var world = World(name, option, static _ => default);

        world.UntilEnded(world.Enqueue(name));

        Assert.Equal("none", SpanList.Relation(Assert.Single(spans.All), Asked));
    }

    [Theory]
    [InlineData(TraceRelation.Auto, "child", "child", "link")]
    [InlineData(TraceRelation.Parent, "child", "child", "child")]
    [InlineData(TraceRelation.Link, "link", "link", "link")]
    public void Process_Retries_RelateToTheEnqueueByTheirWaits(TraceRelation option, params string[] expected)
    {
        var name = $"relation.retries.{option}";
        using var spans = new SpanList(span => span == $"process {name}");
        using var world = World(name, option, static job => job.Context.Attempt < 3
            ? throw Retry.After(job.Context.Attempt == 1 ? 10 * Second : 90 * Second)
            : default);

        world.UntilEnded(Enqueue(world, name));

        Assert.Equal(expected, spans.All.Select(static span => SpanList.Relation(span, Asked)));
        Assert.Equal([1, 2, 3], spans.All.Select(static span => span.GetTagItem("lovage.job.attempt")));
    }

    [Theory]
    [InlineData(TraceRelation.Auto, 5, "child")]
    [InlineData(TraceRelation.Auto, 3_600, "link")]
    [InlineData(TraceRelation.Parent, 3_600, "child")]
    [InlineData(TraceRelation.Link, 5, "link")]
    public void Process_RequeuedJob_RelatesToItsEnqueueByTheTimeSince(TraceRelation option, int after, string expected)
    {
        var name = $"relation.requeue.{option}.{after}";
        using var spans = new SpanList(span => span == $"process {name}");
        using var world = World(name, option, static _ => throw new InvalidOperationException());
        var id = Enqueue(world, name);
        world.UntilEnded(id);
        world.Advance(Second * after);

        world.Do(async () => await world.Memory.Store.RequeueAsync([id], CancellationToken.None));
        world.UntilEnded(id);

        Assert.Equal(2, spans.All.Count);
        Assert.Equal(expected, SpanList.Relation(spans.All[1], Asked));
        Assert.All(spans.All, span => Assert.Equal(id.Value, span.GetTagItem("messaging.message.id")));
    }

    [Fact]
    public void Process_Handler_SeesTheSpanAndItsOwnTraceAlone()
    {
        const string Name = "relation.handler";
        using var spans = new SpanList(static span => span == $"process {Name}");
        ActivitySpanId? seen = null;
        using var world = World(Name, TraceRelation.Link, job =>
        {
            seen = Activity.Current?.SpanId;
            return default;
        });

        world.UntilEnded(Enqueue(world, Name));
        world.UntilEnded(Enqueue(world, Name));

        Assert.Equal(2, spans.All.Select(static span => span.TraceId).Distinct().Count());
        Assert.Equal(spans.All[^1].SpanId, seen);
    }

    [Fact]
    public void Process_Attempt_TellsWhoseItIsAndHowItEnded()
    {
        const string Name = "relation.tags";
        using var spans = new SpanList(static span => span == "process default.tags");
        using var world = World(
            Name,
            TraceRelation.Auto,
            static _ => throw new InvalidOperationException("secret"),
            new TelemetrySettings { SpanNames = SpanNames.SemConv },
            "default.tags");

        var id = world.Enqueue(Name, "\"argument\"", static message => message with
        {
            Queue = "default.tags",
            RootId = "the-root",
            Delay = 90 * Second,
            Headers = message.Headers.Add(ScheduleHeaders.Schedule, "nightly"),
        });
        world.UntilEnded(id);

        var span = Assert.Single(spans.All);
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["error.type"] = "System.InvalidOperationException",
                ["lovage.job.attempt"] = 1,
                ["lovage.job.eta_delay_ms"] = 90_000L,
                ["lovage.job.kind"] = "schedule",
                ["lovage.job.max_attempts"] = 1,
                ["lovage.job.name"] = Name,
                ["lovage.job.outcome"] = "failure",
                ["lovage.schedule.name"] = "nightly",
                ["messaging.client.id"] = WorkerWorld.Owner.Key,
                ["messaging.destination.name"] = "default.tags",
                ["messaging.message.conversation_id"] = "the-root",
                ["messaging.message.id"] = id.Value,
                ["messaging.operation.name"] = "run",
                ["messaging.operation.type"] = "process",
                ["messaging.system"] = "memory",
            },
            span.TagObjects.ToDictionary());
        Assert.Null(span.StatusDescription);
        Assert.Empty(span.Events);
    }

    [Fact]
    public void Process_ImmediateRoot_IsItsOwnConversation()
    {
        const string Name = "relation.root";
        using var spans = new SpanList(static span => span == $"process {Name}");
        using var world = World(Name, TraceRelation.Auto, static _ => default);

        var id = world.Enqueue(Name);
        world.UntilEnded(id);

        var span = Assert.Single(spans.All);
        Assert.Equal(
            (id.Value, "durable", null, null),
            (
                span.GetTagItem("messaging.message.conversation_id"),
                span.GetTagItem("lovage.job.kind"),
                span.GetTagItem("lovage.schedule.name"),
                span.GetTagItem("lovage.job.eta_delay_ms")));
    }

    [Theory]
    [InlineData("tenant=acme,user=J%C3%BCrgen%2C%20X", "acme", "Jürgen, X")]
    [InlineData("tenant=acme;property=1", "acme;property=1", null)]
    [InlineData("", null, null)]
    [InlineData("=,;,%%%,tenant", null, null)]
    public void Process_Baggage_ReachesTheHandler(string header, string? tenant, string? user)
    {
        var name = $"relation.baggage.{header.Length}";
        using var spans = new SpanList(span => span == $"process {name}");
        var seen = new List<string?>();
        using var world = World(name, TraceRelation.Auto, _ =>
        {
            seen.AddRange(Activity.Current!.GetBaggageItem("tenant"), Activity.Current.GetBaggageItem("user"));
            return default;
        });

        world.UntilEnded(world.Enqueue(
            name, change: message => message with { Headers = message.Headers.Add("baggage", header) }));

        Assert.Equal([tenant, user], seen);
    }

    private static JobId Enqueue(WorkerWorld world, string name, TimeSpan delay = default, string? header = null) =>
        world.Enqueue(name, change: message => message with
        {
            Delay = delay,
            Headers = (header is null ? message.Headers : message.Headers.Add(header, "x")).Add("traceparent", Parent),
        });

    private static WorkerWorld World(
        string name,
        TraceRelation option,
        Func<JobInvocation, ValueTask> handler,
        TelemetrySettings? telemetry = null,
        string queue = "default")
    {
        var attempts = name.Contains("retries", StringComparison.Ordinal) ? 3 : 1;
        var world = new WorkerWorld(
            Settings with { MaxAttempts = attempts, Queues = [queue] },
            [new JobDefinition(name, handler)],
            services: null,
            telemetry: telemetry ?? new TelemetrySettings { TraceRelation = option });
        world.Start();
        return world;
    }
}

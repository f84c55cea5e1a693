using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>Measures and traces the calls of one storage, in OpenTelemetry's messaging names.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class StorageMeter
{
    /// <summary>Links of a span at the most; OpenTelemetry's libraries drop further ones.</summary>
    private const int LinksMax = 128;

    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?>[] _tags;

    /// <param name="system">The kind of the storage, as <c>messaging.system</c> has it.</param>
    /// <param name="time">Measures durations.</param>
    /// <param name="server">The server that the storage calls; null for none, or when it is not always the same
    /// one.</param>
    internal StorageMeter(string system, TimeProvider time, StorageServer? server = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _tags = (server, server?.Port) switch
        {
            (null, _) => [new("messaging.system", system)],
            (_, null) => [new("messaging.system", system), new("server.address", server.Address)],
            (_, { } port) =>
            [
                new("messaging.system", system),
                new("server.address", server.Address),
                new("server.port", port),
            ],
        };
    }

    internal long Start() => _time.GetTimestamp();

    internal void Stop(string operation, long start)
    {
        if (LovageTelemetry.OperationDuration.Enabled)
        {
            // What the call has done is done: a listener that fails must not make it a failure.
            Unfailing.Tell(
                (Seconds: _time.GetElapsedTime(start).TotalSeconds, Tags: _tags, Operation: operation),
                static told =>
                {
                    var tags = new TagList(told.Tags) { { "messaging.operation.name", told.Operation } };
                    LovageTelemetry.OperationDuration.Record(told.Seconds, tags);
                });
        }
    }

    internal void Sent(int count) =>
        Unfailing.Tell((count, Tags: _tags), static told => LovageTelemetry.Sent.Add(told.count, told.Tags));

    /// <summary>Measures a look that delivered jobs, and tells of it as a span that began with the look.</summary>
    /// <param name="deliveries">What it delivered; at least one.</param>
    /// <param name="asked">The timestamp of its beginning.</param>
    /// <param name="owner">Who looked.</param>
    internal void Received(IReadOnlyList<Delivery> deliveries, long asked, WorkerOwner owner)
    {
        Stop("receive", asked);
        Unfailing.Tell(
            (deliveries.Count, Tags: _tags), static told => LovageTelemetry.Consumed.Add(told.Count, told.Tags));
        if (LovageTelemetry.Source.HasListeners())
        {
            TellReceive(deliveries, asked, owner);
        }
    }

    /// <summary>A span around a write of messages; none within the span of a caller that enqueues one job.</summary>
    internal Span StartSend(IReadOnlyList<JobMessage> messages)
    {
        if (!LovageTelemetry.Source.HasListeners()
            || Activity.Current is { Kind: ActivityKind.Producer, Source: var source }
                && source == LovageTelemetry.Source)
        {
            return default;
        }

        var queue = messages[0].Queue;
        var span = Span.Start($"send {queue}", ActivityKind.Client);
        Describe(span.Activity)?
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.operation.name", "send")
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.batch.message_count", messages.Count);
        return span;
    }

    /// <summary>A span around a call that is not about one queue.</summary>
    internal Span StartCall(string operation)
    {
        var span = Span.Start(operation, ActivityKind.Client);
        Describe(span.Activity)?.SetTag("messaging.operation.name", operation);
        return span;
    }

    /// <summary>A span around a write of outcomes.</summary>
    /// <param name="queue">The queue of their jobs; null when they have several.</param>
    /// <param name="count">How many.</param>
    /// <param name="worker">The worker's name.</param>
    internal Span StartSettle(string? queue, int count, string worker)
    {
        var span = Span.Start(queue is null ? "settle" : $"settle {queue}", ActivityKind.Client);
        Describe(span.Activity, "settle", queue, count, worker);
        return span;
    }

    /// <summary>Adds what each span about this storage tells.</summary>
    internal Activity? Describe(Activity? activity)
    {
        if (activity is { IsAllDataRequested: true })
        {
            foreach (var (name, value) in _tags)
            {
                activity.SetTag(name, value);
            }
        }

        return activity;
    }

    private void Describe(Activity? activity, string operation, string? queue, int count, string worker) =>
        Describe(activity)?
            .SetTag("messaging.operation.type", operation)
            .SetTag("messaging.operation.name", operation)
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.batch.message_count", count)
            .SetTag("messaging.client.id", worker);

    private void TellReceive(IReadOnlyList<Delivery> deliveries, long asked, WorkerOwner owner)
    {
        var elapsed = _time.GetElapsedTime(asked);
        var queue = deliveries[0].Message.Queue;
        for (var i = 1; i < deliveries.Count && queue is not null; i++)
        {
            queue = deliveries[i].Message.Queue == queue ? queue : null;
        }

        using var span = Span.Start(queue is null ? "receive" : $"receive {queue}", ActivityKind.Client);
        if (span.Activity is not { } activity)
        {
            return;
        }

        // An empty look is no span, so a span can only begin once the look is over.
        activity.SetStartTime(activity.StartTimeUtc - elapsed);
        Describe(activity, "receive", queue, deliveries.Count, owner.Key);
        if (activity.IsAllDataRequested)
        {
            Link(activity, deliveries);
        }
    }

    private static void Link(Activity activity, IReadOnlyList<Delivery> deliveries)
    {
        var links = 0;
        for (var i = 0; i < deliveries.Count && links < LinksMax; i++)
        {
            if (TraceContext.Read(deliveries[i].Message.Headers) is var context && context != default)
            {
                activity.AddLink(new ActivityLink(context));
                links++;
            }
        }
    }
}

using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>Measures and traces the calls of one storage, in OpenTelemetry's messaging names.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class StorageMeter
{
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, object?> _system;

    internal StorageMeter(string system, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        SystemName = system;
        _system = new("messaging.system", system);
    }

    /// <summary>The kind of the storage, as <c>messaging.system</c> has it.</summary>
    internal string SystemName { get; }

    internal long Start() => _time.GetTimestamp();

    internal void Stop(string operation, long start)
    {
        if (LovageTelemetry.OperationDuration.Enabled)
        {
            // What the call has done is done: a listener that fails must not make it a failure.
            Unfailing.Tell(
                (Seconds: _time.GetElapsedTime(start).TotalSeconds, System: _system, Operation: operation),
                static told => LovageTelemetry.OperationDuration.Record(
                    told.Seconds, told.System, new("messaging.operation.name", told.Operation)));
        }
    }

    internal void Sent(int count) =>
        Unfailing.Tell((count, System: _system), static told => LovageTelemetry.Sent.Add(told.count, told.System));

    internal void Consumed(int count) =>
        Unfailing.Tell((count, System: _system), static told => LovageTelemetry.Consumed.Add(told.count, told.System));

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
        span.Activity?
            .SetTag(_system.Key, _system.Value)
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
        span.Activity?.SetTag(_system.Key, _system.Value).SetTag("messaging.operation.name", operation);
        return span;
    }
}

using Lovage.Diagnostics;

namespace Lovage;

/// <summary>How this process makes spans, as in the section <c>Lovage:Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// How the span of an attempt or of a task relates to the span that asked for it; <see cref="TraceRelation.Auto"/>
    /// by default.
    /// </summary>
    public TraceRelation TraceRelation { get; set; } = TraceRelation.Auto;

    /// <summary>How spans of attempts are named; <see cref="SpanNames.Lovage"/> by default.</summary>
    public SpanNames SpanNames { get; set; } = SpanNames.Lovage;

    /// <summary>
    /// True (the default) when each job of a collection that is enqueued has a span <c>create QUEUE</c> of its own.
    /// False leaves the one span of the write; the jobs then carry the context of its caller.
    /// </summary>
    public bool CreateSpans { get; set; } = true;

    /// <summary>
    /// True when each write of outcomes that a worker makes has a span <c>settle QUEUE</c>; false by default.
    /// </summary>
    public bool SettleSpans { get; set; }

    internal TelemetrySettings Settings() => new()
    {
        TraceRelation = TraceRelation,
        SpanNames = SpanNames,
        CreateSpans = CreateSpans,
        SettleSpans = SettleSpans,
    };
}

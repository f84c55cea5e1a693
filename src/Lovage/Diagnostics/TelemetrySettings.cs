namespace Lovage.Diagnostics;

/// <summary>How spans are made.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
internal sealed record TelemetrySettings
{
    /// <summary>
    /// Work that is due later than this after it was asked for is no part of the caller's trace under
    /// <see cref="TraceRelation.Auto"/>.
    /// </summary>
    internal static readonly TimeSpan LinkAfter = TimeSpan.FromMinutes(1);

    internal static TelemetrySettings Default { get; } = new();

    /// <summary>How the span of work relates to the one that asked for it.</summary>
    internal TraceRelation TraceRelation { get; init; }

    /// <summary>How spans of attempts are named.</summary>
    internal SpanNames SpanNames { get; init; }

    /// <summary>True when each job of a collection has a span of its own.</summary>
    internal bool CreateSpans { get; init; } = true;

    /// <summary>True when each write of a worker's outcomes has a span.</summary>
    internal bool SettleSpans { get; init; }

    /// <summary>True when the work begins a trace of its own.</summary>
    /// <param name="isApart">True when it is no immediate part of the caller's work.</param>
    internal bool Links(bool isApart) => TraceRelation switch
    {
        TraceRelation.Parent => false,
        TraceRelation.Link => true,
        _ => isApart,
    };
}

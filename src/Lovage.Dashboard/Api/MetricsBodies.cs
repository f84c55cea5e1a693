namespace Lovage.Dashboard.Api;

/// <summary>Waits and durations by name and queue.</summary>
internal sealed record MetricsBody(
    IReadOnlyList<MetricRow> Items, HistogramBody Histogram, IReadOnlyList<MetricHour> Hours);

/// <summary>The jobs of one name on one queue.</summary>
internal sealed record MetricRow
{
    public required string Name { get; init; }

    public required string Queue { get; init; }

    public required long Count { get; init; }

    public required long Failed { get; init; }

    public required long Retried { get; init; }

    public required double TotalSeconds { get; init; }

    public required Percentiles Wait { get; init; }

    public required Percentiles Run { get; init; }
}

/// <summary>Percentiles in seconds.</summary>
internal sealed record Percentiles(double? P50, double? P95, double? P99)
{
    internal static Percentiles Of(DurationHistogram histogram) => new(
        histogram.Quantile(0.5)?.TotalSeconds,
        histogram.Quantile(0.95)?.TotalSeconds,
        histogram.Quantile(0.99)?.TotalSeconds);
}

/// <summary>How often durations fell between bounds, in seconds.</summary>
internal sealed record HistogramBody(
    IReadOnlyList<double> Bounds, IReadOnlyList<long> Wait, IReadOnlyList<long> Run);

/// <summary>One hour.</summary>
internal sealed record MetricHour
{
    public required DateTimeOffset At { get; init; }

    public required long Succeeded { get; init; }

    public required long Failed { get; init; }

    public double? WaitP95 { get; init; }

    public double? RunP50 { get; init; }

    public double? RunP95 { get; init; }
}

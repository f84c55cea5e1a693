using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Lovage.AspNetCore.Metrics;

/// <summary>One metric with its series, at most <see cref="SeriesMax"/>. Further ones are counted together.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class MetricFamily
{
    internal const int SeriesMax = 1_000;

    // For a histogram that advises none: the boundaries of OpenTelemetry's conventions for seconds.
    internal static readonly double[] DefaultBounds =
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly ConcurrentDictionary<Tag[], MetricSeries> _byTags = new(new TagComparer());
    private readonly ConcurrentDictionary<Tag[], MetricSeries>.AlternateLookup<ReadOnlySpan<Tag>> _lookup;
    private readonly SortedDictionary<string, MetricSeries> _byLabels = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly string _help;
    private readonly bool _isAdded;
    private readonly double[]? _bounds;
    private MetricSeries? _overflow;
    private int _count;

    private MetricFamily(Instrument instrument, string type, bool isAdded, double[]? bounds = null)
    {
        Name = PrometheusText.Name(instrument.Name, instrument.Unit, type == "counter");
        Type = type;
        IsObserved = instrument.IsObservable;
        _help = PrometheusText.Help(instrument.Description ?? instrument.Name);
        _isAdded = isAdded;
        _bounds = bounds;
        _lookup = _byTags.GetAlternateLookup<ReadOnlySpan<Tag>>();
    }

    internal string Name { get; }

    /// <summary>Prometheus's word: counter, gauge or histogram.</summary>
    internal string Type { get; }

    /// <summary>True when its values come at each collection, and hold for that one alone.</summary>
    internal bool IsObserved { get; }

    /// <summary>The family of an instrument; null for one of a kind that Lovage does not use.</summary>
    internal static MetricFamily? Of(Instrument instrument) => instrument switch
    {
        Counter<long> or Counter<double> => new MetricFamily(instrument, "counter", isAdded: true),
        UpDownCounter<long> or UpDownCounter<double> => new MetricFamily(instrument, "gauge", isAdded: true),
        Histogram<double> histogram => new MetricFamily(
            instrument,
            "histogram",
            isAdded: true,
            histogram.Advice?.HistogramBucketBoundaries is { } bounds ? [.. bounds] : DefaultBounds),
        ObservableCounter<long> or ObservableCounter<double> => new MetricFamily(
            instrument, "counter", isAdded: false),
        ObservableGauge<long> or ObservableGauge<double> => new MetricFamily(instrument, "gauge", isAdded: false),
        _ => null,
    };

    internal void Record(double value, ReadOnlySpan<Tag> tags)
    {
        if (!_lookup.TryGetValue(tags, out var series))
        {
            series = Volatile.Read(ref _overflow) ?? Add(tags);
        }

        series.Record(value);
    }

    /// <summary>Forgets its series before a collection that tells them anew.</summary>
    internal void Forget()
    {
        lock (_lock)
        {
            _byTags.Clear();
            _byLabels.Clear();
            _count = 0;
            Volatile.Write(ref _overflow, null);
        }
    }

    internal void Write(IBufferWriter<byte> page)
    {
        PrometheusText.Head(page, Name, Type, _help);
        lock (_lock)
        {
            foreach (var (labels, series) in _byLabels)
            {
                series.Write(page, Name, labels);
            }
        }
    }

    private MetricSeries Add(ReadOnlySpan<Tag> tags)
    {
        lock (_lock)
        {
            if (_lookup.TryGetValue(tags, out var series))
            {
                return series;
            }

            var isFull = _count == SeriesMax;
            var labels = isFull ? PrometheusText.Overflow : PrometheusText.Labels(tags);

            // Different tags can have equal labels, and a page must not have a series twice.
            if (!_byLabels.TryGetValue(labels, out series))
            {
                series = new MetricSeries(_isAdded, _bounds);
                _byLabels.Add(labels, series);
            }

            if (isFull)
            {
                Volatile.Write(ref _overflow, series);
            }
            else
            {
                _byTags.TryAdd(tags.ToArray(), series);
                _count++;
            }

            return series;
        }
    }
}

using System.Buffers;
using System.Globalization;

namespace Lovage.AspNetCore.Metrics;

/// <summary>The value of one metric for one set of labels.</summary>
/// <param name="isAdded">True when measurements are added up; false when the last one counts.</param>
/// <param name="bounds">The upper bounds of a histogram's buckets, ascending; null for no histogram.</param>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class MetricSeries(bool isAdded, double[]? bounds)
{
    private readonly Lock _lock = new();
    private readonly long[] _buckets = new long[bounds is null ? 0 : bounds.Length + 1];
    private double _value;

    internal void Record(double value)
    {
        if (double.IsNaN(value))
        {
            // It would make the sum useless for ever.
            return;
        }

        lock (_lock)
        {
            _value = isAdded ? _value + value : value;
            if (bounds is not null)
            {
                _buckets[BucketOf(value)]++;
            }
        }
    }

    /// <summary>Writes its lines.</summary>
    internal void Write(IBufferWriter<byte> page, string name, string labels)
    {
        double value;
        long[] buckets;
        lock (_lock)
        {
            value = _value;
            buckets = [.. _buckets];
        }

        var set = labels.Length > 0 ? $"{{{labels}}}" : "";
        if (bounds is null)
        {
            PrometheusText.Write(page, $"{name}{set} {PrometheusText.Number(value)}\n");
            return;
        }

        var more = labels.Length > 0 ? labels + "," : "";
        var count = 0L;
        for (var i = 0; i < buckets.Length; i++)
        {
            count += buckets[i];
            var bound = i < bounds.Length ? PrometheusText.Number(bounds[i]) : "+Inf";
            PrometheusText.Write(
                page, string.Create(CultureInfo.InvariantCulture, $"{name}_bucket{{{more}le=\"{bound}\"}} {count}\n"));
        }

        PrometheusText.Write(page, $"{name}_sum{set} {PrometheusText.Number(value)}\n");
        PrometheusText.Write(page, string.Create(CultureInfo.InvariantCulture, $"{name}_count{set} {count}\n"));
    }

    private int BucketOf(double value)
    {
        var i = 0;
        while (i < bounds!.Length && value > bounds[i])
        {
            i++;
        }

        return i;
    }
}

using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Lovage.Diagnostics;

namespace Lovage.AspNetCore.Metrics;

/// <summary>Adds up what the meter "Lovage" measures in this process, and writes it as a page of text.</summary>
/// <remarks>
/// It listens from its construction until it is disposed. Its memory is bounded: <see cref="MetricFamily.SeriesMax"/>
/// series for each metric. Safe for use by several threads.
/// </remarks>
internal sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _collecting = new();

    internal MetricsCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == LovageTelemetry.Name && FamilyOf(instrument) is { } family)
            {
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.SetMeasurementEventCallback<long>(
            static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(
            static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Writes the page.</summary>
    internal void Collect(IBufferWriter<byte> page)
    {
        lock (_collecting)
        {
            foreach (var family in _families.Values.Where(static family => family.IsObserved))
            {
                family.Forget();
            }

            Observe();
            foreach (var family in _families.Values.OrderBy(static family => family.Name, StringComparer.Ordinal))
            {
                family.Write(page);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    [SuppressMessage("Design", "CA1031", Justification = "An instrument that fails must not take the others away.")]
    private void Observe()
    {
        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (Exception)
        {
            Unfailing.CountFault();
        }
    }

    /// <summary>The family of an instrument. Instruments of one name share it when they are of one kind.</summary>
    private MetricFamily? FamilyOf(Instrument instrument) =>
        MetricFamily.Of(instrument) is { } made
        && _families.GetOrAdd(made.Name, made) is var family
        && (family.Type, family.IsObserved) == (made.Type, made.IsObserved)
            ? family
            : null;
}

using System.Diagnostics.Metrics;
using Xunit;

namespace Lovage.AspNetCore.Tests.Sites;

/// <summary>Tests that read Lovage's meter: one for the whole process, so that nothing may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeteredTests
{
    public const string Name = "metered";
}

/// <summary>Sums of Lovage's counters from now on.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<(string Instrument, long Value, Dictionary<string, object?> Tags)> _all = [];

    internal Measured()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Lovage")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (_all)
            {
                _all.Add((instrument.Name, value, tags.ToArray().ToDictionary()));
            }
        });
        _listener.Start();
    }

    /// <summary>The sum of an instrument, of measurements that carry this tag.</summary>
    internal long Sum(string instrument, string tag, string value)
    {
        lock (_all)
        {
            return _all.Where(one => one.Instrument == instrument && Equals(one.Tags.GetValueOrDefault(tag), value))
                .Sum(static one => one.Value);
        }
    }

    public void Dispose() => _listener.Dispose();
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lovage.Storage;

namespace Lovage.Tests.Storage;

/// <summary>What spans and metrics of calls tell about the storage.</summary>
public sealed class StorageMeterTests
{
    [Theory]
    [InlineData("db.example", 5432)]
    [InlineData("/run/db", null)]
    [InlineData(null, null)]
    public void Server_OfTheStorage_IsOnItsSpansAndMetrics(string? address, int? port)
    {
        var system = $"server.{address}.{port}";
        var meter = new StorageMeter(
            system, TimeProvider.System, address is null ? null : new StorageServer(address, port));
        var expected = new Dictionary<string, object?> { ["messaging.system"] = system };
        if (address is not null)
        {
            expected["server.address"] = address;
        }

        if (port is not null)
        {
            expected["server.port"] = port;
        }

        var measured = new ConcurrentQueue<(string Instrument, Dictionary<string, object?> Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Lovage")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Add(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, tags));
        listener.Start();
        using var spans = new SpanList(span => span == system);

        meter.StartCall(system).Dispose();
        meter.Sent(2);
        meter.Stop("send", meter.Start());

        Assert.Equal(
            new Dictionary<string, object?>(expected) { ["messaging.operation.name"] = system },
            Assert.Single(spans.All).TagObjects.ToDictionary());
        Assert.Equal(
            expected, Assert.Single(measured, static one => one.Instrument == "messaging.client.sent.messages").Tags);
        Assert.Equal(
            new Dictionary<string, object?>(expected) { ["messaging.operation.name"] = "send" },
            Assert.Single(measured, static one => one.Instrument == "messaging.client.operation.duration").Tags);

        void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var all = tags.ToArray().ToDictionary();
            if (Equals(all.GetValueOrDefault("messaging.system"), system))
            {
                measured.Enqueue((instrument.Name, all));
            }
        }
    }
}

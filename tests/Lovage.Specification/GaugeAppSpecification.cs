using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.Specification;

/// <summary>The metrics that an app tells of its storage, read as an exporter reads them.</summary>
public abstract class GaugeAppSpecification<TFixture> : TransactionApp<TFixture>
    where TFixture : TransactionAppFixture, new()
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Gauges_OfAStorageWithAllStates_HaveItsValues()
    {
        var holds = new TaskCompletionSource();
        var runs = new TaskCompletionSource();
        var jobs = await StartAsync(
            WithWorker,
            Handler("gauge.dead", static _ => throw Reject.Because("no")),
            Handler("gauge.holds", async _ =>
            {
                runs.SetResult();
                await holds.Task;
            }));
        await jobs.EnqueueAsync(Job.Create("gauge.holds"), Stop);
        await runs.Task.WaitAsync(Patience, Stop);
        var dead = await jobs.EnqueueAsync(Job.Create("gauge.dead"), Stop);
        await Assert.ThrowsAnyAsync<Exception>(async () => await dead.WaitAsync(Patience, Stop));
        var state = (await dead.FindAsync(Stop))!.State;
        await jobs.EnqueueAsync(
            [Unserved(), Unserved(), Unserved() with { Delay = Hour }, Unserved() with { Delay = Hour }], Stop);
        await Services.GetRequiredService<JobInspector>().PauseAsync("gauge.unserved", "a test", Stop);
        using var gauges = new Gauges(Services);

        var told = await gauges.CollectAsync();

        holds.SetResult();
        Assert.Equal(1, told["lovage.storage.up"]);
        Assert.Equal(2, told["lovage.queue.depth gauge.unserved ready"]);
        Assert.Equal(2, told["lovage.queue.depth gauge.unserved scheduled"]);
        Assert.Equal(0, told["lovage.queue.depth gauge.unserved claimed"]);
        Assert.Equal(1, told["lovage.queue.depth default claimed"]);
        Assert.Equal(0, told["lovage.queue.depth default ready"]);
        Assert.InRange(told["lovage.queue.oldest_age gauge.unserved"], 0.000_001, Patience.TotalSeconds);
        Assert.Equal(0, told["lovage.queue.oldest_age default"]);
        Assert.Equal(1, told["lovage.queue.paused gauge.unserved"]);
        Assert.Equal(0, told["lovage.queue.paused default"]);
        Assert.Equal(0, told["lovage.queue.workers gauge.unserved"]);
        Assert.Equal(1, told["lovage.queue.workers default"]);
        Assert.Equal(1, told["lovage.worker.alive"]);
        Assert.Equal(4, told["lovage.worker.slots.limit"]);
        Assert.InRange(told["lovage.worker.slots.used"], 0, 1);
        Assert.InRange(told["lovage.worker.heartbeat.age"], 0, Patience.TotalSeconds);
        Assert.Equal(0, told["lovage.schedule.overdue"]);
        Assert.Equal(state == JobState.Dead ? 1 : 0, told["lovage.job.dead gauge.dead default"]);
        Assert.Equal(0, told["lovage.job.dead gauge.unserved gauge.unserved"]);

        static Job Unserved() => Job.Create("gauge.unserved") with { Queue = "gauge.unserved" };
    }

    private void WithWorker(LovageBuilder lovage) => lovage.AddWorker(worker =>
    {
        worker.PollInterval = Fixture.PollInterval;
        worker.Queues = ["default"];
        worker.Concurrency = 4;
        worker.MaxAttempts = 1;
    });

    /// <summary>The instruments of one host. Other hosts of the process have instruments of the same names.</summary>
    private sealed class Gauges : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, double> _values = new(StringComparer.Ordinal);

        internal Gauges(IServiceProvider services)
        {
            var hosted = services.GetServices<IHostedService>().ToArray();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Lovage" && hosted.Contains(instrument.Meter.Scope))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        /// <summary>Collects once the first reading has come, which the first collection begins.</summary>
        internal async Task<IReadOnlyDictionary<string, double>> CollectAsync()
        {
            var start = TimeProvider.System.GetTimestamp();
            do
            {
                Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "The storage was not read.");
                await Task.Yield();
                _listener.RecordObservableInstruments();
            }
            while (_values.IsEmpty);

            // The reading may have come in the middle of the last collection.
            _values.Clear();
            _listener.RecordObservableInstruments();
            return _values;
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _values[string.Join(' ', [instrument.Name, .. tags.ToArray().Select(static tag => $"{tag.Value}")])] =
                value;
    }
}

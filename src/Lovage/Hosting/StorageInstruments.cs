using System.Diagnostics.Metrics;
using Lovage.Diagnostics;

namespace Lovage;

/// <summary>The instruments that a reading of the storage fills.</summary>
/// <param name="collect">The newest reading, and whether one was tried.</param>
internal sealed class StorageInstruments(Func<(StorageReading? Reading, bool WasTried)> collect)
{
    private const string Queue = "messaging.destination.name";

    private readonly MetricNames _queues = new();
    private readonly MetricNames _jobs = new();

    internal void AddTo(Meter meter)
    {
        meter.CreateObservableGauge(
            "lovage.storage.up", Up, unit: null, "1 while the storage can be read, 0 while it cannot.");
        meter.CreateObservableGauge(
            "lovage.queue.depth", Depth, "{job}", "Jobs of a queue in the storage that have not ended, by state.");
        meter.CreateObservableGauge(
            "lovage.queue.oldest_age", OldestAge, "s", "How long the oldest ready job of a queue has been ready.");
        meter.CreateObservableGauge(
            "lovage.queue.paused", Paused, unit: null, "1 while a queue is paused.");
        meter.CreateObservableGauge(
            "lovage.queue.workers", QueueWorkers, "{worker}", "Live workers that serve a queue.");
        meter.CreateObservableGauge(
            "lovage.worker.alive", () => Sum(static _ => 1), "{worker}", "Live workers of all processes.");
        meter.CreateObservableGauge(
            "lovage.worker.slots.limit",
            () => Sum(static worker => worker.Slots),
            "{slot}",
            "Slots of all live workers.");
        meter.CreateObservableGauge(
            "lovage.worker.slots.used",
            () => Sum(static worker => worker.Running),
            "{slot}",
            "Slots of all live workers in which an attempt ran at the worker's last beat.");
        meter.CreateObservableGauge(
            "lovage.worker.heartbeat.age",
            HeartbeatAge,
            "s",
            "How long the live worker has been silent that has been silent the longest.");
        meter.CreateObservableCounter(
            "lovage.job.dead", Dead, "{job}", "Jobs set aside as dead letters since the storage was made.");
        meter.CreateObservableGauge(
            "lovage.schedule.overdue", Overdue, "s", "How long the schedule that is due the longest has been due.");
    }

    private static KeyValuePair<string, object?> Of(string label, string value) => new(label, value);

    private IEnumerable<Measurement<long>> Up() => collect() switch
    {
        ({ }, _) => [new(1)],
        (null, true) => [new(0)],
        _ => [],
    };

    private IEnumerable<Measurement<long>> Depth() =>
        from queue in Queues()
        from place in new[]
        {
            (State: "ready", Count: queue.Sum(static one => one.Ready)),
            (State: "scheduled", Count: queue.Sum(static one => one.Scheduled)),
            (State: "claimed", Count: queue.Sum(static one => one.Claimed)),
        }
        select new Measurement<long>(place.Count, Of(Queue, queue.Key), Of("state", place.State));

    private IEnumerable<Measurement<double>> OldestAge() =>
        from queue in Queues()
        let age = queue.Max(static one => one.OldestReady ?? TimeSpan.Zero)
        select new Measurement<double>(age.TotalSeconds, Of(Queue, queue.Key));

    private IEnumerable<Measurement<long>> Paused() =>
        from queue in Queues()
        select new Measurement<long>(queue.Any(static one => one.Paused) ? 1 : 0, Of(Queue, queue.Key));

    private IEnumerable<Measurement<long>> QueueWorkers()
    {
        if (collect().Reading is not { Workers: { } workers } reading)
        {
            return [];
        }

        // A queue in which jobs wait and that no worker serves counts zero.
        var counts = reading.Queues.Select(queue => _queues.Of(queue.Queue)).Distinct()
            .ToDictionary(static queue => queue, static _ => 0L, StringComparer.Ordinal);
        foreach (var queue in workers.SelectMany(worker => worker.Queues.Select(_queues.Of).Distinct()))
        {
            counts[queue] = counts.GetValueOrDefault(queue) + 1;
        }

        return counts.Select(static pair => new Measurement<long>(pair.Value, Of(Queue, pair.Key)));
    }

    private IEnumerable<Measurement<long>> Dead() =>
        from counter in collect().Reading?.Counters ?? []
        group counter.Dead by (Queue: _queues.Of(counter.Queue), Name: _jobs.Of(counter.Name)) into label
        select new Measurement<long>(
            label.Sum(), Of("lovage.job.name", label.Key.Name), Of(Queue, label.Key.Queue));

    private IEnumerable<Measurement<double>> Overdue() =>
        collect().Reading?.Overdue is { } overdue ? [new(overdue.TotalSeconds)] : [];

    private IEnumerable<Measurement<double>> HeartbeatAge() =>
        collect().Reading?.HeartbeatAge is { } age ? [new(age.TotalSeconds)] : [];

    private IEnumerable<Measurement<long>> Sum(Func<WorkerRecord, int> value) =>
        collect().Reading?.Workers is { } workers ? [new(workers.Sum(worker => (long)value(worker)))] : [];

    private IEnumerable<IGrouping<string, QueueStatus>> Queues() =>
        (collect().Reading?.Queues ?? []).GroupBy(queue => _queues.Of(queue.Queue), StringComparer.Ordinal);
}

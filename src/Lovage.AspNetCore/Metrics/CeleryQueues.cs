using System.Buffers;
using System.Globalization;
using Lovage.Diagnostics;

namespace Lovage.AspNetCore.Metrics;

/// <summary>
/// The workers and queues of the whole storage under the names of celery-exporter, with its labels <c>hostname</c> and
/// <c>queue_name</c>.
/// </summary>
/// <remarks>Workers of one host are one series, as there. One collection at a time.</remarks>
internal sealed class CeleryQueues(StorageGauges gauges, TimeProvider time)
{
    /// <summary>How long a host without a live worker is told with zeros, as the exporter does by default.</summary>
    internal static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly MetricNames _queueNames = new();
    private readonly MetricNames _hostNames = new();
    private readonly SortedDictionary<string, long> _hosts = new(StringComparer.Ordinal);

    /// <summary>Writes them; nothing while the storage cannot be read.</summary>
    internal void Write(IBufferWriter<byte> page)
    {
        if (gauges.Newest is not { } reading)
        {
            return;
        }

        if (reading.Workers is { } workers)
        {
            WriteWorkers(page, workers);
        }

        WriteQueues(page, reading);
    }

    private void WriteWorkers(IBufferWriter<byte> page, IReadOnlyList<WorkerRecord> workers)
    {
        var live = workers.GroupBy(worker => _hostNames.Of(worker.Host), StringComparer.Ordinal)
            .ToDictionary(
                static host => host.Key,
                static host => host.Sum(static worker => (long)worker.Running),
                StringComparer.Ordinal);
        var now = time.GetTimestamp();
        foreach (var host in live.Keys)
        {
            _hosts[host] = now;
        }

        foreach (var gone in _hosts.Where(host => time.GetElapsedTime(host.Value) > Kept).ToArray())
        {
            _hosts.Remove(gone.Key);
        }

        Write(
            page,
            "celery_worker_up",
            "1 while a worker of the host lives, 0 for 10 minutes after.",
            "hostname",
            _hosts.Keys,
            host => live.ContainsKey(host) ? 1 : 0);
        Write(
            page,
            "celery_worker_tasks_active",
            "Attempts that the host's workers ran at their last beats.",
            "hostname",
            _hosts.Keys,
            host => live.GetValueOrDefault(host));
    }

    private void WriteQueues(IBufferWriter<byte> page, StorageReading reading)
    {
        var ready = reading.Queues.GroupBy(queue => _queueNames.Of(queue.Queue), StringComparer.Ordinal)
            .ToDictionary(
                static queue => queue.Key, static queue => queue.Sum(static one => one.Ready), StringComparer.Ordinal);
        var serving = (reading.Workers ?? [])
            .SelectMany(worker => worker.Queues.Select(_queueNames.Of)
                .Distinct(StringComparer.Ordinal)
                .Select(queue => (Queue: queue, worker.Slots)))
            .ToLookup(static one => one.Queue, static one => (long)one.Slots, StringComparer.Ordinal);
        var queues = ready.Keys.Union(serving.Select(static group => group.Key), StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToArray();
        Write(
            page, "celery_queue_length", "Ready jobs.", "queue_name", queues, queue => ready.GetValueOrDefault(queue));
        if (reading.Workers is null)
        {
            return;
        }

        foreach (var name in new[] { "celery_active_consumer_count", "celery_active_worker_count" })
        {
            Write(
                page,
                name,
                "Live workers that serve the queue.",
                "queue_name",
                queues,
                queue => serving[queue].LongCount());
        }

        Write(
            page,
            "celery_active_process_count",
            "Slots of the live workers that serve the queue.",
            "queue_name",
            queues,
            queue => serving[queue].Sum());
    }

    private static void Write(
        IBufferWriter<byte> page,
        string name,
        string help,
        string label,
        IEnumerable<string> values,
        Func<string, long> value)
    {
        PrometheusText.Head(page, name, "gauge", help);
        foreach (var one in values)
        {
            var labels = PrometheusText.Labels([new(label, one)]);
            PrometheusText.Write(
                page, string.Create(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value(one)}\n"));
        }
    }
}

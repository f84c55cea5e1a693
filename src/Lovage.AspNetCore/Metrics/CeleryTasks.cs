using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lovage.Diagnostics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Lovage.AspNetCore.Metrics;

/// <summary>
/// The metrics of jobs in this process under the names of celery-exporter, with its labels <c>name</c>,
/// <c>hostname</c>, <c>queue_name</c> and <c>exception</c>.
/// </summary>
/// <remarks>It listens from its construction until it is disposed. Safe for use by several threads.</remarks>
internal sealed class CeleryTasks : IDisposable
{
    private const int TasksMax = 1_000;
    private const string Other = "_other";

    private static readonly (CeleryEvent Event, string Name, string Help)[] Counters =
    [
        (CeleryEvent.Sent, "celery_task_sent_total", "Jobs that this process has stored."),
        (CeleryEvent.Received, "celery_task_received_total", "Attempts started, as lovage_job_started_total."),
        (CeleryEvent.Started, "celery_task_started_total", "Attempts started."),
        (CeleryEvent.Succeeded, "celery_task_succeeded_total", "Attempts that succeeded."),
        (CeleryEvent.Failed, "celery_task_failed_total", "Attempts that failed and are not tried again."),
        (CeleryEvent.Rejected, "celery_task_rejected_total", "Attempts that rejected their job."),
        (CeleryEvent.Revoked, "celery_task_revoked_total", "Attempts after which their job was cancelled or expired."),
        (CeleryEvent.Retried, "celery_task_retried_total", "Attempts after which their job is tried again."),
    ];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Queue), CeleryTask> _tasks = new();
    private readonly string _host = Environment.MachineName;

    internal CeleryTasks()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument == LovageTelemetry.Enqueued
                || instrument == LovageTelemetry.Started
                || instrument == LovageTelemetry.Completed
                || instrument == LovageTelemetry.RunDuration
                || instrument == LovageTelemetry.WaitDuration)
            {
                listener.EnableMeasurementEvents(instrument, this);
            }
        };
        _listener.SetMeasurementEventCallback<long>(
            static (instrument, value, tags, tasks) => ((CeleryTasks)tasks!).Count(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>(
            static (instrument, value, tags, tasks) => ((CeleryTasks)tasks!).Measure(instrument, value, tags));
        _listener.Start();
    }

    internal void Write(IBufferWriter<byte> page)
    {
        var tasks = _tasks.OrderBy(static pair => pair.Key).Select(static pair => pair.Value).ToArray();
        foreach (var (happened, name, help) in Counters)
        {
            PrometheusText.Head(page, name, "counter", help);
            foreach (var task in tasks)
            {
                task.Write(page, name, happened);
            }
        }

        const string Runtime = "celery_task_runtime";
        PrometheusText.Head(page, Runtime, "histogram", "Seconds that attempts ran which succeeded.");
        foreach (var task in tasks)
        {
            task.WriteRuntime(page, Runtime);
        }

        const string Wait = "celery_task_queue_wait_time";
        PrometheusText.Head(page, Wait, "histogram", "Seconds from ready to started, first attempts only.");
        foreach (var task in tasks)
        {
            task.WriteWait(page, Wait);
        }
    }

    public void Dispose() => _listener.Dispose();

    private static string? Text(ReadOnlySpan<Tag> tags, string name)
    {
        foreach (var (key, value) in tags)
        {
            if (key == name)
            {
                return value as string;
            }
        }

        return null;
    }

    /// <summary>What an attempt's end is in Celery's words.</summary>
    /// <returns>Null for one that Celery tells nothing of, and for one whose outcome the storage refused.</returns>
    private static CeleryEvent? Of(string? outcome, string? state) => (outcome, state) switch
    {
        (_, null) or ("interrupted", "retrying" or "queued" or "scheduled") => null,
        (_, "retrying" or "queued" or "scheduled") => CeleryEvent.Retried,
        (_, "succeeded") => CeleryEvent.Succeeded,
        (_, "cancelled" or "expired") => CeleryEvent.Revoked,
        ("rejected", _) => CeleryEvent.Rejected,
        _ => CeleryEvent.Failed,
    };

    private void Count(Instrument instrument, long value, ReadOnlySpan<Tag> tags)
    {
        var task = TaskOf(tags);
        if (instrument == LovageTelemetry.Enqueued)
        {
            task.Count(CeleryEvent.Sent, value);
        }
        else if (instrument == LovageTelemetry.Started)
        {
            task.Count(CeleryEvent.Received, value);
            task.Count(CeleryEvent.Started, value);
        }
        else if (Of(Text(tags, "lovage.job.outcome"), Text(tags, "lovage.job.state")) is { } happened)
        {
            task.Count(happened, value, Text(tags, "error.type"));
        }
    }

    private void Measure(Instrument instrument, double value, ReadOnlySpan<Tag> tags)
    {
        if (instrument == LovageTelemetry.WaitDuration)
        {
            TaskOf(tags).Waited(value);
        }
        else if (Text(tags, "lovage.job.outcome") == "success")
        {
            TaskOf(tags).Ran(value);
        }
    }

    private CeleryTask TaskOf(ReadOnlySpan<Tag> tags)
    {
        var key = (Text(tags, "lovage.job.name") ?? "", Text(tags, "messaging.destination.name") ?? "");
        if (_tasks.TryGetValue(key, out var task))
        {
            return task;
        }

        // Threads that come at the same moment may exceed the bound by their number.
        return _tasks.GetOrAdd(
            _tasks.Count < TasksMax ? key : (Other, Other),
            static (key, host) => new CeleryTask(
                PrometheusText.Labels([new("name", key.Name), new("hostname", host), new("queue_name", key.Queue)])),
            _host);
    }
}

using System.Buffers;

namespace Lovage.AspNetCore.Metrics;

/// <summary>What one job on one queue has done in this process, in Celery's words.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class CeleryTask(string labels)
{
    private const int ExceptionsMax = 100;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _failed = new(StringComparer.Ordinal);
    private readonly Dictionary<CeleryEvent, long> _counts = [];
    private readonly MetricSeries _runtime = new(isAdded: true, MetricFamily.DefaultBounds);
    private readonly MetricSeries _wait = new(isAdded: true, MetricFamily.DefaultBounds);
    private bool _hasRun;

    internal void Count(CeleryEvent happened, long times, string? error = null)
    {
        lock (_lock)
        {
            if (happened == CeleryEvent.Failed)
            {
                var exception = ShortName(error);
                exception = _failed.Count < ExceptionsMax || _failed.ContainsKey(exception) ? exception : "_other";
                _failed[exception] = _failed.GetValueOrDefault(exception) + times;
            }
            else
            {
                _counts[happened] = _counts.GetValueOrDefault(happened) + times;
            }

            _hasRun |= happened != CeleryEvent.Sent;
        }
    }

    internal void Ran(double seconds) => _runtime.Record(seconds);

    internal void Waited(double seconds) => _wait.Record(seconds);

    /// <summary>
    /// Writes its line of a counter. A job that has run has all counters, zeros too: boards add them up.
    /// </summary>
    internal void Write(IBufferWriter<byte> page, string name, CeleryEvent happened)
    {
        lock (_lock)
        {
            if (!_hasRun && happened != CeleryEvent.Sent)
            {
                return;
            }

            if (happened != CeleryEvent.Failed)
            {
                PrometheusText.Write(page, $"{name}{{{labels}}} {_counts.GetValueOrDefault(happened)}\n");
                return;
            }

            if (!_failed.ContainsKey(""))
            {
                PrometheusText.Write(page, $"{name}{{{labels},exception=\"\"}} 0\n");
            }

            foreach (var (exception, times) in _failed)
            {
                var label = PrometheusText.Labels([new("exception", exception)]);
                PrometheusText.Write(page, $"{name}{{{labels},{label}}} {times}\n");
            }
        }
    }

    internal void WriteRuntime(IBufferWriter<byte> page, string name) => WriteIfRun(page, name, _runtime);

    internal void WriteWait(IBufferWriter<byte> page, string name) => WriteIfRun(page, name, _wait);

    private void WriteIfRun(IBufferWriter<byte> page, string name, MetricSeries series)
    {
        bool hasRun;
        lock (_lock)
        {
            hasRun = _hasRun;
        }

        if (hasRun)
        {
            series.Write(page, name, labels);
        }
    }

    /// <summary>The exporter tells the class of an exception without its module.</summary>
    private static string ShortName(string? type) =>
        type is null ? "" : type[(type.AsSpan().LastIndexOfAny('.', '+') + 1)..];
}

/// <summary>What can happen to a task, as Celery's events tell it.</summary>
internal enum CeleryEvent
{
    Sent,
    Received,
    Started,
    Succeeded,
    Failed,
    Rejected,
    Revoked,
    Retried,
}

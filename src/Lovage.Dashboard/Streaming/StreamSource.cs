using System.Text.Json;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Streaming;

/// <summary>
/// Makes the events of topics from the sampler's newest state. It makes none for a topic that stands as it stood.
/// </summary>
/// <remarks>The hub calls it, once at a time.</remarks>
internal sealed class StreamSource(
    ConsoleServices console, Cached<OverviewBody> overview, JobDetailView details, OperationsView operations)
{
    /// <summary>From one event of the first page to the next: its ages change all the time.</summary>
    private static readonly TimeSpan OverviewPause = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, byte[]> _last = new(StringComparer.Ordinal);
    private Sums? _sums;
    private DateTimeOffset _overviewAt;

    /// <summary>Forgets what a topic said last, when no stream wants it any more.</summary>
    internal void Forget(string key) => _last.Remove(key);

    /// <summary>The event of a topic; null when nothing has changed.</summary>
    internal async Task<ReadOnlyMemory<byte>?> NextAsync(string topic, CancellationToken cancellationToken)
    {
        var reading = console.Sampler.State.Reading;
        return topic switch
        {
            StreamTopics.Overview => await OverviewAsync(cancellationToken),
            StreamTopics.Pulse => Changed(
                topic,
                StreamFrame.Of(
                    topic,
                    OverviewView.Pulse(await overview.GetAsync(cancellationToken)),
                    ApiJson.Default.PulseBody)),
            StreamTopics.Queues when reading is not null => Changed(
                topic,
                StreamFrame.Of(
                    topic,
                    new QueuesBody(QueueView.Rows(reading, console.Sampler.History)),
                    ApiJson.Default.QueuesBody)),
            StreamTopics.Workers when reading is { Workers: { } workers } => Workers(workers),
            StreamTopics.JobsChanged when reading is not null => Jobs(Sums.Of(reading.Counters)),
            StreamTopics.Errors when reading is not null => Mark(
                topic, $"{Sums.Of(reading.Counters) with { Enqueued = 0, Succeeded = 0, Ended = 0 }}"),
            StreamTopics.Schedules => Mark(topic, await console.ScheduleWatch.MarkAsync(cancellationToken)),
            StreamTopics.Operations => await OperationsAsync(cancellationToken),
            StreamTopics.Local => Mark(topic, LocalView.Mark(console)),
            _ => null,
        };
    }

    /// <summary>The event of a job; null when it stands as it stood, or is gone.</summary>
    internal async Task<ReadOnlyMemory<byte>?> JobAsync(
        string key, JobId id, bool withPayload, CancellationToken cancellationToken)
    {
        if (await details.FindAsync(id, withPayload, cancellationToken) is not { } job)
        {
            return null;
        }

        // How long it has run is the page's to count.
        var still = job with { RunSeconds = null, WaitSeconds = null };
        return IsSame(key, JsonSerializer.SerializeToUtf8Bytes(still, ApiJson.Default.JobDetail))
            ? null
            : StreamFrame.Of("job", job, ApiJson.Default.JobDetail);
    }

    private async Task<ReadOnlyMemory<byte>?> OverviewAsync(CancellationToken cancellationToken)
    {
        var body = await overview.GetAsync(cancellationToken);
        if (body.Now - _overviewAt < OverviewPause && _last.ContainsKey(StreamTopics.Overview))
        {
            return null;
        }

        var still = JsonSerializer.SerializeToUtf8Bytes(body with { Now = default }, ApiJson.Default.OverviewBody);
        if (IsSame(StreamTopics.Overview, still))
        {
            return null;
        }

        _overviewAt = body.Now;
        return StreamFrame.Of(StreamTopics.Overview, body, ApiJson.Default.OverviewBody);
    }

    private ReadOnlyMemory<byte>? Workers(IReadOnlyList<WorkerRecord> workers)
    {
        var still = WorkerView.Body([.. workers.Select(static worker => worker with { BeatAt = default })]);
        return IsSame(StreamTopics.Workers, JsonSerializer.SerializeToUtf8Bytes(still, ApiJson.Default.WorkersBody))
            ? null
            : StreamFrame.Of(StreamTopics.Workers, WorkerView.Body(workers), ApiJson.Default.WorkersBody);
    }

    private ReadOnlyMemory<byte>? Jobs(Sums sums)
    {
        var before = _sums ?? sums;
        _sums = sums;
        var (ended, enqueued) = (sums.Ended - before.Ended, sums.Enqueued - before.Enqueued);
        return (ended, enqueued, sums.Retried - before.Retried) == (0, 0, 0)
            ? null
            : StreamFrame.Of(
                StreamTopics.JobsChanged,
                new JobsChanged(Math.Max(0, ended), Math.Max(0, enqueued)),
                ApiJson.Default.JobsChanged);
    }

    private async Task<ReadOnlyMemory<byte>?> OperationsAsync(CancellationToken cancellationToken) => Changed(
        StreamTopics.Operations,
        StreamFrame.Of(
            StreamTopics.Operations,
            new OperationsBody(await operations.RunningAsync(cancellationToken), null),
            ApiJson.Default.OperationsBody));

    /// <summary>A topic whose event says no more than that something has changed.</summary>
    private ReadOnlyMemory<byte>? Mark(string topic, string mark) =>
        IsSame(topic, System.Text.Encoding.UTF8.GetBytes(mark)) ? null : StreamFrame.Hint(topic);

    private ReadOnlyMemory<byte>? Changed(string topic, ReadOnlyMemory<byte> frame) =>
        IsSame(topic, frame.ToArray()) ? null : frame;

    private bool IsSame(string key, byte[] still)
    {
        if (_last.TryGetValue(key, out var before) && before.AsSpan().SequenceEqual(still))
        {
            return true;
        }

        _last[key] = still;
        return false;
    }
}

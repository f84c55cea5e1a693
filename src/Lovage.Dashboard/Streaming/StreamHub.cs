using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Telemetry;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Dashboard.Streaming;

/// <summary>
/// The newest event of each topic that a stream wants. Streams wait for the next one and write those that they have not
/// written yet, so that a slow one skips events and holds up no other.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
[SuppressMessage(
    "Design", "CA1001", Justification = "It lives as long as the app; its semaphore has no handle.")]
internal sealed partial class StreamHub(ConsoleServices console, StreamSource source)
{
    /// <summary>Streams at the most.</summary>
    internal const int StreamsMax = 500;

    /// <summary>Up to so many jobs are read at each look; more are read once a second.</summary>
    private const int HastenedJobsMax = 8;

    /// <summary>From one sign of life to the next.</summary>
    internal static readonly TimeSpan BeatPause = TimeSpan.FromSeconds(10);

    private readonly GuardedLogger _logger = console.Loggers.Guarded("Lovage.Dashboard");
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Wanted> _wanted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StreamFrame> _frames = new(StringComparer.Ordinal);
    private readonly WakeUp _changed = new();
    private long _number;
    private long? _beatTimestamp;
    private long? _jobsTimestamp;
    private int _streams;
    private int _isPublishing;

    /// <summary>Streams that are open.</summary>
    internal int Streams => Volatile.Read(ref _streams);

    /// <summary>Events that were made so far.</summary>
    internal long Made => Volatile.Read(ref _number);

    /// <summary>Grows with each event.</summary>
    internal long Version => _changed.Version;

    /// <summary>Waits for the next event.</summary>
    internal Task WaitAsync(long seen, CancellationToken cancellationToken) =>
        _changed.WaitAsync(seen).WaitAsync(cancellationToken);

    /// <summary>The newest event of a topic; null before the first.</summary>
    internal StreamFrame? Newest(string key) => _frames.GetValueOrDefault(key);

    /// <summary>Opens a stream; dispose the answer when it ends.</summary>
    /// <returns>Null when too many are open.</returns>
    internal Subscription? TryOpen(StreamTopics topics, bool withPayload)
    {
        if (Interlocked.Increment(ref _streams) > StreamsMax)
        {
            Interlocked.Decrement(ref _streams);
            return null;
        }

        ConsoleMeters.Opened(1);
        var wanted = topics.Names.Select(static name => new Wanted(name, default, false))
            .Concat(topics.Jobs.Select(id => new Wanted($"job:{id}:{withPayload}", id, withPayload)))
            .ToList();
        lock (_lock)
        {
            foreach (var one in wanted)
            {
                _wanted.TryAdd(one.Key, one);
                _wanted[one.Key].Streams++;
            }
        }

        return new Subscription(this, [.. wanted.Select(static one => one.Key)], console.Sampler.KeepFast());
    }

    /// <summary>Makes the events of what has changed. The sampler calls it after each look.</summary>
    internal async Task PublishAsync(CancellationToken cancellationToken)
    {
        // What changes while one look publishes is told after the next.
        if (Streams == 0 || Interlocked.Exchange(ref _isPublishing, 1) == 1)
        {
            return;
        }

        try
        {
            var any = false;
            foreach (var one in DueOf(Sweep()))
            {
                any |= await TryMakeAsync(one, cancellationToken);
            }

            if (any)
            {
                _changed.Pulse();
            }
        }
        finally
        {
            Volatile.Write(ref _isPublishing, 0);
        }
    }

    /// <summary>
    /// Without the jobs that need not be read now: each costs some queries, and looks may come quickly.
    /// </summary>
    private IEnumerable<Wanted> DueOf(IReadOnlyList<Wanted> wanted)
    {
        if (wanted.Count(static one => one.Job != default) <= HastenedJobsMax
            || _jobsTimestamp is not { } at
            || console.Time.GetElapsedTime(at) > ConsoleSampler.Fast - ConsoleSampler.Gap)
        {
            _jobsTimestamp = console.Time.GetTimestamp();
            return wanted;
        }

        return wanted.Where(one => one.Job == default || Newest(one.Key) is null);
    }

    private async ValueTask<bool> TryMakeAsync(Wanted one, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = one.Key == StreamTopics.Beat ? Beat()
                : one.Job != default
                    ? await source.JobAsync(one.Key, one.Job, one.WithPayload, cancellationToken)
                    : await source.NextAsync(one.Key, cancellationToken);
            if (bytes is not { } made)
            {
                return false;
            }

            _frames[one.Key] = new StreamFrame(++_number, made);
            return true;
        }
        catch (StorageException fault)
        {
            // The overview says so; other topics have no news until the storage answers.
            LogNoNews(_logger, fault, one.Key);
            return false;
        }
    }

    private byte[]? Beat()
    {
        if (_beatTimestamp is { } at && console.Time.GetElapsedTime(at) < BeatPause)
        {
            return null;
        }

        _beatTimestamp = console.Time.GetTimestamp();
        return StreamFrame.Hint(StreamTopics.Beat);
    }

    /// <summary>What streams want, the page's own verdict first; what none wants any more is forgotten.</summary>
    private List<Wanted> Sweep()
    {
        lock (_lock)
        {
            foreach (var key in _wanted.Where(static pair => pair.Value.Streams == 0)
                .Select(static pair => pair.Key)
                .ToList())
            {
                _wanted.Remove(key);
                _frames.TryRemove(key, out _);
                source.Forget(key);
            }

            return [.. _wanted.Values];
        }
    }

    private void Close(IReadOnlyList<string> keys)
    {
        Interlocked.Decrement(ref _streams);
        ConsoleMeters.Opened(-1);
        lock (_lock)
        {
            foreach (var key in keys)
            {
                if (_wanted.TryGetValue(key, out var one))
                {
                    one.Streams--;
                }
            }
        }
    }

    [LoggerMessage(3115, LogLevel.Debug, "The storage has no news of {Topic}")]
    private static partial void LogNoNews(ILogger logger, Exception fault, string topic);

    /// <summary>What an open stream wants.</summary>
    internal sealed class Subscription(StreamHub hub, IReadOnlyList<string> keys, IDisposable fast) : IDisposable
    {
        private int _isEnded;

        internal IReadOnlyList<string> Keys => keys;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isEnded, 1) == 0)
            {
                fast.Dispose();
                hub.Close(keys);
            }
        }
    }

    private sealed record Wanted(string Key, JobId Job, bool WithPayload)
    {
        internal int Streams { get; set; }
    }
}

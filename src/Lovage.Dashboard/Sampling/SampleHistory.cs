using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Sampling;

/// <summary>The samples of this process: all queues together, each queue, workers and versions.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class SampleHistory
{
    /// <summary>Queues with samples of their own at the most.</summary>
    private const int QueuesMax = 200;

    /// <summary>Versions that are remembered at the most.</summary>
    private const int VersionsMax = 50;

    /// <summary>Samples in one point of a chart.</summary>
    private const int PointWidth = 2;

    private const int SparkLength = 60;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly SampleRing _all = new();
    private readonly Dictionary<string, SampleRing> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _versions = new(StringComparer.Ordinal);

    /// <summary>Takes a reading in; a chart gets a sample only each <see cref="SampleRing.Step"/>.</summary>
    internal void Add(ConsoleReading reading)
    {
        lock (_lock)
        {
            Remember(reading.Workers ?? []);
            if (_all.Newest is { } newest && reading.At - newest.At < SampleRing.Step)
            {
                return;
            }

            var oldest = reading.Queues.Max(static queue => queue.OldestReady)?.TotalSeconds;
            _all.Add(new Sample(
                reading.At,
                Sums.Of(reading.Counters),
                reading.Queues.Sum(static queue => queue.Ready),
                oldest,
                reading.Workers?.Count ?? 0));
            var sums = reading.Counters.ToLookup(static counter => counter.Queue, StringComparer.Ordinal);
            foreach (var queue in reading.Queues)
            {
                if (!_queues.TryGetValue(queue.Queue, out var ring))
                {
                    if (_queues.Count >= QueuesMax)
                    {
                        continue;
                    }

                    _queues.Add(queue.Queue, ring = new SampleRing());
                }

                ring.Add(new Sample(
                    reading.At,
                    Sums.Of(sums[queue.Queue]),
                    queue.Ready,
                    queue.OldestReady?.TotalSeconds,
                    reading.WorkersOf(queue.Queue) ?? 0));
            }
        }
    }

    /// <summary>The chart of the last hour: of one queue, or of all for null.</summary>
    internal Series Chart(DateTimeOffset now, string? queue = null)
    {
        lock (_lock)
        {
            var ring = queue is null ? _all : _queues.GetValueOrDefault(queue);
            return new Series(
                ring?.Oldest?.At ?? now,
                ring?.Points(PointWidth) ?? [],
                Deploys(now - Hour),
                (int)SampleRing.Step.TotalSeconds * PointWidth);
        }
    }

    /// <summary>The versions that appeared since an instant, oldest first.</summary>
    internal IReadOnlyList<Deploy> DeploysSince(DateTimeOffset since)
    {
        lock (_lock)
        {
            return Deploys(since);
        }
    }

    internal IReadOnlyList<long> Spark(string queue)
    {
        lock (_lock)
        {
            return _queues.GetValueOrDefault(queue)?.Spark(SparkLength) ?? [];
        }
    }

    internal (double In, double Out, double Succeeded, double Failed)? Rates(
        DateTimeOffset at, Sums sums, string? queue = null)
    {
        lock (_lock)
        {
            return (queue is null ? _all : _queues.GetValueOrDefault(queue))?.Rates(at, sums);
        }
    }

    /// <summary>How many workers lived an hour ago; null while this process is younger.</summary>
    internal int? WorkersAnHourAgo(DateTimeOffset now) => AnHourAgo(now)?.Workers;

    /// <summary>The sums of an hour ago; null while this process is younger.</summary>
    internal Sums? SumsAnHourAgo(DateTimeOffset now) => AnHourAgo(now)?.Sums;

    /// <summary>When this process saw a version first, or its oldest worker started.</summary>
    internal DateTimeOffset? FirstSeen(string version)
    {
        lock (_lock)
        {
            return _versions.TryGetValue(version, out var at) ? at : null;
        }
    }

    private Sample? AnHourAgo(DateTimeOffset now)
    {
        lock (_lock)
        {
            return _all.Oldest is { } oldest && oldest.At <= now - Hour + SampleRing.Step ? oldest : null;
        }
    }

    private IReadOnlyList<Deploy> Deploys(DateTimeOffset since) =>
        [.. _versions.Where(seen => seen.Value >= since)
            .OrderBy(static seen => seen.Value)
            .Select(static seen => new Deploy(seen.Value, seen.Key))];

    private void Remember(IReadOnlyList<WorkerRecord> workers)
    {
        foreach (var worker in workers)
        {
            if (worker.Version.Length > 0
                && (!_versions.TryGetValue(worker.Version, out var at) || worker.StartedAt < at))
            {
                _versions[worker.Version] = worker.StartedAt;
            }
        }

        while (_versions.Count > VersionsMax)
        {
            _versions.Remove(_versions.MinBy(static seen => seen.Value).Key);
        }
    }
}

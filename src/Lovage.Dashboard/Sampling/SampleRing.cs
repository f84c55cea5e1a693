using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Sampling;

/// <summary>What one sample keeps: sums since the storage was made, and how the queues stood.</summary>
internal readonly record struct Sample(DateTimeOffset At, Sums Sums, long Waiting, double? Oldest, int Workers);

/// <summary>The samples of the last hour, one every ten seconds.</summary>
/// <remarks>Not safe for use by several threads; <see cref="SampleHistory"/> guards it.</remarks>
internal sealed class SampleRing
{
    /// <summary>The time from one sample to the next.</summary>
    internal static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    /// <summary>The samples of an hour, and one more to count from.</summary>
    internal const int Length = 361;

    private static readonly TimeSpan RateTime = TimeSpan.FromMinutes(1);

    private readonly Queue<Sample> _samples = new();

    internal Sample? Oldest => _samples.TryPeek(out var sample) ? sample : null;

    internal Sample? Newest { get; private set; }

    internal void Add(Sample sample)
    {
        if (_samples.Count == Length)
        {
            _samples.Dequeue();
        }

        _samples.Enqueue(sample);
        Newest = sample;
    }

    /// <summary>How many jobs waited at the last samples, oldest first.</summary>
    internal IReadOnlyList<long> Spark(int count) =>
        [.. _samples.Skip(Math.Max(0, _samples.Count - count)).Select(static sample => sample.Waiting)];

    /// <summary>What happened each second in the last minute, up to a newer look at the same sums.</summary>
    /// <returns>Null until two samples are there.</returns>
    internal (double In, double Out, double Succeeded, double Failed)? Rates(DateTimeOffset at, Sums sums)
    {
        Sample? from = null;
        foreach (var sample in _samples)
        {
            if (from is null || sample.At <= at - RateTime)
            {
                from = sample;
            }
        }

        var seconds = (at - from?.At)?.TotalSeconds;
        return from is { } start && seconds >= 1
            ? (
                Each(sums.Enqueued - start.Sums.Enqueued),
                Each(sums.Ended - start.Sums.Ended),
                Each(sums.Succeeded - start.Sums.Succeeded),
                Each(sums.Failed + sums.Dead - start.Sums.Failed - start.Sums.Dead))
            : null;

        // A storage whose old counters went away begins anew.
        double Each(long count) => Math.Round(Math.Max(0, count) / seconds.Value, 3);
    }

    /// <summary>The points of a chart, of <paramref name="width"/> samples each.</summary>
    internal IReadOnlyList<SeriesPoint> Points(int width)
    {
        var points = new List<SeriesPoint>((_samples.Count / width) + 1);
        Sample? last = null;
        var skipped = 0;
        foreach (var sample in _samples)
        {
            if (last is not { } from)
            {
                last = sample;
                continue;
            }

            if (++skipped < width)
            {
                continue;
            }

            points.Add(new SeriesPoint
            {
                At = sample.At,
                Enqueued = Math.Max(0, sample.Sums.Enqueued - from.Sums.Enqueued),
                Succeeded = Math.Max(0, sample.Sums.Succeeded - from.Sums.Succeeded),
                Failed = Math.Max(0, sample.Sums.Failed + sample.Sums.Dead - from.Sums.Failed - from.Sums.Dead),
                Retried = Math.Max(0, sample.Sums.Retried - from.Sums.Retried),
                Oldest = sample.Oldest,
                Waiting = sample.Waiting,
            });
            (last, skipped) = (sample, 0);
        }

        return points;
    }
}

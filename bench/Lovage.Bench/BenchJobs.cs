using System.Diagnostics;

namespace Lovage.Bench;

/// <summary>
/// The handlers that scenarios measure. Each counts inside the handler, so that a job that never ran does not count.
/// </summary>
internal static class BenchJobs
{
    internal static RunCounter Counter { get; set; } = new(0);

    internal static LatencyRecorder Latencies { get; } = new();

    /// <summary>A no-op that proves that it ran, and how often.</summary>
    [Job("bench.noop")]
    public static int NoopAsync(int index)
    {
        Counter.Ran(index);
        return index;
    }

    /// <summary>Records how long ago it was meant to be sent.</summary>
    [Job("bench.mark")]
    public static void MarkAsync(long intendedTimestamp) => Latencies.Add(Stopwatch.GetElapsedTime(intendedTimestamp));

    /// <summary>Records how late it is for the instant at which it was due.</summary>
    [Job("bench.due")]
    public static void DueAsync(DateTimeOffset due) => Latencies.Add(DateTimeOffset.UtcNow - due);

    /// <summary>Records how late it is for its schedule's tick.</summary>
    [Job("bench.tick")]
    public static void TickAsync(JobContext context) => Latencies.Add(DateTimeOffset.UtcNow - context.Tick!.Value);
}

/// <summary>Which of N jobs have run, and whether any ran twice.</summary>
internal sealed class RunCounter(int jobs)
{
    private readonly int[] _runs = new int[jobs];
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _first;
    private int _again;

    internal Task All => _all.Task;

    internal int Again => Volatile.Read(ref _again);

    internal int First => Volatile.Read(ref _first);

    internal void Ran(int index)
    {
        if (Interlocked.Increment(ref _runs[index]) > 1)
        {
            Interlocked.Increment(ref _again);
        }
        else if (Interlocked.Increment(ref _first) == _runs.Length)
        {
            _all.TrySetResult();
        }
    }
}

/// <summary>Latencies of one run.</summary>
internal sealed class LatencyRecorder
{
    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _milliseconds.Count;
            }
        }
    }

    internal void Add(TimeSpan latency)
    {
        lock (_lock)
        {
            _milliseconds.Add(latency.TotalMilliseconds);
        }
    }

    internal double[] Take()
    {
        lock (_lock)
        {
            double[] all = [.. _milliseconds];
            _milliseconds.Clear();
            return all;
        }
    }

    internal static double Percentile(double[] sorted, double part) =>
        sorted.Length == 0
            ? double.NaN
            : sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(part * sorted.Length) - 1)];
}

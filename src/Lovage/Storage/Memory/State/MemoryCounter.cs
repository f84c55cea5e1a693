using System.Diagnostics.CodeAnalysis;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory.State;

/// <summary>What happened to the jobs of one name on one queue, in all and by hour. Needs the state's lock.</summary>
internal sealed class MemoryCounter(string queue, string name)
{
    private readonly MemorySums _all = new();
    private readonly List<MemoryHour> _hours = [];
    private MemoryHour? _current;

    public void Accepted(DateTimeOffset now)
    {
        _all.Enqueued++;
        Hour(now).Sums.Enqueued++;
    }

    /// <summary>A job came from another queue or went to one. The hours tell where it was accepted.</summary>
    public void Moved(int change) => _all.Enqueued += change;

    public void Retried(DateTimeOffset now)
    {
        _all.Retried++;
        Hour(now).Sums.Retried++;
    }

    public void Ended(JobState state, DateTimeOffset now)
    {
        _all.Ended[(int)state]++;
        Hour(now).Sums.Ended[(int)state]++;
    }

    public void Measured(in AttemptMeasures measures, DateTimeOffset now) => Hour(now).Add(measures);

    public void Forget(DateTimeOffset before)
    {
        _hours.RemoveAll(hour => hour.Start < before);
        _current = null;
    }

    public IEnumerable<JobStatistics> Statistics(DateTimeOffset since, DateTimeOffset until) => _hours
        .Where(hour => hour.Start.AddHours(1) > since && hour.Start <= until)
        .Select(hour => hour.ToStatistics(queue, name));

    public JobCounter ToCounter() => new()
    {
        Queue = queue,
        Name = name,
        Enqueued = _all.Enqueued,
        Succeeded = _all.Ended[(int)JobState.Succeeded],
        Failed = _all.Ended[(int)JobState.Failed],
        Retried = _all.Retried,
        Cancelled = _all.Ended[(int)JobState.Cancelled],
        Expired = _all.Ended[(int)JobState.Expired],
        Dead = _all.Ended[(int)JobState.Dead],
    };

    private MemoryHour Hour(DateTimeOffset now)
    {
        if (_current is { } current && current.Holds(now))
        {
            return current;
        }

        _current?.Seal();
        if (!TryFind(now, out _current))
        {
            _hours.Add(_current = new MemoryHour(now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerHour))));
        }

        return _current;
    }

    private bool TryFind(DateTimeOffset now, [NotNullWhen(true)] out MemoryHour? found) =>
        (found = _hours.FindLast(hour => hour.Holds(now))) is not null;
}

/// <summary>Sums of events.</summary>
internal sealed class MemorySums
{
    public long Enqueued { get; set; }

    public long Retried { get; set; }

    public long[] Ended { get; } = new long[(int)JobState.Dead + 1];
}

/// <summary>One hour of a counter.</summary>
internal sealed class MemoryHour(DateTimeOffset start)
{
    private readonly MemoryDurations _wait = new();
    private readonly MemoryDurations _run = new();

    public DateTimeOffset Start { get; } = start.ToUniversalTime();

    public MemorySums Sums { get; } = new();

    public bool Holds(DateTimeOffset now) => now >= Start && now < Start.AddHours(1);

    public void Add(in AttemptMeasures measures)
    {
        _wait.Add(measures.Wait);
        _run.Add(measures.Run);
    }

    /// <summary>Another hour is the current one: makes this one small.</summary>
    public void Seal()
    {
        _wait.Seal();
        _run.Seal();
    }

    public JobStatistics ToStatistics(string queue, string name) => new()
    {
        Hour = Start,
        Queue = queue,
        Name = name,
        Enqueued = Sums.Enqueued,
        Succeeded = Sums.Ended[(int)JobState.Succeeded],
        Failed = Sums.Ended[(int)JobState.Failed],
        Retried = Sums.Retried,
        Cancelled = Sums.Ended[(int)JobState.Cancelled],
        Expired = Sums.Ended[(int)JobState.Expired],
        Dead = Sums.Ended[(int)JobState.Dead],
        Wait = _wait.ToHistogram(),
        Run = _run.ToHistogram(),
    };
}

/// <summary>Durations of one hour: as counts while it is the current one, as the bytes of those later.</summary>
internal sealed class MemoryDurations
{
    private DurationCounts? _counts;
    private byte[] _sealed = [];

    public void Add(TimeSpan? duration)
    {
        if (duration is { } value)
        {
            Open().Add(value);
        }
    }

    public void Seal()
    {
        _sealed = _counts?.ToBytes() ?? _sealed;
        _counts = null;
    }

    public DurationHistogram ToHistogram() => _counts?.ToHistogram() ?? DurationCounts.Read(_sealed);

    private DurationCounts Open()
    {
        if (_counts is null)
        {
            _counts = new DurationCounts();
            _counts.Add(_sealed);
        }

        return _counts;
    }
}

using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;

namespace Lovage.Storage.Memory.State;

/// <summary>All that a memory storage holds. One lock guards everything; every method here needs it.</summary>
internal sealed class MemoryState
{
    private readonly TimeProvider _time;
    private readonly Dictionary<JobId, MemoryJob> _jobs = [];
    private readonly Dictionary<long, MemoryJob> _claims = [];
    private readonly Dictionary<string, MemoryQueue> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Queue, string Name), MemoryCounter> _counters = [];
    private readonly Dictionary<long, IReadOnlyList<LogLine>> _lines = [];
    private long _number;
    private long _stamp;
    private long _sequence;
    private long _ticket;

    internal MemoryState(TimeProvider time) => _time = time;

    internal Lock Gate { get; } = new();

    internal MemoryArchive Archive { get; } = new();

    internal MemoryFailures Failures { get; } = new();

    internal IReadOnlyCollection<MemoryQueue> Queues => _queues.Values;

    internal IReadOnlyCollection<MemoryCounter> Counters => _counters.Values;

    internal IReadOnlyCollection<MemoryJob> Claims => _claims.Values;

    /// <summary>The wall clock: due times, expiry and what is shown.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>The monotonic clock, which leases live by.</summary>
    internal long Timestamp => _time.GetTimestamp();

    internal long TimestampAfter(TimeSpan lease) =>
        _time.GetTimestamp() + (long)(lease.TotalSeconds * _time.TimestampFrequency);

    internal MemoryQueue Queue(string name)
    {
        if (!_queues.TryGetValue(name, out var queue))
        {
            _queues.Add(name, queue = new MemoryQueue(name));
        }

        return queue;
    }

    internal MemoryCounter Counter(string queue, string name)
    {
        if (!_counters.TryGetValue((queue, name), out var counter))
        {
            _counters.Add((queue, name), counter = new MemoryCounter(queue, name));
        }

        return counter;
    }

    internal bool TryFind(JobId id, [NotNullWhen(true)] out MemoryJob? job) => _jobs.TryGetValue(id, out job);

    internal bool TryFindClaim(LeaseToken token, [NotNullWhen(true)] out MemoryJob? job) =>
        _claims.TryGetValue(token.Stamp, out job) && job.Number == token.Claim;

    internal long NextStamp() => ++_stamp;

    internal long NextSequence() => ++_sequence;

    internal long NextTicket() => ++_ticket;

    internal void AddClaim(MemoryJob job) => _claims.Add(job.Stamp, job);

    internal void RemoveClaim(MemoryJob job)
    {
        _claims.Remove(job.Stamp);
        _lines.Remove(job.Stamp);
    }

    /// <summary>What the running attempt of a job has logged, as far as its worker has written it.</summary>
    internal IReadOnlyList<LogLine> LiveLines(MemoryJob job) => _lines.GetValueOrDefault(job.Stamp) ?? [];

    /// <summary>Keeps the newest lines of a running attempt in place of those before.</summary>
    internal void KeepLiveLines(MemoryJob job, IReadOnlyList<LogLine> lines) => _lines[job.Stamp] = lines;

    /// <summary>Adds a job that no one knows yet; it has no place so far.</summary>
    internal MemoryJob Add(JobMessage message, DateTimeOffset now)
    {
        var job = new MemoryJob(++_number, message, Queue(message.Queue), Counter(message.Queue, message.Name), now);
        _jobs.Add(message.Id, job);
        Archive.Add(job);
        job.Counter.Accepted(now);
        return job;
    }

    internal void Remove(MemoryJob job) => _jobs.Remove(job.Message.Id);
}

using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Life;

/// <summary>What one transaction adds to the counters, written once at its end.</summary>
internal sealed class Tally(SqliteConnection connection)
{
    private readonly SqliteStatement _addToCounter = connection.Prepare(Sql.AddToCounter);
    private readonly SqliteStatement _addToQueue = connection.Prepare(Sql.AddToQueue);
    private readonly Dictionary<(long Queue, long Name), JobSums> _jobs = [];
    private readonly Dictionary<long, QueueSums> _queues = [];
    private (long Queue, long Name) _lastKey = (-1, -1);
    private JobSums? _lastJob;
    private (long Id, QueueSums Sums)? _lastQueue;

    internal QueueSums Queue(long queue)
    {
        if (_lastQueue is { } last && last.Id == queue)
        {
            return last.Sums;
        }

        if (!_queues.TryGetValue(queue, out var sums))
        {
            _queues.Add(queue, sums = new QueueSums());
        }

        _lastQueue = (queue, sums);
        return sums;
    }

    internal JobSums Job(long queue, long name)
    {
        if (_lastJob is not null && _lastKey == (queue, name))
        {
            return _lastJob;
        }

        if (!_jobs.TryGetValue((queue, name), out var sums))
        {
            _jobs.Add((queue, name), sums = new JobSums());
        }

        (_lastKey, _lastJob) = ((queue, name), sums);
        return sums;
    }

    internal void Write()
    {
        foreach (var ((queue, name), sums) in _jobs)
        {
            _addToCounter.Bind(1, queue)
                .Bind(2, name)
                .Bind(3, sums.Enqueued)
                .Bind(4, sums.Ended(JobState.Succeeded))
                .Bind(5, sums.Ended(JobState.Failed))
                .Bind(6, sums.Retried)
                .Bind(7, sums.Ended(JobState.Cancelled))
                .Bind(8, sums.Ended(JobState.Expired))
                .Bind(9, sums.Ended(JobState.Dead))
                .Run();
        }

        foreach (var (queue, sums) in _queues)
        {
            _addToQueue.Bind(1, queue).Bind(2, sums.Ready).Bind(3, sums.Delayed).Bind(4, sums.Claimed).Run();
        }

        Clear();
    }

    internal void Clear()
    {
        _jobs.Clear();
        _queues.Clear();
        _lastKey = (-1, -1);
        _lastJob = null;
        _lastQueue = null;
    }

    internal sealed class QueueSums
    {
        internal long Ready { get; set; }

        internal long Delayed { get; set; }

        internal long Claimed { get; set; }
    }

    internal sealed class JobSums
    {
        private readonly long[] _ended = new long[(int)JobState.Dead + 1];

        internal long Enqueued { get; set; }

        internal long Retried { get; set; }

        internal long Ended(JobState state) => _ended[(int)state];

        internal void AddEnd(JobState state) => _ended[(int)state]++;
    }
}

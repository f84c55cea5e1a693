using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Life;

/// <summary>
/// What one transaction adds to the sums of the hour and to the failures, written once at its end.
/// </summary>
internal sealed class Tally(SqliteConnection connection)
{
    private readonly SqliteStatement _addToQueue = connection.Prepare(Sql.AddToQueue);
    private readonly SqliteStatement _selectHour = connection.Prepare(Sql.SelectHour);
    private readonly SqliteStatement _writeHour = connection.Prepare(Sql.WriteHour);
    private readonly Dictionary<(long Queue, long Name), JobSums> _jobs = [];
    private readonly Dictionary<long, QueueSums> _queues = [];
    private readonly Dictionary<string, FailureSums> _failures = new(StringComparer.Ordinal);
    private readonly Stack<JobSums> _spare = [];
    private SqliteStatement? _countHours;
    private SqliteStatement? _addToCounter;
    private SqliteStatement? _writeFailure;
    private SqliteStatement? _addToStep;
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
            _jobs.Add((queue, name), sums = _spare.TryPop(out var spare) ? spare : new JobSums());
        }

        (_lastKey, _lastJob) = ((queue, name), sums);
        return sums;
    }

    /// <summary>Counts a failed attempt; the last one of a transaction is the newest.</summary>
    internal void Fail(string fingerprint, long name, string job, JobError error)
    {
        if (!_failures.TryGetValue(fingerprint, out var sums))
        {
            _failures.Add(fingerprint, sums = new FailureSums { Name = name });
        }

        sums.Count++;
        (sums.Job, sums.Error) = (job, error);
    }

    /// <summary>Adds the hours from one to the one before another to the counters.</summary>
    internal void CountHours(long from, long to)
    {
        _countHours ??= connection.Prepare(Sql.CountHours);
        _countHours.Bind(1, from).Bind(2, to).Run();
    }

    /// <summary>Writes what the transaction adds.</summary>
    /// <param name="now">The time of the transaction.</param>
    /// <param name="counted">The first hour that the counters do not hold.</param>
    internal void Write(long now, long counted)
    {
        var hour = Tables.HourOf(now);
        foreach (var ((queue, name), sums) in _jobs)
        {
            WriteHour(hour, queue, name, sums);

            // After the clock was set back, the hour is one that the counters hold.
            if (hour < counted)
            {
                WriteCounter(queue, name, sums.Enqueued + sums.Moved, sums);
            }
            else if (sums.Moved != 0)
            {
                WriteCounter(queue, name, sums.Moved, null);
            }
        }

        foreach (var (queue, sums) in _queues)
        {
            _addToQueue.Bind(1, queue).Bind(2, sums.Ready).Bind(3, sums.Delayed).Bind(4, sums.Claimed).Run();
        }

        if (_failures.Count > 0)
        {
            WriteFailures(now);
        }

        Clear();
    }

    internal void Clear()
    {
        foreach (var sums in _jobs.Values)
        {
            sums.Clear();
            _spare.Push(sums);
        }

        _jobs.Clear();
        _queues.Clear();
        _failures.Clear();
        _lastKey = (-1, -1);
        _lastJob = null;
        _lastQueue = null;
    }

    private void WriteCounter(long queue, long name, long enqueued, JobSums? sums)
    {
        _addToCounter ??= connection.Prepare(Sql.AddToCounter);
        _addToCounter.Bind(1, queue)
            .Bind(2, name)
            .Bind(3, enqueued)
            .Bind(4, sums?.Ended(JobState.Succeeded) ?? 0)
            .Bind(5, sums?.Ended(JobState.Failed) ?? 0)
            .Bind(6, sums?.Retried ?? 0)
            .Bind(7, sums?.Ended(JobState.Cancelled) ?? 0)
            .Bind(8, sums?.Ended(JobState.Expired) ?? 0)
            .Bind(9, sums?.Ended(JobState.Dead) ?? 0)
            .Run();
    }

    private void WriteHour(long hour, long queue, long name, JobSums sums)
    {
        if (sums.IsMovedOnly)
        {
            return;
        }

        if (!sums.Wait.IsEmpty || !sums.Run.IsEmpty)
        {
            var row = _selectHour.Bind(1, hour).Bind(2, queue).Bind(3, name);
            if (row.Read())
            {
                sums.Wait.Add(row.Bytes(0));
                sums.Run.Add(row.Bytes(1));
            }

            row.Reset();
        }

        _writeHour.Bind(1, hour)
            .Bind(2, queue)
            .Bind(3, name)
            .Bind(4, sums.Enqueued)
            .Bind(5, sums.Ended(JobState.Succeeded))
            .Bind(6, sums.Ended(JobState.Failed))
            .Bind(7, sums.Retried)
            .Bind(8, sums.Ended(JobState.Cancelled))
            .Bind(9, sums.Ended(JobState.Expired))
            .Bind(10, sums.Ended(JobState.Dead))
            .BindSome(11, sums.Wait.ToBytes())
            .BindSome(12, sums.Run.ToBytes())
            .Run();
    }

    private void WriteFailures(long now)
    {
        _writeFailure ??= connection.Prepare(Sql.WriteFailure);
        _addToStep ??= connection.Prepare(Sql.AddToFailureStep);
        foreach (var (fingerprint, sums) in _failures)
        {
            _writeFailure.Bind(1, fingerprint)
                .Bind(2, sums.Name)
                .BindBlob(3, AttemptColumns.FromError(sums.Error))
                .Bind(4, sums.Job)
                .Bind(5, now)
                .Run();
            _addToStep.Bind(1, fingerprint).Bind(2, FailureWindows.StepOf(now)).Bind(3, sums.Count).Run();
        }
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
        private bool _hasEnded;

        internal long Enqueued { get; set; }

        /// <summary>
        /// Jobs that came from another queue, less those that went to one. The hours tell where jobs were accepted.
        /// </summary>
        internal long Moved { get; set; }

        internal long Retried { get; set; }

        internal DurationCounts Wait { get; } = new();

        internal DurationCounts Run { get; } = new();

        internal bool IsMovedOnly => Enqueued == 0 && Retried == 0 && !_hasEnded && Wait.IsEmpty && Run.IsEmpty;

        internal long Ended(JobState state) => _ended[(int)state];

        internal void AddEnd(JobState state)
        {
            _ended[(int)state]++;
            _hasEnded = true;
        }

        internal void Add(in AttemptMeasures measures)
        {
            if (measures.Wait is { } wait)
            {
                Wait.Add(wait);
            }

            if (measures.Run is { } run)
            {
                Run.Add(run);
            }
        }

        internal void Clear()
        {
            (Enqueued, Moved, Retried, _hasEnded) = (0, 0, 0, false);
            Array.Clear(_ended);
            Wait.Clear();
            Run.Clear();
        }
    }

    private sealed class FailureSums
    {
        internal required long Name { get; init; }

        internal long Count { get; set; }

        internal string Job { get; set; } = "";

        internal JobError? Error { get; set; }
    }
}

using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>
/// Waits for jobs to end on behalf of all handles of this process. One loop has one subscription, and reads the jobs
/// in batches when a signal comes and at each poll. It runs only while a caller waits.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed partial class JobEndings
{
    private readonly Lock _lock = new();
    private readonly StorageGate _gate;
    private readonly ClientSettings _settings;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly StorageOutage _outage;
    private readonly GuardedLogger _logger;
    private readonly WakeUp _wake = new();
    private readonly Dictionary<JobId, List<Waiter>> _waiters = [];
    private readonly HashSet<JobId> _hinted = [];
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private int _count;
    private bool _allHinted;
    private bool _running;

    internal JobEndings(
        StorageGate gate, ClientSettings settings, TimeProvider time, Random random, StorageOutage outage,
        GuardedLogger logger)
    {
        _gate = gate;
        _settings = settings;
        _time = time;
        _random = random;
        _outage = outage;
        _logger = logger;
    }

    /// <summary>Waits until a job is in a final state.</summary>
    /// <exception cref="TimeoutException">The job did not end in time.</exception>
    /// <exception cref="QueueFullException">Too many calls wait already.</exception>
    internal async ValueTask<JobRecord> WaitAsync(JobId id, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (timeout is { } limit)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero, nameof(timeout));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var start = _time.GetTimestamp();
        var storage = _gate.Storage;
        var waiter = new Waiter();
        Add(id, waiter, storage);
        try
        {
            // The waiter is registered before the first read, so that no end between the two is missed.
            var record = (await storage.RequireHistory().FindAsync([id], cancellationToken))[0];
            if (record is { State.IsFinal: true })
            {
                return record;
            }

            WarnOfWaitingForAWaiter(id, record);

            if (timeout is null)
            {
                return await waiter.Ended.Task.WaitAsync(cancellationToken);
            }

            var rest = timeout.Value - _time.GetElapsedTime(start);
            return await waiter.Ended.Task.WaitAsync(
                rest > TimeSpan.Zero ? rest : TimeSpan.Zero, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(
                $"Job {id} did not end within {timeout!.Value.TotalSeconds:0.###} s. It goes on; wait again, or "
                    + "cancel it.");
        }
        finally
        {
            Remove(id, waiter);
        }
    }

    /// <summary>
    /// Warns, once for each job's name, that a handler waits for another job while no slot of its worker is free.
    /// </summary>
    private void WarnOfWaitingForAWaiter(JobId id, JobRecord? record)
    {
        if (JobContext.Current is { HasFreeSlot: false } waiting)
        {
            lock (_lock)
            {
                if (!_warned.Add(waiting.Name))
                {
                    return;
                }
            }

            LogNoSlotLeft(_logger, waiting.Name, waiting.Id, record?.Message.Name ?? "?", id);
        }
    }

    private void Add(JobId id, Waiter waiter, JobStorage storage)
    {
        var start = false;
        lock (_lock)
        {
            if (_count >= _settings.WaitCallsMax)
            {
                throw new QueueFullException(
                    "waits",
                    $"{_count:N0} calls wait for jobs to end already (Lovage:Limits:WaitCallsMax).",
                    TimeSpan.FromSeconds(1));
            }

            if (!_waiters.TryGetValue(id, out var list))
            {
                _waiters[id] = list = [];
            }

            list.Add(waiter);
            _count++;
            if (!_running)
            {
                _running = start = true;
            }
        }

        if (start)
        {
            // The loop serves all callers and must not carry the ambient state of the first.
            _ = AmbientState.Without((Endings: this, storage), static loop => loop.Endings.RunAsync(loop.storage));
        }
    }

    private void Remove(JobId id, Waiter waiter)
    {
        var last = false;
        lock (_lock)
        {
            var list = _waiters[id];
            list.Remove(waiter);
            _count--;
            if (list.Count == 0)
            {
                _waiters.Remove(id);
                last = _waiters.Count == 0;
            }
        }

        if (last)
        {
            _wake.Pulse();
        }
    }

    private void Hear(Signal signal)
    {
        lock (_lock)
        {
            if (signal.Kind == SignalKind.Changed)
            {
                _allHinted = true;
            }
            else if (!_waiters.ContainsKey(signal.Id))
            {
                return;
            }
            else
            {
                _hinted.Add(signal.Id);
            }
        }

        _wake.Pulse();
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "The loop outlives a storage's fault; callers that wait have their own time limits.")]
    private async Task RunAsync(JobStorage storage)
    {
        using var subscription = storage.Signals.Subscribe(Hear, SignalKind.JobEnded);

        // A job that ended before the subscription gave no signal here: the loop begins with a poll.
        var isPoll = true;
        while (true)
        {
            var seen = _wake.Version;
            if (!TryTake(isPoll, out var ids))
            {
                return;
            }

            try
            {
                foreach (var batch in ids.Chunk(JobBroker.BatchMax))
                {
                    Complete(await storage.RequireHistory().FindAsync(batch, CancellationToken.None));
                }
            }
            catch (Exception fault)
            {
                Unfailing.Tell("endings", static loop =>
                    LovageTelemetry.LoopErrors.Add(1, new KeyValuePair<string, object?>("loop", loop)));
                var level = _outage.LevelOf(fault);
                LogLookFailed(_logger, level, fault);
            }

            isPoll = !await _wake.WaitAsync(seen, Jittered(_settings.PollInterval), _time, CancellationToken.None);
        }
    }

    /// <summary>Takes the jobs to read next; false, and the loop is over, when no caller waits.</summary>
    private bool TryTake(bool all, out JobId[] ids)
    {
        lock (_lock)
        {
            if (_waiters.Count == 0)
            {
                _running = false;
                _hinted.Clear();
                _allHinted = false;
                ids = [];
                return false;
            }

            ids = all || _allHinted ? [.. _waiters.Keys] : [.. _hinted];
            _hinted.Clear();
            _allHinted = false;
            return true;
        }
    }

    private void Complete(IReadOnlyList<JobRecord?> records)
    {
        foreach (var record in records)
        {
            if (record is not { State.IsFinal: true })
            {
                continue;
            }

            Waiter[] waiters;
            lock (_lock)
            {
                waiters = _waiters.TryGetValue(record.Message.Id, out var list) ? [.. list] : [];
            }

            foreach (var waiter in waiters)
            {
                waiter.Ended.TrySetResult(record);
            }
        }
    }

    private TimeSpan Jittered(TimeSpan interval)
    {
        double factor;
        lock (_lock)
        {
            factor = 0.5 + _random.NextDouble();
        }

        return interval * factor;
    }

    [LoggerMessage(
        EventId = 1001,
        Message = "The storage could not say whether awaited jobs have ended; the client asks again at the next poll.")]
    private static partial void LogLookFailed(ILogger logger, LogLevel level, Exception fault);

    [LoggerMessage(
        1003,
        LogLevel.Warning,
        "Job {Waiting}[{WaitingId}] waits for job {Awaited}[{AwaitedId}], and no slot of its worker is free: both may "
            + "wait for ever. Enqueue the follow-up from the handler without waiting for it, or give the awaited job a "
            + "queue and a worker of its own")]
    private static partial void LogNoSlotLeft(
        ILogger logger, string waiting, JobId waitingId, string awaited, JobId awaitedId);

    private sealed class Waiter
    {
        internal TaskCompletionSource<JobRecord> Ended { get; } = new(
            TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

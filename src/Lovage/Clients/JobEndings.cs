using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>
/// Waits for jobs to end on behalf of all handles of this process: one subscription, and one loop that reads everything
/// waited for in batches, when a signal says so and now and then without one. Nothing runs while nobody waits.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed partial class JobEndings
{
    private readonly Lock _lock = new();
    private readonly StorageGate _gate;
    private readonly ClientSettings _settings;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly WakeUp _wake = new();
    private readonly Dictionary<JobId, List<Waiter>> _waiters = [];
    private readonly HashSet<JobId> _hinted = [];
    private bool _allHinted;
    private bool _running;

    internal JobEndings(StorageGate gate, ClientSettings settings, TimeProvider time, Random random, ILogger logger)
    {
        _gate = gate;
        _settings = settings;
        _time = time;
        _random = random;
        _logger = logger;
    }

    /// <summary>Waits until a job is in a final state.</summary>
    /// <exception cref="TimeoutException">It was not in time.</exception>
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
            // Registered before the first look, so that an end between the two is not missed.
            var record = (await storage.RequireHistory().FindAsync([id], cancellationToken))[0];
            if (record is { State.IsFinal: true })
            {
                return record;
            }

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

    private void Add(JobId id, Waiter waiter, JobStorage storage)
    {
        var start = false;
        lock (_lock)
        {
            if (!_waiters.TryGetValue(id, out var list))
            {
                _waiters[id] = list = [];
            }

            list.Add(waiter);
            if (!_running)
            {
                _running = start = true;
            }
        }

        if (start)
        {
            // The loop serves everybody and must not carry the first caller's ambient state along.
            using (ExecutionContext.SuppressFlow())
            {
                _ = RunAsync(storage);
            }
        }
    }

    private void Remove(JobId id, Waiter waiter)
    {
        var last = false;
        lock (_lock)
        {
            if (_waiters.TryGetValue(id, out var list) && list.Remove(waiter) && list.Count == 0)
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
        Justification = "The loop outlives a storage's fault; those who wait have their own time limits.")]
    private async Task RunAsync(JobStorage storage)
    {
        using var subscription = storage.Signals.Subscribe(Hear, SignalKind.JobEnded);

        // What ended between the first waiter's registration and the subscription gave no signal here: begin with a
        // look.
        var lookAtAll = true;
        while (true)
        {
            var seen = _wake.Version;
            if (!TryTake(lookAtAll, out var ids))
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
                LovageTelemetry.LoopErrors.Add(1, new KeyValuePair<string, object?>("loop", "endings"));
                LogLookFailed(_logger, fault);
            }

            lookAtAll = !await _wake.WaitAsync(seen, Jittered(_settings.PollInterval), _time, CancellationToken.None);
        }
    }

    /// <summary>What to look at next; false, and the loop is over, when nobody waits.</summary>
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
        1001,
        LogLevel.Warning,
        "The storage could not be asked whether jobs that are waited for have ended; it is asked again.")]
    private static partial void LogLookFailed(ILogger logger, Exception fault);

    private sealed class Waiter
    {
        internal TaskCompletionSource<JobRecord> Ended { get; } = new(
            TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

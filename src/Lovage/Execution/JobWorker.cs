using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>
/// Fetches jobs, runs them and writes their outcomes. What happens to one job: the fetching loop claims it with others and puts it into the local buffer; a free slot takes it,
/// runs its handler and hands the outcome to the settlement buffer; that writes it with others. Meanwhile its lease is renewed on a thread of its own, and a watch minds
/// its time limits and progress.
/// </summary>
/// <remarks>Safe for use by several threads. Started and stopped once.</remarks>
public sealed partial class JobWorker : IAsyncDisposable
{
    private const int YieldEvery = 64;

    private readonly JobStorage _storage;
    private readonly JobRegistry _jobs;
    private readonly JobSerializer _serializer;
    private readonly IServiceScopeFactory _scopes;
    private readonly WorkerSettings _settings;
    private readonly WorkerOwner _owner;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly JobRunner _runner;
    private readonly AttemptOutcomes _outcomes;
    private readonly LeaseKeeper _leases;
    private readonly SettlementBuffer _settlements;
    private readonly Sweeper _sweeper;
    private readonly AttemptWatch _watch;
    private readonly Demand _demand;
    private readonly DedicatedThreads _dedicated;
    private readonly bool _ownThreads;
    private readonly Channel<HeldLease> _buffer = Channel.CreateUnbounded<HeldLease>();
    private readonly WakeUp _room = new();
    private readonly WakeUp _ended = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<LeaseToken, long> _reclaimed = [];
    private readonly List<Task> _loops = [];
    private readonly CancellationTokenSource _quiet = new();
    private readonly CancellationTokenSource _stopped = new();
    private Slot[] _slots = [];
    private Task _fetching = Task.CompletedTask;
    private Task _writing = Task.CompletedTask;
    private IDisposable? _signals;
    private int _inFlight;
    private int _running;
    private int _fetchWaits;
    private int _phase;
    private bool _reclaimedEnded;

    /// <summary>Makes a worker over a storage that is open already.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="jobs">The jobs it can run.</param>
    /// <param name="serializer">Knows the contracts.</param>
    /// <param name="scopes">Makes a scope for each attempt that needs one.</param>
    /// <param name="filters">Filters around every attempt, outermost first.</param>
    /// <param name="settings">How it works.</param>
    /// <param name="owner">Under which name it holds leases; unique among all workers.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Jitter.</param>
    /// <param name="loggers">Where it logs, under Lovage.Worker.</param>
    public JobWorker(
        JobStorage storage, JobRegistry jobs, JobSerializer serializer, IServiceScopeFactory scopes, ImmutableArray<Type> filters, WorkerSettings settings, WorkerOwner owner, TimeProvider time, Random random, ILoggerFactory loggers)
        : this(storage, jobs, serializer, scopes, filters, settings, owner, time, random, loggers, new ProcessOwnerProbe(owner), ownThreads: time == TimeProvider.System)
    {
    }

    internal JobWorker(
        JobStorage storage, JobRegistry jobs, JobSerializer serializer, IServiceScopeFactory scopes, ImmutableArray<Type> filters, WorkerSettings settings, WorkerOwner owner, TimeProvider time, Random random, ILoggerFactory loggers, OwnerProbe probe, bool ownThreads)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(settings);
        _storage = storage;
        _jobs = jobs;
        _serializer = serializer;
        _scopes = scopes;
        _settings = settings;
        _owner = owner;
        _time = time;
        _random = random;
        _ownThreads = ownThreads;
        _logger = loggers.CreateLogger("Lovage.Worker");
        _runner = new JobRunner(filters);
        _outcomes = new AttemptOutcomes(settings, owner, random);
        _leases = new LeaseKeeper(storage.Broker, settings.Lease, time);
        _settlements = new SettlementBuffer(storage.Store, _leases, time, random, new SettlementListener(this));
        _sweeper = new Sweeper(storage, probe, settings, time, random, result => Log.Reclaimed(_logger, result.Returned, result.Buried));
        _watch = new AttemptWatch(storage.Store, _leases, settings, time, () => _slots, GiveUp);
        _demand = new Demand(settings.Concurrency, settings.PrefetchMax, time);
        _dedicated = new DedicatedThreads("dedicated", settings.Concurrency);
    }

    /// <summary>What it is doing now.</summary>
    public WorkerStatus Status => new(
        (WorkerPhase)Volatile.Read(ref _phase),
        _settings.Concurrency,
        Volatile.Read(ref _running),
        Math.Max(0, Volatile.Read(ref _inFlight) - Volatile.Read(ref _running)),
        _settlements.Pending,
        _leases.RenewalAge,
        _settings.Lease);

    /// <summary>Starts fetching and running.</summary>
    /// <param name="cancellationToken">Not looked at: starting does not wait.</param>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _phase, (int)WorkerPhase.Running, (int)WorkerPhase.Idle) != (int)WorkerPhase.Idle)
        {
            throw new InvalidOperationException("A worker is started once.");
        }

        _signals = _storage.Signals.Subscribe(OnCancelHint, SignalKind.CancelRequested);
        _slots = [.. Enumerable.Range(0, _settings.Concurrency).Select(_ => new Slot())];
        foreach (var slot in _slots)
        {
            _ = RunSlotAsync(slot);
        }

        _loops.Add(Loop("renewal", async stopped =>
        {
            await _leases.RenewAsync(stopped);
            return _settings.Lease / 3;
        }));
        _loops.Add(Loop("watch", _watch.LookAsync));
        _loops.Add(new BackgroundLoop("sweep", _time, OnLoopFault).RunAsync(_sweeper.SweepAsync, null, _quiet.Token));
        _writing = _settlements.RunAsync(_stopped.Token);
        _fetching = new BackgroundLoop("fetch", _time, OnLoopFault).RunAsync(FetchAsync, null, _quiet.Token);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stops: fetches no more and gives back what was not started; waits for running handlers within the drain time; cancels the rest; gives back, unpenalised,
    /// the jobs of those that do not stop. Calling it again, or before the start, does no harm.
    /// </summary>
    /// <param name="forced">Cancelled to skip the waits.</param>
    public async Task StopAsync(CancellationToken forced)
    {
        var phase = (WorkerPhase)Interlocked.Exchange(ref _phase, (int)WorkerPhase.Stopping);
        if (phase is WorkerPhase.Idle or WorkerPhase.Stopping or WorkerPhase.Stopped)
        {
            Volatile.Write(ref _phase, (int)(phase == WorkerPhase.Stopping ? phase : WorkerPhase.Stopped));
            return;
        }

        await _quiet.CancelAsync();
        await _fetching;
        await ReleaseBufferedAsync();
        await DrainAsync(_settings.DrainTime, forced);
        if (Volatile.Read(ref _running) > 0)
        {
            foreach (var slot in _slots)
            {
                slot.Attempt?.Cancel(JobCancellationReason.Shutdown);
            }

            await DrainAsync(_settings.CancelTime, forced);
        }

        await LeaveRunningAsync();
        await FlushAsync(forced);
        _signals?.Dispose();
        await _stopped.CancelAsync();
        await _writing;
        await Task.WhenAll(_loops);
        _dedicated.Dispose();
        Volatile.Write(ref _phase, (int)WorkerPhase.Stopped);
        Log.Stopped(_logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);
        _quiet.Dispose();
        _stopped.Dispose();
    }

    private Task Loop(string name, Func<CancellationToken, Task<TimeSpan>> step)
    {
        var loop = new BackgroundLoop(name, _time, OnLoopFault);
        return _ownThreads ? loop.RunOnThread(step, _stopped.Token) : loop.RunAsync(step, null, _stopped.Token);
    }

    private async Task<TimeSpan> FetchAsync(CancellationToken quiet)
    {
        var deliveries = new List<HeldLease>();
        while (true)
        {
            quiet.ThrowIfCancellationRequested();
            var seen = _room.Version;
            var prefetch = _demand.Prefetch;
            var withReclaimed = MayTakeReclaimed(out var reclaimedIsDue);
            var inFlight = Volatile.Read(ref _inFlight);
            if (inFlight >= _settings.Concurrency + (prefetch / 2) && !(reclaimedIsDue && inFlight < _settings.Concurrency + prefetch))
            {
                Volatile.Write(ref _fetchWaits, 1);
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _inFlight) == inFlight)
                {
                    await _room.WaitAsync(seen, _settings.PollInterval, _time, quiet);
                }

                Volatile.Write(ref _fetchWaits, 0);
                continue;
            }

            var max = Math.Min(_settings.Concurrency + prefetch - inFlight, JobBroker.BatchMax);
            var request = new ReceiveRequest(_owner, _settings.Queues, Math.Max(1, max), _settings.Lease)
            {
                Wait = _settings.PollInterval * (0.5 + _random.NextDouble()),
                WithReclaimed = withReclaimed,
            };
            var received = await _storage.Broker.ReceiveAsync(request, quiet);
            if (received.Count == 0)
            {
                continue;
            }

            if (received.Count == request.Max)
            {
                _demand.FetchTook(request.AskedTimestamp);
            }

            deliveries.Clear();
            _leases.Add(received, request.AskedTimestamp, deliveries);
            Interlocked.Add(ref _inFlight, deliveries.Count);
            foreach (var held in deliveries)
            {
                if (held.Delivery.StartFirst)
                {
                    lock (_lock)
                    {
                        _reclaimed[held.Delivery.Token] = _time.GetTimestamp();
                    }
                }

                _buffer.Writer.TryWrite(held);
            }
        }
    }

    /// <summary>
    /// One job that came back from a dead owner is watched at a time, so that a killer cannot condemn others; one that has run for as long as a lease no longer keeps the next waiting.
    /// </summary>
    private bool MayTakeReclaimed(out bool isDue)
    {
        lock (_lock)
        {
            var may = true;
            foreach (var since in _reclaimed.Values)
            {
                may &= _time.GetElapsedTime(since) >= _settings.Lease;
            }

            isDue = _reclaimedEnded && may;
            _reclaimedEnded = false;
            return may;
        }
    }

    private async Task RunSlotAsync(Slot slot)
    {
        // A slot that replaces a lost one is started by the watch, which must not run its jobs.
        await Task.Yield();
        for (var count = 1; ; count++)
        {
            if (!_buffer.Reader.TryRead(out var held))
            {
                try
                {
                    held = await _buffer.Reader.ReadAsync();
                }
                catch (ChannelClosedException)
                {
                    return;
                }
            }

            Interlocked.Increment(ref _running);
            if (!await ProcessAsync(slot, held))
            {
                return;
            }

            Leave(held);
            if (count % YieldEvery == 0)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>A delivery is done with: its place may be filled.</summary>
    private void Leave(HeldLease held)
    {
        if (held.Delivery.StartFirst)
        {
            lock (_lock)
            {
                _reclaimed.Remove(held.Delivery.Token);
                _reclaimedEnded = true;
            }
        }

        Interlocked.Decrement(ref _running);
        var inFlight = Interlocked.Decrement(ref _inFlight);
        if (Volatile.Read(ref _fetchWaits) == 1 && (held.Delivery.StartFirst || inFlight < _settings.Concurrency + (_demand.Prefetch / 2)))
        {
            _room.Pulse();
        }

        if (Volatile.Read(ref _phase) == (int)WorkerPhase.Stopping)
        {
            _ended.Pulse();
        }
    }

    /// <returns>False when the worker gave up on the attempt meanwhile: the slot is out of use.</returns>
    private async ValueTask<bool> ProcessAsync(Slot slot, HeldLease held)
    {
        var delivery = held.Delivery;
        var message = delivery.Message;
        if (held.Cancelled == JobCancellationReason.LeaseLost || !_leases.IsTrusted(held))
        {
            Drop(held);
            return true;
        }

        var known = _jobs.TryFind(message.Name, out var definition);
        AttemptEnding? unseen = held.Cancelled == JobCancellationReason.Revoked ? new(AttemptEnd.Cancelled)
            : delivery.IsExpired ? new(AttemptEnd.Expired)
            : known ? null
            : new(AttemptEnd.UnknownJob, new UnknownJobException(message.Name, _jobs));
        if (unseen is { } ending)
        {
            var outcome = _outcomes.Of(delivery, definition, ending, _time.GetUtcNow())!;
            Report(delivery, outcome, ending, 0, _outcomes.MaxAttempts(delivery, definition));
            await _settlements.AddAsync(outcome, _stopped.Token);
            return true;
        }

        if (delivery.StartFirst && !await RecordStartAheadAsync(held))
        {
            Drop(held);
            return true;
        }

        return await RunAsync(slot, held, new JobAttempt(delivery, definition!, _outcomes.MaxAttempts(delivery, definition), _serializer, _scopes, !_ownThreads));
    }

    private async ValueTask<bool> RunAsync(Slot slot, HeldLease held, JobAttempt attempt)
    {
        var message = held.Delivery.Message;
        if (_settings.LogLinesMax > 0)
        {
            attempt.Log = new AttemptLog(_settings.LogLinesMax, _settings.LogCharactersMax);
            AttemptLog.Current = attempt.Log;
        }

        using var activity = StartActivity(held.Delivery);
        attempt.StartedAt = _time.GetUtcNow();
        attempt.StartedTimestamp = _time.GetTimestamp();
        attempt.StartRecorded = held.Delivery.StartFirst;
        var wait = held.Delivery.ClaimedAt - held.Delivery.ReadyAt + _time.GetElapsedTime(held.ReceivedTimestamp, attempt.StartedTimestamp);
        WorkerMeasures.Started(message, wait);
        slot.Set(held, attempt);
        held.Run(attempt);

        var ending = attempt.Definition.Execution == JobExecution.DedicatedThread && _ownThreads
            ? await _dedicated.RunAsync(_runner, attempt)
            : await _runner.RunAsync(attempt);

        if (!attempt.TryEnd())
        {
            // The worker gave up on it and has said how it ended.
            return false;
        }

        slot.Set(null, null);
        var duration = _time.GetElapsedTime(attempt.StartedTimestamp);
        _demand.JobTook(duration.TotalSeconds);
        WorkerMeasures.Ended(message, ending.End, ending.Error, duration, activity);
        if (_outcomes.Of(attempt, ending, duration) is { } outcome)
        {
            Report(held.Delivery, outcome, ending, wait.TotalSeconds, attempt.MaxAttempts);
            await _settlements.AddAsync(outcome, _stopped.Token);
        }
        else
        {
            Log.Released(_logger, message.Name, message.Id, duration.TotalSeconds);
            await ReleaseAsync([held.Delivery.Token]);
        }

        return true;
    }

    private async ValueTask<bool> RecordStartAheadAsync(HeldLease held)
    {
        var start = new JobStart(held.Delivery.Token, held.Delivery.Message.Id, _time.GetUtcNow(), Ahead: true);
        while (_leases.IsTrusted(held))
        {
            try
            {
                return (await _storage.Store.RecordStartsAsync([start], _stopped.Token))[0];
            }
            catch (StorageException error) when (error.IsTransient)
            {
                OnLoopFault("start", error);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, _stopped.Token);
            }
        }

        return false;
    }

    /// <summary>Ends an attempt that ran over its limit, whether its handler ever returns or not, and puts another slot in place of the one it keeps.</summary>
    private void GiveUp(Slot slot, JobAttempt attempt)
    {
        if (slot.Held is not { } held || !attempt.TryEnd())
        {
            return;
        }

        var duration = _time.GetElapsedTime(attempt.StartedTimestamp);
        var message = attempt.Delivery.Message;
        var ending = new AttemptEnding(AttemptEnd.TimedOut, new TimeoutException($"The attempt ran over its time limit and its handler did not stop within {duration.TotalSeconds:0.0} s."));
        Log.GaveUp(_logger, message.Name, message.Id, duration.TotalSeconds);
        WorkerMeasures.Ended(message, ending.End, ending.Error, duration, null);
        var outcome = _outcomes.Of(attempt, ending, duration)!;
        Report(held.Delivery, outcome, ending, 0, attempt.MaxAttempts);
        _settlements.Add(outcome);
        if (attempt.Definition.Execution == JobExecution.DedicatedThread)
        {
            _dedicated.Replace();
        }

        var replacement = new Slot();
        _slots = [.. _slots.Select(other => other == slot ? replacement : other)];
        Leave(held);
        _ = RunSlotAsync(replacement);
    }

    private void Drop(HeldLease held)
    {
        Log.Dropped(_logger, held.Delivery.Message.Name, held.Delivery.Message.Id);
        _leases.Remove(held.Delivery.Token);
    }

    private async Task ReleaseBufferedAsync()
    {
        var tokens = new List<LeaseToken>();
        while (_buffer.Reader.TryRead(out var held))
        {
            tokens.Add(held.Delivery.Token);
            Interlocked.Decrement(ref _inFlight);
        }

        _buffer.Writer.Complete();
        var running = Volatile.Read(ref _running);
        Log.Draining(_logger, running, tokens.Count);
        await ReleaseAsync(tokens);
    }

    private async Task DrainAsync(TimeSpan limit, CancellationToken forced)
    {
        var start = _time.GetTimestamp();
        while (!forced.IsCancellationRequested)
        {
            var seen = _ended.Version;
            var rest = limit - _time.GetElapsedTime(start);
            if (Volatile.Read(ref _running) == 0 || rest <= TimeSpan.Zero)
            {
                return;
            }

            try
            {
                await _ended.WaitAsync(seen, rest, _time, forced);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task LeaveRunningAsync()
    {
        var left = new List<HeldLease>();
        foreach (var slot in _slots)
        {
            if (slot.Attempt is { } attempt && slot.Held is { } held && attempt.TryEnd())
            {
                left.Add(held);
            }
        }

        if (left.Count > 0)
        {
            if (_logger.IsEnabled(LogLevel.Warning))
            {
                var names = string.Join(", ", left.Take(20).Select(held => $"{held.Delivery.Message.Name}[{held.Delivery.Message.Id}]"));
                Log.LeftBehind(_logger, left.Count, names);
            }

            await ReleaseAsync([.. left.Select(held => held.Delivery.Token)]);
        }
    }

    private async Task FlushAsync(CancellationToken forced)
    {
        // Outcomes are written even on a forced stop, within the time that cancelled handlers would have had: they are done work.
        using var limit = new CancellationTokenSource(_settings.CancelTime + TimeSpan.FromSeconds(1), _time);
        try
        {
            await _settlements.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            OnLoopFault("settle", new TimeoutException($"{_settlements.Pending} outcomes could not be written before the stop; their jobs run again."));
        }
    }

    private async Task ReleaseAsync(List<LeaseToken> tokens)
    {
        foreach (var part in tokens.Chunk(JobBroker.BatchMax))
        {
            try
            {
                await _storage.Broker.ReleaseAsync(part, _stopped.Token);
            }
            catch (StorageException error)
            {
                // Not given back at once, they come back when their leases end.
                OnLoopFault("release", error);
            }

            foreach (var token in part)
            {
                _leases.Remove(token);
            }
        }
    }

    private void OnCancelHint(Signal signal)
    {
        if (signal.Kind == SignalKind.Changed)
        {
            _watch.HintCancel();
            return;
        }

        HeldLease[] held = [.. _leases.Snapshot().Where(held => held.Delivery.Message.Id == signal.Id)];
        if (held.Length > 0)
        {
            _ = RefreshAsync(held);
        }
    }

    private async Task RefreshAsync(HeldLease[] held)
    {
        try
        {
            await _leases.RefreshAsync(held, _stopped.Token);
        }
        catch (StorageException error)
        {
            // The next renewal tells as well.
            OnLoopFault("cancel", error);
        }
        catch (OperationCanceledException)
        {
            // The worker has stopped.
        }
    }

    private void OnLoopFault(string loop, Exception error) => Log.LoopFault(_logger, error, loop);

    private void Report(Delivery delivery, Settlement outcome, AttemptEnding ending, double waitSeconds, int maxAttempts)
    {
        var message = delivery.Message;
        var seconds = outcome.Attempt.Duration.TotalSeconds;
        if (outcome.Decision == JobDecision.Succeed)
        {
            Log.Succeeded(_logger, message.Name, message.Id, seconds, waitSeconds, message.Retries + 1, maxAttempts);
        }
        else if (outcome.Decision == JobDecision.Retry)
        {
            Log.Retried(_logger, ending.Error, message.Name, message.Id, ending.End, seconds, message.Retries + 1, maxAttempts, outcome.RetryDelay.TotalSeconds);
        }
        else
        {
            Log.Ended(_logger, ending.Error, message.Name, message.Id, ending.End, seconds, message.Retries + 1, maxAttempts, JobLifecycle.After(outcome.Decision, JobState.Running));
        }
    }

    private static Activity? StartActivity(Delivery delivery)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return null;
        }

        var message = delivery.Message;
        ActivityContext.TryParse(message.Headers.GetValueOrDefault("traceparent"), message.Headers.GetValueOrDefault("tracestate"), isRemote: true, out var parent);
        return LovageTelemetry.Source.StartActivity($"process {message.Name}", ActivityKind.Consumer, parent)?
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.operation.name", "run")
            .SetTag("messaging.destination.name", message.Queue)
            .SetTag("messaging.message.id", message.Id.Value)
            .SetTag("lovage.job.name", message.Name)
            .SetTag("lovage.job.attempt", message.Retries + 1);
    }

    private sealed class SettlementListener(JobWorker worker) : SettlementBuffer.Listener
    {
        internal override void Stale(Settlement outcome)
        {
            LovageTelemetry.StaleOutcomes.Add(1);
            Log.Stale(worker._logger, outcome.Id, outcome.Attempt.End);
        }

        internal override void WriteFailed(Exception error, int outcomes) => Log.SettleFailed(worker._logger, error, outcomes);

        internal override void Dropped(Settlement outcome, Exception error) => Log.SettleRefused(worker._logger, error, outcome.Id);
    }
}

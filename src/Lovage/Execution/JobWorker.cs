using System.Collections.Immutable;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>
/// Fetches jobs, runs them and writes their outcomes: the intake claims jobs by demand, slots run them, the settlement
/// buffer writes outcomes together. Meanwhile leases are renewed and running attempts are watched, each on a thread of
/// its own, and a sweep takes back the jobs of dead workers.
/// </summary>
/// <remarks>Safe for use by several threads. Started and stopped once.</remarks>
public sealed class JobWorker : IAsyncDisposable
{
    private readonly JobStorage _storage;
    private readonly WorkerSettings _settings;
    private readonly TimeProvider _time;
    private readonly bool _ownThreads;
    private readonly WorkerReport _report;
    private readonly LeaseKeeper _leases;
    private readonly Intake _intake;
    private readonly SettlementBuffer _settlements;
    private readonly SlotRunner _slots;
    private readonly AttemptWatch _watch;
    private readonly Sweeper _sweeper;
    private readonly CancellationTokenSource _quiet = new();
    private readonly CancellationTokenSource _stopped = new();
    private Task _fetching = Task.CompletedTask;
    private Task _others = Task.CompletedTask;
    private IDisposable? _signals;
    private int _phase;

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
        JobStorage storage, JobRegistry jobs, JobSerializer serializer, IServiceScopeFactory scopes,
        ImmutableArray<Type> filters, WorkerSettings settings, WorkerOwner owner, TimeProvider time, Random random,
        ILoggerFactory loggers)
        : this(
            storage,
            jobs,
            serializer,
            scopes,
            filters,
            settings,
            owner,
            time,
            random,
            loggers,
            new ProcessOwnerProbe(owner),
            ownThreads: time == TimeProvider.System)
    {
    }

    internal JobWorker(
        JobStorage storage, JobRegistry jobs, JobSerializer serializer, IServiceScopeFactory scopes,
        ImmutableArray<Type> filters, WorkerSettings settings, WorkerOwner owner, TimeProvider time, Random random,
        ILoggerFactory loggers, OwnerProbe probe, bool ownThreads)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(loggers);
        _storage = storage;
        _settings = settings;
        _time = time;
        _ownThreads = ownThreads;
        _report = new WorkerReport(loggers.CreateLogger("Lovage.Worker"));
        _leases = new LeaseKeeper(storage.Broker, settings.Lease, time);
        _intake = new Intake(storage.Broker, _leases, settings, owner, time, random);
        _settlements = new SettlementBuffer(storage.Store, _leases, time, random, _report);
        var outcomes = new AttemptOutcomes(settings, owner, random);
        _slots = new SlotRunner(
            _intake,
            _leases,
            _settlements,
            storage,
            jobs,
            new JobRunner(filters),
            outcomes,
            new TransactionalCompletion(storage, outcomes, time),
            serializer,
            scopes,
            settings,
            time,
            _report,
            ownThreads,
            _stopped.Token);
        _watch = new AttemptWatch(storage.Store, _leases, settings, time, _slots);
        _sweeper = new Sweeper(storage, probe, settings, time, random, _report.Reclaimed);
    }

    /// <summary>What it is doing now.</summary>
    public WorkerStatus Status
    {
        get
        {
            var running = _slots.Running;
            return new WorkerStatus(
                (WorkerPhase)Volatile.Read(ref _phase),
                _settings.Concurrency,
                running,
                Math.Max(0, _intake.InFlight - running),
                _settlements.Pending,
                _leases.RenewalAge,
                _settings.Lease);
        }
    }

    /// <summary>The handlers that run now and have no thread of their own.</summary>
    internal IEnumerable<RunningHandler> OnPool() => _slots.OnPool();

    /// <summary>Starts fetching and running.</summary>
    /// <param name="cancellationToken">Not looked at: starting does not wait.</param>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _phase, (int)WorkerPhase.Running, (int)WorkerPhase.Idle)
            != (int)WorkerPhase.Idle)
        {
            throw new InvalidOperationException("A worker is started once.");
        }

        _signals = _storage.Signals.Subscribe(OnCancelHint, SignalKind.CancelRequested);
        _slots.Start();

        // Each on a thread of its own: slots that keep the pool busy must not keep jobs from coming in, outcomes from
        // being written, or leases from being renewed.
        _fetching = RunApart("fetch", _intake.FetchAsync, _quiet.Token);
        _others = Task.WhenAll(
            RunApart("settle", _settlements.RunAsync, _stopped.Token),
            RunApart("renewal", RenewAsync, _stopped.Token),
            RunApart("watch", _watch.LookAsync, _stopped.Token),
            Loop("sweep").RunAsync(_sweeper.SweepAsync, _quiet.Token));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stops: fetches no more and gives back what was not started; waits for running handlers within the drain time;
    /// cancels the rest; gives back, unpenalised, the jobs of those that do not stop. Calling it again, or before the
    /// start, does no harm.
    /// </summary>
    /// <param name="forced">Cancelled to skip the waits.</param>
    public async Task StopAsync(CancellationToken forced)
    {
        if (Interlocked.CompareExchange(ref _phase, (int)WorkerPhase.Stopping, (int)WorkerPhase.Running)
            != (int)WorkerPhase.Running)
        {
            Interlocked.CompareExchange(ref _phase, (int)WorkerPhase.Stopped, (int)WorkerPhase.Idle);
            return;
        }

        await CancelAsync(_quiet);
        await _fetching;
        var unstarted = _intake.Close();
        _report.Draining(_slots.Running, unstarted.Count);
        await _leases.ReleaseAsync(unstarted, _report, _stopped.Token);

        // Leases are renewed all the while: draining may take longer than one.
        await _slots.DrainAsync(_settings.DrainTime, forced);
        if (_slots.Running > 0)
        {
            _slots.CancelAll();
            await _slots.DrainAsync(_settings.CancelTime, forced);
        }

        var left = _slots.Abandon();
        if (left.Count > 0)
        {
            _report.LeftBehind(left);
            await _leases.ReleaseAsync([.. left.Select(held => held.Delivery.Token)], _report, _stopped.Token);
        }

        await FlushAsync();
        _signals?.Dispose();
        await CancelAsync(_stopped);
        await _others;
        _slots.Dispose();
        Volatile.Write(ref _phase, (int)WorkerPhase.Stopped);
        _report.Stopped();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);
        _slots.Dispose();
        _quiet.Dispose();
        _stopped.Dispose();
    }

    /// <summary>
    /// What waits on the token goes on elsewhere; without threads of its own the worker stays on its caller's
    /// scheduler, which CancelAsync would leave.
    /// </summary>
    private Task CancelAsync(CancellationTokenSource source)
    {
        if (_ownThreads)
        {
            return source.CancelAsync();
        }

        source.Cancel();
        return Task.CompletedTask;
    }

    private BackgroundLoop Loop(string name) => new(name, _time, _report.LoopFault);

    private Task RunApart(string name, Func<CancellationToken, Task<TimeSpan>> step, CancellationToken stopped) =>
        _ownThreads ? Loop(name).RunOnThread(step, stopped) : Loop(name).RunAsync(step, stopped);

    private async Task<TimeSpan> RenewAsync(CancellationToken stopped)
    {
        await _leases.RenewAsync(stopped);
        return _settings.Lease / 3;
    }

    private async Task FlushAsync()
    {
        // Outcomes are written even on a forced stop: they are done work.
        using var limit = new CancellationTokenSource(_settings.CancelTime + TimeSpan.FromSeconds(1), _time);
        try
        {
            await _settlements.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _report.LoopFault("settle", new TimeoutException(
                $"{_settlements.Pending} outcomes could not be written before the stop; their jobs run again."));
        }
    }

    private void OnCancelHint(Signal signal)
    {
        if (signal.Kind == SignalKind.Changed)
        {
            _watch.HintCancel();
        }
        else if (_leases.Find(signal.Id) is { } held)
        {
            _ = RefreshAsync(held);
        }
    }

    private async Task RefreshAsync(HeldLease held)
    {
        try
        {
            await _leases.RefreshAsync([held], _stopped.Token);
        }
        catch (StorageException error)
        {
            // The next renewal tells as well.
            _report.LoopFault("cancel", error);
        }
        catch (OperationCanceledException)
        {
            // The worker has stopped.
        }
    }
}

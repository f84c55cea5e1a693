using Lovage.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Fetches jobs, runs them and writes their outcomes: the intake claims jobs by demand, slots run them, the settlement
/// buffer writes outcomes together. Meanwhile leases are renewed and running attempts are watched, each on a thread of
/// its own; a sweep reclaims the jobs of dead workers, and a loop of their own runs those.
/// </summary>
/// <remarks>Safe for use by several threads. Started and stopped once.</remarks>
internal sealed class JobWorker : IAsyncDisposable
{
    private readonly WorkerContext _worker;
    private readonly LeaseKeeper _leases;
    private readonly DedicatedThreads _threads;
    private readonly WorkerPresence _presence;
    private readonly Intake _intake;
    private readonly SettlementBuffer _settlements;
    private readonly SlotPool _slots;
    private readonly OrphanLoop _orphans;
    private readonly AttemptWatch _watch;
    private readonly Sweeper _sweeper;
    private readonly WorkerControl _control;
    private readonly Lock _applying = new();
    private readonly WakeUp _renewal = new();
    private readonly WakeUp _orphansReady = new();
    private readonly WakeUp _commands = new();
    private readonly WakeUp _news = new();
    private readonly CancellationTokenSource _quiet = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<IDisposable> _signals = [];
    private Task _fetching = Task.CompletedTask;
    private Task _others = Task.CompletedTask;
    private int _phase;

    /// <summary>Makes a worker over a storage that is open already.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="services">What the worker needs of its app.</param>
    /// <param name="settings">How it works.</param>
    /// <param name="owner">Under which name it holds leases; unique among all workers.</param>
    public JobWorker(JobStorage storage, JobWorkerServices services, WorkerSettings settings, WorkerOwner owner)
        : this(
            storage,
            services,
            settings,
            owner,
            new ProcessOwnerProbe(owner),
            ownThreads: services?.Time == TimeProvider.System)
    {
    }

    internal JobWorker(
        JobStorage storage, JobWorkerServices services, WorkerSettings settings, WorkerOwner owner, OwnerProbe probe,
        bool ownThreads)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(owner);
        var worker = _worker = new WorkerContext(storage, services, owner, settings)
        {
            Stopped = _stopped.Token,
            OwnThreads = ownThreads,
        };
        var (time, random) = (services.Time, services.Random);
        _leases = new LeaseKeeper(storage.Broker, settings.Lease, time);
        _threads = new DedicatedThreads("dedicated", settings.Concurrency);
        _presence = new WorkerPresence(worker, () => _slots!.Running);
        var unknown = new UnknownJobs(worker, _leases, _presence);
        _intake = new Intake(worker, _leases, unknown);
        _settlements = new SettlementBuffer(worker, _leases);
        var outcomes = new AttemptOutcomes(owner, new RetryRule(random), () => worker.Settings);
        _slots = new SlotPool(worker, _intake, new RunningServices
        {
            Worker = worker,
            Delivered = new DeliveredServices
            {
                App = services,
                Runner = new JobRunner(services.Filters),
                Outcomes = outcomes,
                Completion = new TransactionalCompletion(storage, outcomes, time),
                Settings = () => worker.Settings,
                IsFull = () => _slots!.Running >= worker.Settings.Concurrency,
                CancelInline = !ownThreads,
            },
            Leases = _leases,
            Settlements = _settlements,
            Unknown = unknown,
            Threads = _threads,
            Listeners = new AttemptListeners<Running>(
            [
                new WorkerSpans(storage.Broker.Meter, owner.Key, services.Telemetry),
                new WorkerMeters(),
                new WorkerLog(services.Loggers.Guarded("Lovage.Worker")),
            ]),
        });
        _orphans = new OrphanLoop(worker, _slots, _leases, unknown);
        _watch = new AttemptWatch(worker, _leases, _slots);
        _sweeper = new Sweeper(storage, probe, () => worker.Settings, time, random, worker.Report.Reclaimed);
        _control = new WorkerControl(worker, Change, () => _slots.Running, _commands);
    }

    /// <summary>How it works now.</summary>
    public WorkerSettings Settings => _worker.Settings;

    /// <summary>What it is doing now.</summary>
    public WorkerStatus Status
    {
        get
        {
            var settings = _worker.Settings;
            return new WorkerStatus(
                (WorkerPhase)Volatile.Read(ref _phase),
                settings.Concurrency,
                _slots.Running,
                _intake.Buffered,
                _settlements.Pending,
                _leases.RenewalAge,
                settings.Lease);
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

        var signals = _worker.Storage.Signals;
        _signals.Add(signals.Subscribe(OnCancelHint, SignalKind.CancelRequested));
        _signals.Add(signals.Subscribe(_ => _orphansReady.Pulse(), SignalKind.OrphansReady));
        _signals.Add(signals.Subscribe(_ => _control.Hint(), SignalKind.Control));
        _slots.Start();

        // Each on a thread of its own: slots that keep the pool busy must not keep jobs from coming in, outcomes from
        // being written, or leases from being renewed.
        _fetching = Task.WhenAll(
            RunApart("fetch", _intake.FetchAsync, _quiet.Token),
            Loop("orphans", _orphansReady).RunAsync(_orphans.LookAsync, _quiet.Token));
        _others = Task.WhenAll(
            RunApart("settle", _settlements.RunAsync, _stopped.Token),
            RunApart("renewal", RenewAsync, _stopped.Token, _renewal),
            RunApart("watch", _watch.LookAsync, _stopped.Token),
            Loop("sweep").RunAsync(_sweeper.SweepAsync, _quiet.Token),
            Loop("beat", _news).RunAsync(_presence.BeatAsync, _stopped.Token),
            _worker.Storage.Control is null
                ? Task.CompletedTask
                : Loop("control", _commands).RunAsync(_control.LookAsync, _quiet.Token));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Works by other settings from now on. The number of slots grows at once, and shrinks as attempts end. Other
    /// queues, or another lease, open a new receiver. A quiet worker claims nothing. Jobs of queues that it serves no
    /// more are released where they have not started. Time limits hold at once, for attempts that run as well; what is
    /// kept of an attempt's log is bounded by the settings with which the attempt began.
    /// </summary>
    /// <param name="settings">The new settings, all of them.</param>
    /// <exception cref="ArgumentException">There is no queue.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The concurrency is not positive, or a time is.</exception>
    public void Apply(WorkerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Concurrency, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.PrefetchMax, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(settings.Lease, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(settings.PollInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(settings.OfferLimit, TimeSpan.Zero);
        if (settings.Queues.IsDefaultOrEmpty)
        {
            throw new ArgumentException("A worker serves one queue at the least.", nameof(settings));
        }

        lock (_applying)
        {
            _worker.Settings = settings;
            _leases.Lease = settings.Lease;
        }

        if (Volatile.Read(ref _phase) != (int)WorkerPhase.Running)
        {
            return;
        }

        _worker.Report.Applied(settings);
        _slots.Resize();
        _intake.Renew();
        _orphansReady.Pulse();
        _renewal.Pulse();
        _news.Pulse();
    }

    /// <summary>Works by changed settings from now on, as <see cref="Apply"/> says; nothing when they stay.</summary>
    /// <returns>The settings before.</returns>
    private WorkerSettings Change(Func<WorkerSettings, WorkerSettings> change)
    {
        lock (_applying)
        {
            var before = _worker.Settings;
            var after = change(before);
            if (after != before)
            {
                Apply(after);
            }

            return before;
        }
    }

    /// <summary>
    /// Stops: fetches no more and releases what was not started; waits for running handlers within the drain time;
    /// cancels the rest; releases, unpenalised, the jobs of those that do not stop. Calling it again, or before the
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
        await _orphans.DisposeAsync();
        var unstarted = _intake.Close();
        _worker.Report.Draining(_slots.Running, unstarted.Count);
        await _leases.ReleaseAsync(unstarted, _worker.Report, _stopped.Token);

        // Leases are renewed all the while: draining may take longer than one.
        var settings = _worker.Settings;
        await _slots.DrainAsync(settings.DrainTime, forced);
        if (_slots.Running > 0)
        {
            _slots.CancelAll();
            await _slots.DrainAsync(settings.CancelTime, forced);
        }

        var left = _slots.Abandon();
        if (left.Count > 0)
        {
            _worker.Report.LeftBehind(left);
            await _leases.ReleaseAsync(
                [.. left.Select(held => held.Delivery.Token)], _worker.Report, _stopped.Token);
        }

        await FlushAsync();
        _signals.ForEach(static signal => signal.Dispose());
        await CancelAsync(_stopped);
        await _others;
        await _presence.LeaveAsync();
        _threads.Dispose();
        Volatile.Write(ref _phase, (int)WorkerPhase.Stopped);
        _worker.Report.Stopped();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await StopAsync(now.Token);
        await _orphans.DisposeAsync();
        _threads.Dispose();
        _quiet.Dispose();
        _stopped.Dispose();
    }

    /// <summary>
    /// What waits on the token goes on elsewhere; without threads of its own the worker stays on its caller's
    /// scheduler, which CancelAsync would leave.
    /// </summary>
    private Task CancelAsync(CancellationTokenSource source)
    {
        if (_worker.OwnThreads)
        {
            return source.CancelAsync();
        }

        source.Cancel();
        return Task.CompletedTask;
    }

    private BackgroundLoop Loop(string name, WakeUp? wake = null) =>
        new(name, _worker.Time, _worker.Report.LoopFault, wake);

    private Task RunApart(
        string name, Func<CancellationToken, Task<TimeSpan>> step, CancellationToken stopped, WakeUp? wake = null) =>
        _worker.OwnThreads ? Loop(name, wake).RunOnThread(step, stopped) : Loop(name, wake).RunAsync(step, stopped);

    private async Task<TimeSpan> RenewAsync(CancellationToken stopped)
    {
        await _leases.RenewAsync(stopped);
        return _worker.Settings.Lease / 3;
    }

    private async Task FlushAsync()
    {
        // Outcomes are written even on a forced stop: they are done work.
        using var limit = new CancellationTokenSource(
            _worker.Settings.CancelTime + TimeSpan.FromSeconds(1), _worker.Time);
        try
        {
            await _settlements.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _worker.Report.LoopFault("settle", new TimeoutException(
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
            _worker.Report.LoopFault("cancel", error);
        }
        catch (OperationCanceledException)
        {
            // The worker has stopped.
        }
    }
}

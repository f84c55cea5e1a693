using System.Collections.Immutable;
using System.Reflection;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>
/// The schedules of this process: compares the code's with the storage, fires what is due for all nodes, and runs what
/// every node has for itself. It fires in a process that has a worker or schedules in its code.
/// </summary>
internal sealed class ScheduleSet : IAsyncDisposable
{
    private readonly JobStorage _storage;
    private readonly IServiceProvider _services;
    private readonly TimeProvider _time;
    private readonly SchedulerReport _report;
    private readonly ImmutableArray<ScheduleRegistration> _cluster;
    private readonly ImmutableArray<ScheduleDefinition> _node;
    private readonly bool _hasWorker;
    private readonly CancellationTokenSource _stopped = new();
    private readonly WakeUp _changed = new();
    private IDisposable? _signals;
    private Scheduler? _scheduler;
    private volatile bool _isSynced;
    private Task _loops = Task.CompletedTask;

    public ScheduleSet(
        JobStorage storage,
        IServiceProvider services,
        TimeProvider time,
        IEnumerable<ScheduleRegistration> schedules,
        IEnumerable<WorkerRegistration> workers,
        SchedulerReport report)
    {
        _storage = storage;
        _services = services;
        _time = time;
        _report = report;
        _hasWorker = workers.Any();
        var twice = schedules.GroupBy(static schedule => schedule.Definition.Id, StringComparer.Ordinal)
            .FirstOrDefault(static same => same.Count() > 1);
        if (twice is not null)
        {
            throw new ScheduleException(twice.Key, "the code defines it twice. Give one of them another id.");
        }

        _cluster = [.. schedules
            .Where(static schedule => schedule.Definition.Options.Target == ScheduleTarget.Cluster)];
        _node = [.. schedules.Select(static schedule => schedule.Definition)
            .Where(static definition => definition.Options.Target == ScheduleTarget.EveryNode)];
    }

    /// <summary>Those that the code defines, in the order of their ids.</summary>
    internal ImmutableArray<string> Ids =>
        [.. _cluster.Select(static schedule => schedule.Definition)
            .Concat(_node)
            .Select(static definition => definition.Id)
            .Order(StringComparer.Ordinal)];

    /// <summary>What this process's code says of schedules that all nodes share.</summary>
    internal CodeSchedules Code => new(
        id => _cluster.FirstOrDefault(schedule => schedule.Definition.Id == id)?.Definition.Trigger,
        (id, cancellationToken) => NewSync().RestoreAsync(id, cancellationToken));

    /// <summary>Refuses schedules that this storage cannot keep.</summary>
    /// <exception cref="StorageException">It keeps none, and the code defines some.</exception>
    internal void Check()
    {
        if (_storage.Schedules is null && _cluster.Length > 0)
        {
            _storage.RequireSchedules();
        }
    }

    /// <summary>Begins; the storage is open.</summary>
    internal void Start()
    {
        var loops = new List<Task>();
        var isOwnThread = _time == TimeProvider.System;
        if (_storage.Schedules is { } store && (_hasWorker || _cluster.Length > 0))
        {
            _scheduler = NewScheduler(store);
            _signals = _storage.Signals.Subscribe(_ => _changed.Pulse(), SignalKind.SchedulesChanged);
            loops.Add(Run(new BackgroundLoop("schedule", _time, _report.LoopFault, _changed), StepAsync, isOwnThread));
        }

        if (_node.Length > 0)
        {
            var schedules = new NodeSchedules(_node, _services.GetRequiredService<TaskSpawner>(), _time, _report);
            loops.Add(
                Run(new BackgroundLoop("node-schedule", _time, _report.LoopFault), schedules.StepAsync, isOwnThread));
        }

        _loops = Task.WhenAll(loops);
    }

    /// <summary>Stops firing, and lets another node take over.</summary>
    internal async Task StopAsync()
    {
        _signals?.Dispose();
        await _stopped.CancelAsync();
        await _loops;
        if (_scheduler is { } scheduler)
        {
            _scheduler = null;
            try
            {
                await scheduler.ResignAsync(CancellationToken.None);
            }
            catch (StorageException error)
            {
                // Another takes over when the lead has run out.
                _report.LoopFault("schedule", error);
            }
        }
    }

    /// <summary>
    /// Fires all due schedules, whichever node leads, even in a process that fires none: for tests. The storage is
    /// open.
    /// </summary>
    /// <exception cref="StorageException">The storage keeps no schedules.</exception>
    internal async Task FireDueAsync(CancellationToken cancellationToken)
    {
        var scheduler = NewScheduler(_storage.RequireSchedules());
        await SyncAsync(cancellationToken);
        while (await scheduler.FireDueAsync(cancellationToken))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopped.Dispose();
    }

    private Task Run(BackgroundLoop loop, Func<CancellationToken, Task<TimeSpan>> step, bool isOwnThread) =>
        isOwnThread ? loop.RunOnThread(step, _stopped.Token) : loop.RunAsync(step, _stopped.Token);

    private async Task<TimeSpan> StepAsync(CancellationToken stopped)
    {
        await SyncAsync(stopped);
        return await _scheduler!.StepAsync(stopped);
    }

    /// <summary>Once; a second time at the same moment does no harm.</summary>
    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        if (!_isSynced)
        {
            await NewSync().RunAsync(cancellationToken);
            _isSynced = true;
        }
    }

    private ScheduleSync NewSync()
    {
        var options = _services.GetRequiredService<IOptions<LovageOptions>>().Value;
        var app = options.App ?? _services.GetRequiredService<IHostEnvironment>().ApplicationName;
        return new ScheduleSync(
            _services.GetRequiredService<JobMessages>(),
            _services.GetRequiredService<StorageGate>().Storage.RequireSchedules(),
            _services.GetRequiredService<TriggerCache>(),
            [.. _cluster.Select(schedule => new OwnedSchedule(schedule.Definition, schedule.Catalog ?? app))],
            Owners(app, CodeVersion.TryParse(options.AppVersion), _services.GetServices<JobCatalog>()),
            _report);
    }

    /// <summary>This app and its catalogs, each with the version of its code.</summary>
    private static Dictionary<string, CodeVersion?> Owners(
        string app, CodeVersion? version, IEnumerable<JobCatalog> catalogs)
    {
        var ofApp = version ?? CodeVersion.Of(Assembly.GetEntryAssembly());
        var owners = new Dictionary<string, CodeVersion?>(StringComparer.Ordinal) { [app] = ofApp };
        foreach (var catalog in catalogs)
        {
            if (catalog.Name is { } name)
            {
                owners[name] = version ?? CodeVersion.Of(catalog.Assembly) ?? ofApp;
            }
        }

        return owners;
    }

    private Scheduler NewScheduler(ScheduleStore store)
    {
        var ids = _services.GetRequiredService<JobIdSource>();
        return new Scheduler(store, ids, ids.Next().Value, _time, _services.GetRequiredService<Random>(), _report);
    }
}

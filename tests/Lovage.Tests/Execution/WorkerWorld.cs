using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

/// <summary>
/// A worker over the memory storage, on one thread and with a clock that stands still unless it is moved.
/// </summary>
internal sealed class WorkerWorld : IDisposable
{
    internal static readonly WorkerOwner Owner = new("boot", "0", 1, 1, "worker");

    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly SteppedScheduler _scheduler = new();
    private readonly JobSerializer _serializer = new();
    private readonly LogList _logs = new();
    private readonly ServiceProvider _services;
    private readonly ImmutableArray<Type> _filters;
    private readonly TelemetrySettings _telemetry;
    private readonly List<JobWorker> _workers = [];
    private int _ids;

    internal WorkerWorld(WorkerSettings settings, params JobDefinition[] jobs)
        : this(settings, jobs, null)
    {
    }

    internal WorkerWorld(
        WorkerSettings settings,
        JobDefinition[] jobs,
        Action<IServiceCollection>? services,
        ImmutableArray<Type> filters = default,
        Func<JobStorage, TimeProvider, JobStorage>? wrap = null,
        TelemetrySettings? telemetry = null)
    {
        _telemetry = telemetry ?? TelemetrySettings.Default;
        var collection = new ServiceCollection();
        services?.Invoke(collection);
        _services = collection.BuildServiceProvider();
        Memory = new MemoryStorage(Time);
        Storage = wrap?.Invoke(Memory, Time) ?? Memory;
        Loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace)
            .AddProvider(_logs)
            .AddProvider(new AttemptLoggerProvider(Time)));
        _filters = filters.IsDefault ? [] : filters;
        Outage = new StorageOutage(() => Storage, Time, Loggers.Guarded("Lovage.Storage"));
        Worker = Add(settings, Owner, jobs);
    }

    internal TestClock Time { get; } = new();

    /// <summary>The storage as tests look into it, past any wrapping.</summary>
    internal MemoryStorage Memory { get; }

    internal JobStorage Storage { get; }

    internal ILoggerFactory Loggers { get; }

    internal StorageOutage Outage { get; }

    internal JobWorker Worker { get; }

    /// <summary>The owners that the worker finds dead when it looks.</summary>
    internal HashSet<WorkerOwner> Dead { get; } = [];

    /// <summary>What the log's provider throws at each line; null for nothing.</summary>
    internal Func<Exception>? Fault
    {
        set => _logs.Fault = value;
    }

    internal IEnumerable<(int Event, string Text)> Logs => _logs.Lines.Select(static line => (line.Event, line.Text));

    /// <summary>The errors that were logged.</summary>
    internal IEnumerable<Exception> LoggedErrors => _logs.Errors;

    /// <summary>What a log at its default level shows.</summary>
    internal IEnumerable<(int Event, LogLevel Level, string Text)> Shown =>
        _logs.Lines.Where(static line => line.Level >= LogLevel.Information);

    internal TimeSpan Elapsed => Time.Elapsed;

    /// <summary>Makes another worker of the same storage; it is not started.</summary>
    internal JobWorker Add(WorkerSettings settings, WorkerOwner owner, params JobDefinition[] jobs)
    {
        var worker = new JobWorker(
            Storage,
            new JobWorkerServices
            {
                Jobs = new JobRegistry(new JobCatalog(jobs)),
                Serializer = _serializer,
                Scopes = _services.GetRequiredService<IServiceScopeFactory>(),
                Filters = _filters,
                Time = Time,
                Random = new Random(1),
                Loggers = Loggers,
                Outage = Outage,
                Telemetry = _telemetry,
            },
            settings,
            owner,
            new DeadByName(Dead),
            ownThreads: false);
        _workers.Add(worker);
        return worker;
    }

    internal JobId Enqueue(string name, string arguments = "", Func<JobMessage, JobMessage>? change = null)
    {
        var message = new JobMessage
        {
            Id = JobId.Parse($"{name}-{++_ids}"),
            Name = name,
            Queue = "default",
            Body = Encoding.UTF8.GetBytes($"[[{arguments}],{{}},{{}}]"),
        };
        Do(async () => await Memory.Broker.PublishAsync([change?.Invoke(message) ?? message], CancellationToken.None));
        return message.Id;
    }

    internal void Start() => Do(() => Worker.StartAsync(CancellationToken.None));

    /// <summary>Does something to its end; time moves on when it has to.</summary>
    internal void Do(Func<Task> what)
    {
        var task = Begin(what);
        Until(() => task.IsCompleted);
        task.GetAwaiter().GetResult();
    }

    /// <summary>Begins something, and comes back when nothing happens any more without time moving on.</summary>
    internal Task Begin(Func<Task> what)
    {
        var task = Task.Factory.StartNew(what, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler)
            .Unwrap();
        Rest();
        return task;
    }

    internal void Rest() => _scheduler.RunAll();

    internal void Advance(TimeSpan time)
    {
        var end = Elapsed + time;
        Rest();
        while (Time.NextTimer is { } next && Elapsed + next <= end)
        {
            Time.Advance(next);
            Rest();
        }

        Time.Advance(end - Elapsed);
    }

    internal void Until(Func<bool> condition)
    {
        var end = Elapsed + Patience;
        Rest();
        while (!condition())
        {
            Assert.True(Time.NextTimer is { } next && Elapsed + next < end, $"it did not come about within {Patience}");
            Time.Advance(Time.NextTimer!.Value);
            Rest();
        }
    }

    internal JobRecord UntilEnded(JobId id)
    {
        Until(() => Find(id).State.IsFinal);
        return Find(id);
    }

    internal JobRecord Find(JobId id) => Now(Memory.History!.FindAsync([id], CancellationToken.None))[0]!;

    internal IReadOnlyList<AttemptRecord> Attempts(JobId id) =>
        Now(Memory.History!.AttemptsAsync(id, CancellationToken.None));

    internal CancelStatus Cancel(JobId id)
    {
        CancelStatus status = default;
        Do(async () => status = (await Memory.Store.CancelAsync([id], "not wanted", CancellationToken.None))[0].Status);
        return status;
    }

    public void Dispose()
    {
        foreach (var worker in _workers)
        {
            Do(async () => await worker.DisposeAsync());
        }

        _services.Dispose();
        Loggers.Dispose();
        _logs.Dispose();
    }

    private static T Now<T>(ValueTask<T> call)
    {
        Assert.True(call.IsCompletedSuccessfully, "the memory storage answers at once");
        return call.Result;
    }

    private sealed class DeadByName(HashSet<WorkerOwner> dead) : OwnerProbe
    {
        internal override bool IsDead(WorkerOwner owner) => dead.Contains(owner);
    }

    private sealed class LogList : ILoggerProvider, ILogger
    {
        private readonly List<(int, LogLevel, string)> _lines = [];
        private readonly ConcurrentQueue<Exception> _errors = new();

        internal IEnumerable<Exception> Errors => _errors;

        internal Func<Exception>? Fault { get; set; }

        public IReadOnlyList<(int Event, LogLevel Level, string Text)> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (Fault?.Invoke() is { } fault)
            {
                throw fault;
            }

            if (exception is not null)
            {
                _errors.Enqueue(exception);
            }

            lock (_lines)
            {
                _lines.Add((eventId.Id, logLevel, formatter(state, exception)));
            }
        }

        public void Dispose()
        {
        }
    }
}

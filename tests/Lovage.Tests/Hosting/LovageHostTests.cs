using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Hosting;

public sealed class LovageHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_AppWithWorker_RunsJobsAndStopsInOrder()
    {
        var storage = new ScriptedStorage();
        var ran = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = Builder(out var log);
        builder.AddLovage()
            .UseStorage(storage)
            .AddWorker(worker => worker.Concurrency = 2)
            .AddJob(new JobDefinition("add", invocation =>
            {
                var reader = invocation.ReadArguments();
                ran.SetResult(reader.Read<int>("x"));
                invocation.SetResult(1);
                return default;
            }));
        builder.Services.AddHostedService(_ => new Neighbour(storage.Trail));
        using var host = builder.Build();

        await host.StartAsync(Cancel);
        var handle = await host.Services.GetRequiredService<JobClient>()
            .EnqueueAsync(Job.Create<int>("add", 41), Cancel);
        Assert.Equal(41, await ran.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        Assert.Equal(1, await handle.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        await host.StopAsync(Cancel);

        Assert.Equal(["open", "neighbour starts", "neighbour stops", "close"], storage.Trail);
        var closed = await Assert.ThrowsAsync<StorageException>(
            async () => await host.Services.GetRequiredService<JobClient>().EnqueueAsync(Job.Create("add"), Cancel));
        Assert.Contains("has stopped", closed.Message, StringComparison.Ordinal);
        Assert.Contains("Worker stopped", log.Messages);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task StartAsync_InASpanACultureAndAnAsyncLocal_GivesNoneOfThemToJobs(int openFaults)
    {
        using var source = new ActivitySource("Ambient");
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Ambient",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        var local = new AsyncLocal<string?>();
        var (culture, seen) = (CultureInfo.CurrentCulture, new ConcurrentQueue<string>());
        void Note() => seen.Enqueue($"{1.5} {local.Value} {Activity.Current?.DisplayName}");
        var french = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        french.NumberFormat.NumberDecimalSeparator = ",";
        var storage = new ScriptedStorage(
            [.. Enumerable.Repeat(new StorageException("not yet", isTransient: true), openFaults)]);
        var builder = Builder(out _);
        builder.AddLovage()
            .UseStorage(storage)
            .AddWorker()
            .AddJob(new JobDefinition("note", _ => { Note(); return default; }))
            .AddJob(new JobDefinition("apart", _ => { Note(); return default; })
            {
                Execution = JobExecution.DedicatedThread,
            });
        using var host = builder.Build();
        using (source.StartActivity("startup"))
        {
            (local.Value, CultureInfo.CurrentCulture) = ("x", french);
            await host.StartAsync(Cancel);
            (local.Value, CultureInfo.CurrentCulture) = (null, culture);
        }

        await storage.Opened.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var jobs = host.Services.GetRequiredService<JobClient>();
        foreach (var name in new[] { "note", "apart" })
        {
            JobHandle handle;
            while (true)
            {
                try
                {
                    handle = await jobs.EnqueueAsync(Job.Create(name), Cancel);
                    break;
                }
                catch (StorageException)
                {
                    // The gate opens a moment after the storage.
                    await Task.Yield();
                }
            }

            await handle.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        }

        await host.StopAsync(Cancel);
        Assert.Equal(["1.5  ", "1.5  "], seen);
    }

    [Fact]
    public async Task StartAsync_Production_PrintsTheBannerAndWhatIsUnsafe()
    {
        var builder = Builder(out var log);
        builder.AddLovage(options => options.Storage = "memory:")
            .AddWorker(worker =>
                (worker.Concurrency, worker.Queues, worker.DrainTime) = (3, ["default"], TimeSpan.FromMinutes(1)))
            .AddJob(new JobDefinition("b.second", static _ => default))
            .AddJob(new JobDefinition("a.first", static _ => default) { Queue = "mail" })
            .AddSchedule("nightly", Cron.Parse("@daily"), Job.Create("b.second"))
            .AddSchedule(
                "cache",
                Every.Minutes(1),
                Job.Create("a.first"),
                static schedule => schedule.Target = ScheduleTarget.EveryNode);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
        using var host = builder.Build();
        await host.StartAsync(Cancel);

        Assert.Contains("Lovage storage: memory", log.Messages);
        Assert.Contains("Lovage worker: queues default, 3 jobs at the same time", log.Messages);
        Assert.Contains("Lovage jobs: 2 registered: a.first, b.second", log.Messages);
        Assert.Contains("Lovage schedules: 2 in this app's code: cache, nightly", log.Messages);
        Assert.Contains("Job a.first goes to queue mail, which no worker of this process serves", log.Messages);
        Assert.Contains(
            log.Messages,
            message => message.StartsWith("Unsafe in production: Jobs are kept in memory", StringComparison.Ordinal));
        Assert.Contains(
            log.Messages,
            message => message.StartsWith("Workers want 63 s to stop", StringComparison.Ordinal)
                && message.Contains("gives 20 s", StringComparison.Ordinal));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task StartAsync_StorageCannotBeUsed_FailsWithItsMessage()
    {
        var storage = new ScriptedStorage(
            new StorageException("lovage.db is not a Lovage database.", isTransient: false));
        var builder = Builder(out _);
        builder.AddLovage().UseStorage(storage).AddWorker();
        using var host = builder.Build();

        Assert.Equal(
            "lovage.db is not a Lovage database.",
            (await Assert.ThrowsAsync<StorageException>(() => host.StartAsync(Cancel))).Message);
    }

    [Fact]
    public async Task StartAsync_StorageDoesNotAnswerYet_ServesAndTriesAgain()
    {
        var storage = new ScriptedStorage(
            new StorageException("No route to db.", isTransient: true),
            new StorageException("Still none.", isTransient: true));
        var builder = Builder(out var log);
        builder.AddLovage().UseStorage(storage).AddWorker().AddJob(new JobDefinition("n", static _ => default));
        using var host = builder.Build();
        await host.StartAsync(Cancel);

        var jobs = host.Services.GetRequiredService<JobClient>();
        if (storage.Trail.Count(step => step == "open") == 1)
        {
            var refused = await Assert.ThrowsAsync<StorageException>(
                async () => await jobs.EnqueueAsync(Job.Create("n"), Cancel));
            Assert.True(refused.IsTransient);
        }

        await storage.Opened.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await log.WaitForAsync("Lovage storage: scripted");
        await (await jobs.EnqueueAsync(Job.Create("n"), Cancel)).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal(3, storage.Trail.Count(step => step == "open"));
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task OnStartAndOnStop_Jobs_AreEnqueuedAtTheirMoments()
    {
        var storage = new ScriptedStorage();
        var builder = Builder(out _);
        builder.AddLovage().UseStorage(storage)
            .OnStart(Job.Create("warm") with { Id = JobId.Parse("warm-1") })
            .OnStop(Job.Create("cool"));
        using var host = builder.Build();
        await host.StartAsync(Cancel);
        Assert.Equal(["warm"], await storage.NamesAsync());

        await host.StopAsync(Cancel);
        Assert.Equal(["cool", "warm"], await storage.NamesAsync());
    }

    [Fact]
    public async Task StopAsync_SeveralTimesAndAfterDisposal_StopsOnce()
    {
        var storage = new ScriptedStorage();
        var builder = Builder(out _);
        builder.AddLovage().UseStorage(storage).AddWorker().OnStop(Job.Create("cool"));
        using var host = builder.Build();
        await host.StartAsync(Cancel);

        await Task.WhenAll(host.StopAsync(Cancel), host.StopAsync(Cancel));
        var lovage = host.Services.GetServices<IHostedService>().OfType<LovageHost>().Single();
        host.Dispose();
        await lovage.StoppingAsync(Cancel);
        await lovage.StopAsync(Cancel);
        await lovage.StoppedAsync(Cancel);

        Assert.Equal(["cool"], await storage.NamesAsync());
    }

    [Fact]
    public async Task CheckHealthAsync_RunningApp_IsHealthyUntilTheStorageIsNot()
    {
        var storage = new ScriptedStorage();
        var builder = Builder(out _);
        builder.AddLovage().UseStorage(storage).AddWorker(worker => worker.Concurrency = 2);
        using var host = builder.Build();
        var checks = host.Services.GetRequiredService<HealthCheckService>();
        var before = await checks.CheckHealthAsync(Cancel);
        Assert.Equal(HealthStatus.Unhealthy, before.Entries["Lovage.Storage"].Status);

        // A restart would not open the storage.
        Assert.Equal(HealthStatus.Degraded, before.Entries["Lovage.Worker"].Status);

        await host.StartAsync(Cancel);
        var running = await checks.CheckHealthAsync(Cancel);
        Assert.Equal(
            (HealthStatus.Healthy, "scripted"),
            (running.Entries["Lovage.Storage"].Status, running.Entries["Lovage.Storage"].Description));
        Assert.Equal(
            (HealthStatus.Healthy, 2),
            (running.Entries["Lovage.Worker"].Status, running.Entries["Lovage.Worker"].Data["slots"]));
        Assert.Equal(["lovage", "ready"], running.Entries["Lovage.Storage"].Tags);
        Assert.Equal(["lovage", "live"], running.Entries["Lovage.Worker"].Tags);
        Assert.Equal(HealthStatus.Healthy, running.Entries["Lovage.ThreadPool"].Status);
        Assert.Equal(["lovage", "ready"], running.Entries["Lovage.ThreadPool"].Tags);

        storage.Blocked = TimeSpan.FromSeconds(10);
        var blocked = (await checks.CheckHealthAsync(Cancel)).Entries["Lovage.Storage"];
        Assert.Equal((HealthStatus.Degraded, 10.0), (blocked.Status, blocked.Data["blocked_seconds"]));

        storage.PingFault = new StorageException("The disk is full.", isTransient: true);
        var sick = await checks.CheckHealthAsync(registration => registration.Tags.Contains("ready"), Cancel);
        Assert.Equal(
            (HealthStatus.Unhealthy, "The disk is full."),
            (sick.Entries["Lovage.Storage"].Status, sick.Entries["Lovage.Storage"].Description));
        Assert.Equal(
            "The storage does not answer. The app tries again; its log says why.",
            sick.Entries["Lovage.Storage"].Data["reason"]);

        host.Services.GetRequiredService<StorageOutage>().LevelOf(storage.PingFault);
        var waiting = await checks.CheckHealthAsync(registration => registration.Tags.Contains("live"), Cancel);
        Assert.Equal(
            (HealthStatus.Degraded, "The workers run no new jobs: the storage fails at the moment."),
            (waiting.Entries["Lovage.Worker"].Status, waiting.Entries["Lovage.Worker"].Data["reason"]));
        await host.StopAsync(Cancel);
    }

    private static HostApplicationBuilder Builder(out Recorder log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = "Production", ApplicationName = "test" });
        log = new Recorder();
        builder.Logging.AddProvider(log);
        return builder;
    }

    /// <summary>A memory storage that says when it is opened and closed, and fails as told.</summary>
    private sealed class ScriptedStorage(params StorageException[] openFaults) : JobStorage
    {
        private readonly MemoryStorage _memory = new(TimeProvider.System);
        private readonly Queue<StorageException> _openFaults = new(openFaults);
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<string> Trail { get; } = new();

        public StorageException? PingFault { get; set; }

        public TimeSpan Blocked { get; set; }

        public override TimeSpan BlockedFor => Blocked;

        public Task Opened => _opened.Task;

        public override string Description => "scripted";

        public override IReadOnlyList<string> Warnings => [];

        public override JobBroker Broker => _memory.Broker;

        public override JobStore Store => _memory.Store;

        public override JobHistory? History => _memory.History;

        public override SignalBus Signals => _memory.Signals;

        public override ValueTask OpenAsync(CancellationToken cancellationToken)
        {
            Trail.Enqueue("open");
            if (_openFaults.TryDequeue(out var fault))
            {
                throw fault;
            }

            _opened.SetResult();
            return default;
        }

        public override ValueTask PingAsync(CancellationToken cancellationToken) =>
            PingFault is null ? default : throw PingFault;

        public async Task<IEnumerable<string>> NamesAsync() =>
            (await _memory.History!.QueryAsync(new JobQuery(), Cancel)).Jobs.Select(job => job.Message.Name)
                .Order(StringComparer.Ordinal);

        protected override ValueTask DisposeCoreAsync()
        {
            Trail.Enqueue("close");
            return _memory.DisposeAsync();
        }
    }

    private sealed class Neighbour(ConcurrentQueue<string> trail) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            trail.Enqueue("neighbour starts");
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            trail.Enqueue("neighbour stops");
            return Task.CompletedTask;
        }
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _messages = new();
        private readonly WakeUp _came = new();

        public IReadOnlyCollection<string> Messages => _messages;

        public async Task WaitForAsync(string message)
        {
            while (true)
            {
                var seen = _came.Version;
                if (_messages.Contains(message))
                {
                    return;
                }

                Assert.True(
                    await _came.WaitAsync(seen, TimeSpan.FromSeconds(30), TimeProvider.System, Cancel),
                    $"'{message}' was never logged");
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
            _messages.Enqueue(formatter(state, exception));
            _came.Pulse();
        }

        public void Dispose()
        {
        }
    }
}

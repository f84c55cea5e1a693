using System.Collections.Immutable;
using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Spawning;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>What AddLovage registers: everything only where the app has not registered its own.</summary>
internal static class LovageServices
{
    private static readonly string[] ReadyTags = ["lovage", "ready"];
    private static readonly string[] LiveTags = ["lovage", "live"];
    private static readonly string[] OtherTags = ["lovage"];

    /// <summary>True at the first call for these services.</summary>
    internal static bool TryMark(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(Marker)))
        {
            return false;
        }

        services.AddSingleton(new Marker());
        return true;
    }

    internal static void Add(IServiceCollection services)
    {
        services.AddOptions<LovageOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LovageOptions>, OptionRules>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static _ => Randomness());
        services.TryAddSingleton(static provider => new JobRegistry(provider.GetServices<JobCatalog>()));
        services.TryAddSingleton(static provider => new JobSerializer(
            provider.GetServices<JsonContextRegistration>().Select(static added => added.Context)));
        services.TryAddSingleton(static provider => new JobIdSource(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => StorageChoice.Create(
            provider.GetRequiredService<IOptions<LovageOptions>>().Value.Storage ?? StorageChoice.Default,
            [.. provider.GetServices<StorageProvider>()],
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(
            static provider => provider.GetRequiredService<IOptions<LovageOptions>>().Value.Telemetry.Settings());
        services.TryAddSingleton(static provider => new StorageOutage(
            provider.GetRequiredService<JobStorage>,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.Storage")));
        AddClients(services);
        AddLocalTasks(services);
        AddSchedules(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, AttemptLoggerProvider>());
        services.TryAddSingleton(static provider => new JobWorkerServices
        {
            Jobs = provider.GetRequiredService<JobRegistry>(),
            Serializer = provider.GetRequiredService<JobSerializer>(),
            Scopes = provider.GetRequiredService<IServiceScopeFactory>(),
            Filters = Filters(provider),
            Time = provider.GetRequiredService<TimeProvider>(),
            Random = provider.GetRequiredService<Random>(),
            Loggers = provider.GetRequiredService<ILoggerFactory>(),
            Outage = provider.GetRequiredService<StorageOutage>(),
            Telemetry = provider.GetRequiredService<TelemetrySettings>(),
        });
        services.TryAddSingleton<WorkerSet>();
        services.TryAddSingleton<StartBanner>();
        services.TryAddSingleton<StorageOpening>();
        services.TryAddSingleton<LifetimeJobs>();
        services.TryAddSingleton(static provider =>
        {
            var workers = provider.GetRequiredService<WorkerSet>();
            var tasks = provider.GetRequiredService<LocalRunner>();
            return new StarvationWatch(
                provider.GetRequiredService<IOptions<LovageOptions>>().Value.StarvationLimit,
                provider.GetRequiredService<TimeProvider>(),
                new WatchedPool.OfProcess(),
                () => workers.OnPool().Concat(tasks.OnPool()),
                provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.ThreadPool"));
        });
        services.TryAddSingleton(static provider =>
        {
            var gate = provider.GetRequiredService<StorageGate>();
            return new StorageGauges(
                async stopped => await StorageReading.OfAsync(gate.Storage, stopped),
                provider.GetRequiredService<TimeProvider>());
        });
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LovageHost>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, OperationLoop>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StorageGauges>(
            static provider => provider.GetRequiredService<StorageGauges>()));
        services.AddHealthChecks()
            .AddCheck<StorageHealthCheck>("Lovage.Storage", tags: ReadyTags)
            .AddCheck<StarvationHealthCheck>("Lovage.ThreadPool", tags: ReadyTags)
            .AddCheck<WorkerHealthCheck>("Lovage.Worker", tags: LiveTags)
            .AddCheck<QueueHealthCheck>("Lovage.Queues", tags: OtherTags);
    }

    private static void AddClients(IServiceCollection services)
    {
        services.TryAddSingleton(
            static provider => Settings(provider.GetRequiredService<IOptions<LovageOptions>>().Value));
        services.TryAddSingleton(static provider => new StorageGate(provider.GetRequiredService<JobStorage>()));
        services.TryAddSingleton(static provider => new JobEndings(
            provider.GetRequiredService<StorageGate>(),
            provider.GetRequiredService<ClientSettings>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<StorageOutage>(),
            provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.Client")));
        services.TryAddSingleton<JobLookup>();
        services.TryAddSingleton<QueueAdmission>();
        services.TryAddSingleton<EnqueueRoute>(static provider => new PublishBatcher(
            provider.GetRequiredService<StorageGate>(),
            provider.GetRequiredService<ClientSettings>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new EnqueueFilters(
            Filters(provider), provider.GetRequiredService<IServiceScopeFactory>()));
        services.TryAddSingleton(static provider =>
        {
            var settings = provider.GetRequiredService<ClientSettings>();
            return new JobMessages(
                provider.GetRequiredService<JobRegistry>(),
                provider.GetRequiredService<JobSerializer>(),
                provider.GetRequiredService<JobIdSource>(),
                provider.GetRequiredService<EnqueueFilters>(),
                provider.GetRequiredService<TimeProvider>(),
                settings.DefaultQueue,
                settings.PayloadBytesMax);
        });
        services.TryAddSingleton(static provider => new QueueWatch(
            provider.GetRequiredService<StorageGate>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.Client")));
        services.TryAddSingleton<JobSender>();
        services.TryAddSingleton(static provider => new RootServices(provider));
        services.TryAddTransient(static provider => new JobClient(
            provider.GetRequiredService<JobMessages>(),
            provider.GetRequiredService<JobSender>(),
            provider.GetRequiredService<JobLookup>(),
            ScopeOf(provider)));
        services.TryAddSingleton(static provider => new JobInspector(
            provider.GetRequiredService<StorageGate>(),
            provider.GetRequiredService<JobMessages>(),
            provider.GetRequiredService<JobSender>(),
            provider.GetRequiredService<ClientSettings>(),
            provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddLocalTasks(IServiceCollection services)
    {
        services.TryAddSingleton(
            static provider => provider.GetRequiredService<IOptions<LovageOptions>>().Value.Local.Settings(
                provider.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout));
        services.TryAddSingleton(static provider => new DedicatedThreads(
            "local", provider.GetRequiredService<LocalSettings>().DedicatedThreads));
        services.TryAddSingleton(static provider => new LocalReport(
            provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.Tasks")));
        services.TryAddSingleton<LocalHistory>();
        services.TryAddSingleton(static provider => LocalListeners.Of(
            provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.Tasks"),
            [.. provider.GetServices<TaskFailureRegistration>().Select(static added => added.Handle)],
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<TelemetrySettings>(),
            provider.GetRequiredService<LocalHistory>()));
        services.TryAddSingleton<LocalRunner>();
        services.TryAddSingleton<LocalCalls>();
        services.TryAddSingleton<AfterResponse>();
        services.TryAddSingleton(static provider =>
        {
            var options = provider.GetRequiredService<IOptions<LovageOptions>>().Value;
            var app = provider.GetRequiredService<JobWorkerServices>();
            return new LocalJobs(
                provider.GetRequiredService<JobMessages>(),
                app,
                provider.GetRequiredService<DedicatedThreads>(),
                options.Worker.Settings(options, app.Jobs),
                provider.GetService<ScopeHolds>());
        });
        services.TryAddTransient(static provider => new TaskSpawner(
            provider.GetRequiredService<LocalRunner>(),
            provider.GetRequiredService<LocalJobs>(),
            provider.GetRequiredService<LocalCalls>(),
            ScopeOf(provider)));
    }

    private static void AddSchedules(IServiceCollection services)
    {
        services.TryAddSingleton<TriggerCache>();
        services.TryAddTransient(static provider => new ScheduleClient(
            provider.GetRequiredService<JobMessages>(),
            provider.GetRequiredService<StorageGate>(),
            provider.GetRequiredService<TriggerCache>(),
            provider.GetRequiredService<JobLookup>(),
            provider.GetRequiredService<ClientSettings>(),
            provider.GetRequiredService<SchedulerReport>(),
            ScopeOf(provider))
        {
            Code = provider.GetRequiredService<ScheduleSet>().Code,
        });
        services.TryAddSingleton(static provider => new SchedulerReport(
            provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.Scheduler"),
            provider.GetRequiredService<StorageOutage>()));
        services.TryAddSingleton<ScheduleSet>();
    }

    internal static ImmutableArray<Type> Filters(IServiceProvider provider) =>
        [.. provider.GetServices<FilterRegistration>().Select(static added => added.Type).Distinct()];

    /// <summary>The services of a scope; null for the container's outermost ones, which belong to none.</summary>
    private static IServiceProvider? ScopeOf(IServiceProvider provider) =>
        ReferenceEquals(provider.GetRequiredService<RootServices>().Services, provider) ? null : provider;

    private static ClientSettings Settings(LovageOptions options) => new()
    {
        DefaultQueue = options.DefaultQueue,
        PayloadBytesMax = options.Limits.PayloadBytesMax,
        EnqueueTimeout = options.Limits.EnqueueTimeout,
        EnqueueCallsMax = options.Limits.EnqueueCallsMax,
        WaitCallsMax = options.Limits.WaitCallsMax,
        PendingMax = options.Limits.PendingMax,
        SchedulesMax = options.Limits.SchedulesMax,
        RunAgainSpread = options.Operations.RunAgainSpread,
        RunAgainAtOnceMax = options.Operations.RunAgainAtOnceMax,
    };

    /// <summary>
    /// Jitter for an app that registers no source of its own; safe for use by several threads, unlike a seeded one.
    /// </summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "ApiDesign", "RS0030", Justification = "The one place where the default source of randomness comes in.")]
    private static Random Randomness() => Random.Shared;

    private sealed class Marker;
}

/// <summary>The container's outermost services, by which a client that belongs to no scope knows itself.</summary>
internal sealed record RootServices(IServiceProvider Services);

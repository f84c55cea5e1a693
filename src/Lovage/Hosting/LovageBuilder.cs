using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lovage;

/// <summary><c>AddLovage</c> returns it. <c>Use...</c> sets a single part; <c>Add...</c> adds one of many.</summary>
/// <remarks>For use while services are registered, by one thread.</remarks>
public sealed class LovageBuilder
{
    /// <summary>Wraps the app's services.</summary>
    /// <param name="services">Where everything is registered.</param>
    public LovageBuilder(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        Services = services;
    }

    /// <summary>The app's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// Adds an assembly's jobs and their schedules; the generator writes the catalog and, for the app's own assembly, a
    /// method AddJobs() without arguments. The same catalog added twice counts once.
    /// </summary>
    /// <param name="catalog">The jobs.</param>
    public LovageBuilder AddJobs(JobCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        if (!Services.Any(service => ReferenceEquals(service.ImplementationInstance, catalog)))
        {
            Services.AddSingleton(catalog);
            catalog.RegisterHandlers(Services);
            foreach (var schedule in catalog.Schedules)
            {
                Services.AddSingleton(new ScheduleRegistration(ScheduleDefinition.Of(schedule), catalog.Name));
            }
        }

        return this;
    }

    /// <summary>Adds one job defined by hand.</summary>
    /// <param name="definition">The job.</param>
    public LovageBuilder AddJob(JobDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return AddJobs(new JobCatalog([definition]));
    }

    /// <summary>
    /// Adds a worker to this process; without one the process only enqueues. A second call adds another worker, which
    /// should serve other queues.
    /// </summary>
    /// <param name="configure">Changes what <c>Lovage:Worker</c> says, for this worker only; null (the default) to
    /// change nothing.</param>
    public LovageBuilder AddWorker(Action<WorkerOptions>? configure = null)
    {
        Services.AddSingleton(new WorkerRegistration(configure ?? (static _ => { })));
        return this;
    }

    /// <summary>
    /// Adds a filter around enqueuing and running all jobs; the first one added is the outermost. The container builds
    /// it for each use, unless the app has registered it otherwise before.
    /// </summary>
    /// <typeparam name="TFilter">The filter.</typeparam>
    public LovageBuilder AddFilter<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)]
    TFilter>()
        where TFilter : class, IJobFilter
    {
        Services.TryAddTransient<TFilter>();
        Services.AddSingleton(new FilterRegistration(typeof(TFilter)));
        return this;
    }

    /// <summary>
    /// Adds JSON contracts for types of arguments and results. Contexts are asked in the order in which they were
    /// added, after the built-in one for primitive types.
    /// </summary>
    /// <param name="context">A source-generated context.</param>
    public LovageBuilder AddJsonContext(JsonSerializerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Services.AddSingleton(new JsonContextRegistration(context));
        return this;
    }

    /// <summary>
    /// Adds a kind of storage, chosen when the address has one of its schemes; it wins over those that this library
    /// knows.
    /// </summary>
    /// <param name="provider">Makes storages of that kind.</param>
    public LovageBuilder AddStorageProvider(StorageProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        Services.AddSingleton(provider);
        return this;
    }

    /// <summary>
    /// Uses this storage and ignores the settings. The app opens it at its start and disposes it when it has stopped.
    /// </summary>
    /// <param name="storage">A storage that has not been opened.</param>
    public LovageBuilder UseStorage(JobStorage storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        Services.Replace(ServiceDescriptor.Singleton(storage));
        return this;
    }

    /// <summary>Uses the storage of this address and ignores the settings.</summary>
    /// <param name="address">As <see cref="LovageOptions.Storage"/>.</param>
    public LovageBuilder UseStorage(string address)
    {
        ArgumentException.ThrowIfNullOrEmpty(address);
        Services.Configure<LovageOptions>(options => options.Storage = address);
        return this;
    }

    /// <summary>Uses this clock for everything.</summary>
    /// <param name="time">The clock; the system's by default.</param>
    public LovageBuilder UseTime(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Services.Replace(ServiceDescriptor.Singleton(time));
        return this;
    }

    /// <summary>
    /// Enqueues a job each time the app has started: in every process that starts, after its workers. With an id of
    /// your own (<see cref="Job.Id"/>) it runs only once, or once a deployment, over all processes. When the storage
    /// refuses it, the app logs an error and runs on.
    /// </summary>
    /// <param name="job">The job.</param>
    public LovageBuilder OnStart(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        Services.AddSingleton(new LifetimeJob(job, AtStart: true));
        return this;
    }

    /// <summary>
    /// Enqueues a job each time the app begins to stop, before its workers do. The job is durable. It runs on a worker
    /// that is still live, or once a worker starts again: this process does not wait for it. Work that this process
    /// must do before it ends belongs into an <see cref="Microsoft.Extensions.Hosting.IHostedService"/>.
    /// </summary>
    /// <param name="job">The job.</param>
    public LovageBuilder OnStop(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        Services.AddSingleton(new LifetimeJob(job, AtStart: false));
        return this;
    }

    /// <summary>
    /// Calls a handler for each task of this process that has failed for good: after a response, spawned or gathered.
    /// The failure is logged and counted as well. The thread of the task calls the handler, so it should be quick. An
    /// exception of the handler is logged.
    /// </summary>
    /// <param name="handle">What to do with it; called from several threads.</param>
    public LovageBuilder OnTaskFailure(Action<TaskFailure> handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        Services.AddSingleton(new TaskFailureRegistration(handle));
        return this;
    }

    /// <summary>
    /// Adds a schedule. Each start of the app compares its definition with the storage. A new schedule is added; one
    /// whose code has changed is changed. Otherwise an operator's changes stay. A schedule that this app's code no
    /// longer defines is paused, with that as its reason.
    /// </summary>
    /// <remarks>
    /// The schedule belongs to this app (<see cref="LovageOptions.App"/>). One that several apps share belongs on a
    /// handler in their common library (<see cref="ScheduleAttribute"/>).
    /// </remarks>
    /// <param name="id">Its id: 1 to 128 characters of <c>A-Z a-z 0-9 . _ : -</c>, unique in the storage.</param>
    /// <param name="trigger">When. An interval without an anchor counts from the first start.</param>
    /// <param name="job">What each tick enqueues, without an id, a due time or a delay of its own.</param>
    /// <param name="configure">Changes how; null (the default) for the defaults of
    /// <see cref="ScheduleOptions"/>.</param>
    /// <exception cref="ArgumentException">The id, the job or an option is not valid.</exception>
    public LovageBuilder AddSchedule(string id, Trigger trigger, Job job, Action<ScheduleOptions>? configure = null)
    {
        var options = new ScheduleOptions();
        configure?.Invoke(options);
        Services.AddSingleton(new ScheduleRegistration(new ScheduleDefinition(id, trigger, job, options)));
        return this;
    }
}

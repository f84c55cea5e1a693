using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Lovage.Protocol;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage;

/// <summary>Enqueues jobs and finds them again. Inject it anywhere; filters around enqueuing are built by the scope it was injected into.</summary>
/// <remarks>
/// Safe for use by several threads. When an enqueuing method returns, the job is stored. Arguments are written before anything is awaited, so objects given to a job may
/// be changed as soon as the method has returned its task.
/// </remarks>
public sealed class JobClient
{
    private readonly JobSender _sender;
    private readonly IServiceProvider _services;
    private readonly bool _servicesAreRoot;

    internal JobClient(JobSender sender, IServiceProvider services, bool servicesAreRoot)
    {
        _sender = sender;
        _services = services;
        _servicesAreRoot = servicesAreRoot;
    }

    /// <summary>Enqueues a job.</summary>
    /// <param name="job">The job. With an id of the caller's own (<see cref="Job.Id"/>) a repeated call with the same name and arguments is the same job.</param>
    /// <param name="cancellationToken">Gives up waiting; the job may be stored all the same.</param>
    /// <returns>A handle to ask for its state and result.</returns>
    /// <exception cref="PayloadTooLargeException">The arguments are larger than the cap.</exception>
    /// <exception cref="BadArgumentsException">The arguments break a data annotation, do not fit the handler, or cannot be written as JSON; nothing was stored.</exception>
    /// <exception cref="JobIdConflictException">The caller's own id belongs to a job with another name or other arguments.</exception>
    /// <exception cref="QueueFullException">A bound was reached; nothing was stored.</exception>
    /// <exception cref="StorageException">The storage did not take it in time, or not at all; the message says what is known.</exception>
    public ValueTask<JobHandle> EnqueueAsync(Job job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        return SendAsync(Prepare(job), cancellationToken);
    }

    /// <inheritdoc cref="EnqueueAsync(Job, CancellationToken)"/>
    /// <typeparam name="TResult">What the result is read as.</typeparam>
    public ValueTask<JobHandle<TResult>> EnqueueAsync<TResult>(Job<TResult> job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        return SendTypedAsync<TResult>(Prepare(job), cancellationToken);
    }

    /// <summary>Enqueues jobs, any number of them, in batches of at most 1,000. Each batch is stored as a whole; several are not.</summary>
    /// <param name="jobs">The jobs. With ids of the caller's own, repeating a call that failed half way is safe.</param>
    /// <param name="cancellationToken">Gives up; batches that were written stay.</param>
    /// <returns>A handle for each, in order.</returns>
    /// <exception cref="PayloadTooLargeException">The arguments of one are larger than the cap; nothing was stored.</exception>
    /// <exception cref="BadArgumentsException">The arguments of one break a data annotation, do not fit the handler, or cannot be written as JSON; nothing was stored.</exception>
    /// <exception cref="JobIdConflictException">One's own id belongs to another job; all others are stored.</exception>
    /// <exception cref="QueueFullException">A bound was reached; batches before stay stored.</exception>
    /// <exception cref="StorageException">The storage did not take a batch; the message says how many jobs are stored for certain.</exception>
    public ValueTask<IReadOnlyList<JobHandle>> EnqueueAsync(IReadOnlyCollection<Job> jobs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var prepared = new List<Prepared>(jobs.Count);
        foreach (var job in jobs)
        {
            prepared.Add(Prepare(job ?? throw new ArgumentException("A job of the collection is null.", nameof(jobs))));
        }

        return SendAllAsync(prepared, cancellationToken);
    }

    /// <summary>Reads where a job stands.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when the storage knows no such job.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<JobStatus?> FindAsync(JobId id, CancellationToken cancellationToken = default) =>
        await _sender.Lookup.FindAsync(id, cancellationToken) is { } record ? JobStatus.Of(id, record) : null;

    /// <summary>Cancels a job: at once and durably while no worker holds it, by a stored wish while one does.</summary>
    /// <param name="id">The job.</param>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<CancelStatus> CancelAsync(JobId id, string? reason = null, CancellationToken cancellationToken = default) =>
        _sender.Lookup.CancelAsync(id, reason, cancellationToken);

    /// <summary>A handle for a job whose id is known. Nothing is read.</summary>
    /// <param name="id">The job.</param>
    public JobHandle GetHandle(JobId id) => new UntypedJobHandle(id, _sender.Lookup);

    /// <summary>A handle for a job whose id is known and whose result is a <typeparamref name="TResult"/>. Nothing is read.</summary>
    /// <typeparam name="TResult">What the result is read as.</typeparam>
    /// <param name="id">The job.</param>
    public JobHandle<TResult> GetHandle<TResult>(JobId id) => new(id, _sender.Lookup);

    private Prepared Prepare(Job job)
    {
        var definition = _sender.Definition(job.Name);
        return new Prepared(job, definition, _sender.Encode(job, definition));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<JobHandle> SendAsync(Prepared prepared, CancellationToken cancellationToken) =>
        new UntypedJobHandle(await SendOneAsync(prepared, cancellationToken), _sender.Lookup);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<JobHandle<TResult>> SendTypedAsync<TResult>(Prepared prepared, CancellationToken cancellationToken) =>
        new(await SendOneAsync(prepared, cancellationToken), _sender.Lookup);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<JobId> SendOneAsync(Prepared prepared, CancellationToken cancellationToken)
    {
        if (Filters(prepared.Definition) is { IsEmpty: false } filters)
        {
            return await SendFilteredAsync(prepared, filters, cancellationToken);
        }

        var message = Message(prepared);
        await _sender.SendAsync(message, cancellationToken);
        return message.Id;
    }

    private async ValueTask<IReadOnlyList<JobHandle>> SendAllAsync(List<Prepared> jobs, CancellationToken cancellationToken)
    {
        var handles = new JobHandle[jobs.Count];
        var batch = new List<JobMessage>(Math.Min(jobs.Count, PublishBatcher.RowsMax));
        var bytes = 0L;
        var stored = 0;
        JobId? conflict = null;
        for (var i = 0; i < jobs.Count; i++)
        {
            var message = Filters(jobs[i].Definition) is { IsEmpty: false } filters
                ? await FilteredMessageAsync(jobs[i], filters)
                : Message(jobs[i]);
            handles[i] = new UntypedJobHandle(message.Id, _sender.Lookup);
            if (batch.Count == PublishBatcher.RowsMax || (batch.Count > 0 && bytes + message.Body.Length > PublishBatcher.BytesMax))
            {
                await FlushAsync();
            }

            batch.Add(message);
            bytes += message.Body.Length;
        }

        if (batch.Count > 0)
        {
            await FlushAsync();
        }

        return conflict is null ? handles : throw new JobIdConflictException(conflict.Value);

        async ValueTask FlushAsync()
        {
            try
            {
                var refused = await _sender.SendAsync([.. batch], cancellationToken);
                conflict ??= refused;
            }
            catch (StorageException fault) when (jobs.Count > batch.Count)
            {
                throw new StorageException($"{fault.Message} Of {jobs.Count:N0} jobs the first {stored:N0} are stored.", fault.IsTransient, fault);
            }

            stored += batch.Count;
            batch.Clear();
            bytes = 0;
        }
    }

    private JobMessage Message(Prepared prepared) => _sender.Message(prepared.Job, prepared.Definition, prepared.Body);

    /// <summary>No array is made unless the job has filters of its own beside the app's.</summary>
    private ImmutableArray<Type> Filters(JobDefinition? definition) =>
        definition is null or { Filters.IsEmpty: true } ? _sender.Filters : _sender.Filters.AddRange(definition.Filters);

    private async ValueTask<JobId> SendFilteredAsync(Prepared prepared, ImmutableArray<Type> filters, CancellationToken cancellationToken)
    {
        JobId id = default;
        await FilterAsync(prepared, filters, async job =>
        {
            var message = Message(Again(job, prepared));
            await _sender.SendAsync(message, cancellationToken);
            id = message.Id;
        });
        return id;
    }

    private async ValueTask<JobMessage> FilteredMessageAsync(Prepared prepared, ImmutableArray<Type> filters)
    {
        JobMessage? message = null;
        await FilterAsync(prepared, filters, job =>
        {
            message = Message(Again(job, prepared));
            return ValueTask.CompletedTask;
        });
        return message!;
    }

    private async ValueTask FilterAsync(Prepared prepared, ImmutableArray<Type> filters, Func<Job, ValueTask> send)
    {
        if (!_servicesAreRoot)
        {
            await EnqueueFilters.RunAsync(prepared.Job, filters, _services, send);
            return;
        }

        // A client held by a singleton has no scope of its own, and a filter may need one.
        await using var scope = _services.CreateAsyncScope();
        await EnqueueFilters.RunAsync(prepared.Job, filters, scope.ServiceProvider, send);
    }

    /// <summary>What filters made of a job. Arguments that are still the caller's own are not written a second time: they may have changed since.</summary>
    private Prepared Again(Job job, Prepared before) =>
        ReferenceEquals(job, before.Job) ? before
        : ReferenceEquals(job.Arguments, before.Job.Arguments) && job.Name == before.Job.Name ? before with { Job = job }
        : Prepare(job);

    private readonly record struct Prepared(Job Job, JobDefinition? Definition, ReadOnlyMemory<byte> Body);
}

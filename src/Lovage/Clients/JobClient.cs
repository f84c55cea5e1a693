using System.Collections.Immutable;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Transactions;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Enqueues jobs and finds them again. Inject it anywhere. The scope that it was injected into builds the filters
/// around enqueuing.
/// </summary>
/// <remarks>
/// Safe for use by several threads. When an enqueuing method returns, the job is stored; with a transaction, the commit
/// stores it. The client writes arguments before it awaits anything: the caller may change its objects as soon as it
/// has the task.
/// </remarks>
/// <example>
/// <code>
/// JobHandle welcome = await jobs.EnqueueAsync(MailJobs.Welcome("ada@example.com"));
/// await jobs.EnqueueAsync(MailJobs.Welcome("bob@example.com") with
/// {
///     Id = JobId.Parse("welcome-bob"),            // a second call with this id is the same job
///     Delay = TimeSpan.FromMinutes(5),
/// });
///
/// JobRecord? found = await jobs.FindAsync(welcome.Id);
/// Console.WriteLine($"{found.CeleryWord}, {found?.Progress:P0}");
/// await welcome.WaitAsync(TimeSpan.FromSeconds(10));
/// </code>
/// </example>
public sealed class JobClient
{
    private readonly JobMessages _messages;
    private readonly JobSender _sender;
    private readonly JobLookup _lookup;
    private readonly IServiceProvider? _services;

    /// <param name="messages">Makes messages of jobs.</param>
    /// <param name="sender">Sends them.</param>
    /// <param name="lookup">Finds jobs again.</param>
    /// <param name="services">Builds filters; null for a scope of their own.</param>
    internal JobClient(JobMessages messages, JobSender sender, JobLookup lookup, IServiceProvider? services)
    {
        _messages = messages;
        _sender = sender;
        _lookup = lookup;
        _services = services;
    }

    /// <summary>Enqueues a job.</summary>
    /// <param name="job">The job. With an id of the caller's own (<see cref="Job.Id"/>), a repeated call with the same
    /// name and arguments is the same job.</param>
    /// <param name="cancellationToken">Gives up waiting; the storage may store the job all the same.</param>
    /// <returns>A handle to ask for its state and result.</returns>
    /// <exception cref="PayloadTooLargeException">The arguments are larger than the cap.</exception>
    /// <exception cref="BadArgumentsException">The arguments break a data annotation, do not fit the handler, or cannot
    /// be written as JSON; nothing was stored.</exception>
    /// <exception cref="JobIdConflictException">The caller's own id belongs to a job with another name or other
    /// arguments.</exception>
    /// <exception cref="InvalidOperationException">A <see cref="TransactionScope"/> is open, which no storage joins;
    /// nothing was stored.</exception>
    /// <exception cref="QueueFullException">A bound was reached; nothing was stored.</exception>
    /// <exception cref="StorageException">The storage did not take it, or not in time; the message says what is
    /// known.</exception>
    public ValueTask<JobHandle> EnqueueAsync(Job job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        RefuseInScope();
        return SendAsync(_messages.Draft(job), null, cancellationToken);
    }

    /// <inheritdoc cref="EnqueueAsync(Job, CancellationToken)"/>
    /// <typeparam name="TResult">What the result is read as.</typeparam>
    public ValueTask<JobHandle<TResult>> EnqueueAsync<TResult>(
        Job<TResult> job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        RefuseInScope();
        return SendTypedAsync<TResult>(_messages.Draft(job), null, cancellationToken);
    }

    /// <summary>
    /// Enqueues jobs, any number of them, in batches of at most 1,000, of which up to three are on their way at once.
    /// Each batch is stored as a whole; several are not.
    /// </summary>
    /// <remarks>
    /// Jobs keep their order. When a batch fails, no further batch begins, and the exception comes when those on their
    /// way have ended.
    /// </remarks>
    /// <param name="jobs">The jobs. With ids of the caller's own, a call that failed half way can be repeated
    /// safely.</param>
    /// <param name="cancellationToken">Gives up; stored batches stay.</param>
    /// <returns>A handle for each, in order.</returns>
    /// <exception cref="PayloadTooLargeException">The arguments of one are larger than the cap; nothing was
    /// stored.</exception>
    /// <exception cref="BadArgumentsException">The arguments of one break a data annotation, do not fit the handler, or
    /// cannot be written as JSON; nothing was stored.</exception>
    /// <exception cref="JobIdConflictException">The own id of one belongs to another job; all others are
    /// stored.</exception>
    /// <exception cref="InvalidOperationException">A <see cref="TransactionScope"/> is open, which no storage joins;
    /// nothing was stored.</exception>
    /// <exception cref="QueueFullException">A bound was reached; batches before stay stored.</exception>
    /// <exception cref="StorageException">The storage did not take a batch; the message says how many jobs are stored
    /// for certain.</exception>
    public ValueTask<IReadOnlyList<JobHandle>> EnqueueAsync(
        IReadOnlyCollection<Job> jobs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        RefuseInScope();
        return SendAllAsync(DraftAll(jobs), null, cancellationToken);
    }

    /// <summary>
    /// Enqueues a job inside a transaction of the caller's own. The commit stores it together with the caller's data,
    /// and a rollback leaves nothing of it. No worker sees the job before the commit, so its handler finds the data.
    /// </summary>
    /// <remarks>
    /// PostgreSQL takes any open transaction of a connection to the storage's database, SQLite one of
    /// <see cref="BeginTransactionAsync"/>. Only the connection's own time limit applies. The handle finds the job
    /// after the commit. A delay counts from this call, not from the commit.
    /// </remarks>
    /// <param name="job">The job. With an id of the caller's own (<see cref="Job.Id"/>) a repeated call with the same
    /// name and arguments is the same job.</param>
    /// <param name="transaction">The transaction: open, and of the storage's own database. The caller commits
    /// it.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <returns>A handle to ask for its state and result.</returns>
    /// <exception cref="ArgumentException">The transaction is not one of the storage's database; nothing was
    /// written.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended, or its connection is busy with another
    /// command; nothing was written.</exception>
    /// <exception cref="PayloadTooLargeException">The arguments are larger than the cap.</exception>
    /// <exception cref="BadArgumentsException">The arguments break a data annotation, do not fit the handler, or cannot
    /// be written as JSON; nothing was written.</exception>
    /// <exception cref="JobIdConflictException">The caller's own id belongs to a job with another name or other
    /// arguments. The transaction can still be committed.</exception>
    /// <exception cref="QueueFullException">A bound was reached; nothing was written.</exception>
    /// <exception cref="StorageException">The storage did not take it, or takes no transactions; the message says what
    /// is known. The transaction may have to be rolled back.</exception>
    public ValueTask<JobHandle> EnqueueAsync(
        Job job, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(transaction);
        return SendAsync(_messages.Draft(job), transaction, cancellationToken);
    }

    /// <inheritdoc cref="EnqueueAsync(Job, DbTransaction, CancellationToken)"/>
    /// <typeparam name="TResult">What the result is read as.</typeparam>
    public ValueTask<JobHandle<TResult>> EnqueueAsync<TResult>(
        Job<TResult> job, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(transaction);
        return SendTypedAsync<TResult>(_messages.Draft(job), transaction, cancellationToken);
    }

    /// <summary>
    /// Enqueues jobs, any number of them, inside a transaction of the caller's own; see
    /// <see cref="EnqueueAsync(Job, DbTransaction, CancellationToken)"/>. All are stored by its commit, or none.
    /// </summary>
    /// <inheritdoc cref="EnqueueAsync(Job, DbTransaction, CancellationToken)"/>
    /// <param name="jobs">The jobs.</param>
    /// <param name="transaction">The transaction: open, and of the storage's own database. The caller commits
    /// it.</param>
    /// <param name="cancellationToken">Gives up between batches; what was written is the transaction's.</param>
    /// <returns>A handle for each, in order.</returns>
    public ValueTask<IReadOnlyList<JobHandle>> EnqueueAsync(
        IReadOnlyCollection<Job> jobs, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(transaction);
        return SendAllAsync(DraftAll(jobs), transaction, cancellationToken);
    }

    /// <summary>
    /// Begins a transaction on a connection that the storage opens, for storages that take only their own, such as
    /// SQLite. The app reads and writes its own tables in the same file over its
    /// <see cref="DbTransaction.Connection"/>. All other writers wait meanwhile, so it should last milliseconds; the
    /// storage's page says its limit.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting for its turn.</param>
    /// <returns>The transaction; dispose it, which rolls back what was not committed.</returns>
    /// <exception cref="StorageException">It cannot begin now, or this storage takes transactions of the caller's
    /// connections; the message says which.</exception>
    public ValueTask<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default) =>
        _sender.BeginTransactionAsync(cancellationToken);

    /// <summary>Reads where a job stands.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when the storage knows no such job: it was never enqueued, or it was removed after its
    /// end.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<JobRecord?> FindAsync(JobId id, CancellationToken cancellationToken = default) =>
        _lookup.FindAsync(id, cancellationToken);

    /// <summary>
    /// Cancels a job. It ends at once while no worker holds it; otherwise the request is stored and reaches its
    /// handler.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What became of the request, and where the job stands.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<CancelResult> CancelAsync(
        JobId id, string? reason = null, CancellationToken cancellationToken = default) =>
        _lookup.CancelAsync(id, reason, cancellationToken);

    /// <summary>Makes a handle for a job whose id is known. It reads nothing.</summary>
    /// <param name="id">The job.</param>
    /// <exception cref="ArgumentException">The id is the default value.</exception>
    public JobHandle GetHandle(JobId id) => new UntypedJobHandle(JobNames.CheckId(id, nameof(id)), _lookup);

    /// <summary>
    /// Makes a handle for a job whose id is known and whose result is a <typeparamref name="TResult"/>. It reads
    /// nothing.
    /// </summary>
    /// <typeparam name="TResult">What the result is read as.</typeparam>
    /// <param name="id">The job.</param>
    public JobHandle<TResult> GetHandle<TResult>(JobId id) => new(JobNames.CheckId(id, nameof(id)), _lookup);

    /// <summary>
    /// Refuses a call inside a <see cref="TransactionScope"/>: its caller would believe that the job is part of it.
    /// </summary>
    private static void RefuseInScope()
    {
        if (Transaction.Current is not null)
        {
            throw new InvalidOperationException(
                "A TransactionScope is open, and no storage of Lovage joins one: the job would be stored although the "
                    + "scope ends without Complete. Nothing was stored. Pass a transaction of the storage "
                    + "(EnqueueAsync(job, transaction)), or enqueue after the scope has ended. To enqueue "
                    + "independently of it, open another scope around the call with "
                    + "TransactionScopeOption.Suppress and TransactionScopeAsyncFlowOption.Enabled.");
        }
    }

    private List<JobDraft> DraftAll(IReadOnlyCollection<Job> jobs)
    {
        var drafts = new List<JobDraft>(jobs.Count);
        foreach (var job in jobs)
        {
            drafts.Add(_messages.Draft(
                job ?? throw new ArgumentException("A job of the collection is null.", nameof(jobs))));
        }

        return drafts;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<JobHandle> SendAsync(
        JobDraft draft, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        var result = await SendOneAsync(draft, transaction, cancellationToken);
        return new UntypedJobHandle(result.Id, _lookup, result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<JobHandle<TResult>> SendTypedAsync<TResult>(
        JobDraft draft, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        var result = await SendOneAsync(draft, transaction, cancellationToken);
        return new JobHandle<TResult>(result.Id, _lookup, result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PublishResult> SendOneAsync(
        JobDraft draft, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (_messages.Filters(draft.Definition) is { IsEmpty: false } filters)
        {
            return await SendFilteredAsync(draft, filters, transaction, cancellationToken);
        }

        var message = _messages.Make(draft);
        return await _sender.SendAsync(message, transaction, cancellationToken);
    }

    private async ValueTask<PublishResult> SendFilteredAsync(
        JobDraft draft, ImmutableArray<Type> filters, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        PublishResult result = default;
        await _messages.FilterAsync(draft, filters, _services, async filtered =>
        {
            var message = _messages.Make(filtered);
            result = await _sender.SendAsync(message, transaction, cancellationToken);
        });
        return result;
    }

    private async ValueTask<IReadOnlyList<JobHandle>> SendAllAsync(
        List<JobDraft> drafts, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        await using var send = new BulkSend(_sender, _lookup, transaction, drafts.Count, cancellationToken);
        for (var i = 0; i < drafts.Count; i++)
        {
            var message = _messages.Filters(drafts[i].Definition) is { IsEmpty: false } filters
                ? await FilteredMessageAsync(drafts[i], filters)
                : _messages.Make(drafts[i], isBatch: true);
            await send.AddAsync(message);
        }

        return await send.EndAsync();
    }

    private async ValueTask<JobMessage> FilteredMessageAsync(JobDraft draft, ImmutableArray<Type> filters)
    {
        JobMessage? message = null;
        await _messages.FilterAsync(draft, filters, _services, filtered =>
        {
            message = _messages.Make(filtered, isBatch: true);
            return default;
        });
        return message!;
    }
}

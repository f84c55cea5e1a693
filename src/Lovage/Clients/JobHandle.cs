using Lovage.Storage;

namespace Lovage;

/// <summary>A job that was enqueued: its id, and what can be asked of it.</summary>
/// <remarks>
/// Immutable, safe for use by several threads. Keep the <see cref="Id"/> rather than the handle:
/// <see cref="JobClient.GetHandle(JobId)"/> makes another one.
/// </remarks>
public abstract class JobHandle
{
    // Two fields rather than a nullable one: a handle is made for each job, and this saves 8 bytes of each.
    private readonly bool _wasKnown;
    private readonly JobState _state;

    private protected JobHandle(JobId id, JobLookup lookup, PublishResult? published)
    {
        Id = id;
        Lookup = lookup;
        _state = published.GetValueOrDefault().State;
        _wasKnown = published is { Status: PublishStatus.AlreadyKnown };
        IsNew = published is { Status: PublishStatus.Accepted };
    }

    /// <summary>The job's id.</summary>
    public JobId Id { get; }

    /// <summary>
    /// True when the call that made this handle stored the job. False when a job of this id, with the same name and
    /// arguments, was known already: it is that job, with the queue, the delay and the priority that it has. False too
    /// for a handle of <see cref="JobClient.GetHandle(JobId)"/>.
    /// </summary>
    public bool IsNew { get; }

    /// <summary>
    /// The state in which the call found a job that was known already; null when it stored a new one, and for a handle
    /// of <see cref="JobClient.GetHandle(JobId)"/>.
    /// </summary>
    public JobState? FoundState => _wasKnown ? _state : null;

    private protected JobLookup Lookup { get; }

    /// <summary>Reads where the job stands.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when the storage knows no such job: it was never enqueued, or it was removed after its
    /// end.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<JobRecord?> FindAsync(CancellationToken cancellationToken = default) =>
        Lookup.FindAsync(Id, cancellationToken);

    /// <summary>Reads how far the job is.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<JobProgressReport> GetProgressAsync(CancellationToken cancellationToken = default)
    {
        var record = await Lookup.FindAsync(Id, cancellationToken);
        return new JobProgressReport(record?.Progress, record?.ProgressMessage);
    }

    /// <summary>Reads the attempts, oldest first, at most the newest 1,000.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<AttemptRecord>> GetAttemptsAsync(CancellationToken cancellationToken = default) =>
        Lookup.AttemptsAsync(Id, cancellationToken);

    /// <summary>
    /// Cancels the job. It ends at once while no worker holds it; otherwise the request is stored and reaches its
    /// handler.
    /// </summary>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What became of the request, and where the job stands.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<CancelResult> CancelAsync(string? reason = null, CancellationToken cancellationToken = default) =>
        Lookup.CancelAsync(Id, reason, cancellationToken);

    /// <summary>Waits until the job has succeeded.</summary>
    /// <param name="timeout">How long at the most; null (the default) for ever. The call waits for an unknown job
    /// too.</param>
    /// <param name="cancellationToken">Ends the wait; the job goes on.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="JobFailedException">It ended otherwise.</exception>
    /// <exception cref="TimeoutException">It had not ended in time; the job goes on.</exception>
    /// <exception cref="QueueFullException">Too many calls wait already
    /// (<c>Lovage:Limits:WaitCallsMax</c>).</exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<JobRecord> WaitAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var record = await Lookup.WaitForEndAsync(Id, timeout, cancellationToken);
        return record.State == JobState.Succeeded ? record : throw JobLookup.Failure(Id, record);
    }

    /// <inheritdoc/>
    public override string ToString() => Id.Value;
}

/// <summary>A job that was enqueued and whose result is a <typeparamref name="TResult"/>.</summary>
/// <typeparam name="TResult">What the result is read as.</typeparam>
/// <inheritdoc cref="JobHandle"/>
public sealed class JobHandle<TResult> : JobHandle
{
    internal JobHandle(JobId id, JobLookup lookup, PublishResult? published = null)
        : base(id, lookup, published)
    {
    }

    /// <summary>
    /// Reads the result of a job that has succeeded. It is the default value when the handler returned nothing, or the
    /// job keeps no result.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting for the storage.</param>
    /// <exception cref="InvalidOperationException">The job has not ended; <see cref="WaitAsync"/> waits for its
    /// end.</exception>
    /// <exception cref="JobFailedException">It ended without a result.</exception>
    /// <exception cref="JobResultMissingException">It succeeded, and its result was left out; the message says
    /// why.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    /// <exception cref="System.Text.Json.JsonException">The result is no <typeparamref name="TResult"/>.</exception>
    public async ValueTask<TResult?> GetResultAsync(CancellationToken cancellationToken = default)
    {
        var record = await Lookup.FindAsync(Id, cancellationToken);
        return record is { State.IsFinal: true }
            ? Read(record)
            : throw new InvalidOperationException(
                $"Job {Id} has no result yet: it is {(record is null ? "not known" : record.State)}. Call WaitAsync "
                    + "to wait for it.");
    }

    /// <summary>Waits for the result.</summary>
    /// <param name="timeout">How long at the most; null (the default) for ever. The call waits for an unknown job
    /// too.</param>
    /// <param name="cancellationToken">Ends the wait; the job goes on.</param>
    /// <returns>The result; the default value when the handler returned nothing, or the job keeps no result.</returns>
    /// <exception cref="JobFailedException">It ended without a result.</exception>
    /// <exception cref="JobResultMissingException">It succeeded, and its result was left out; the message says
    /// why.</exception>
    /// <exception cref="TimeoutException">It had not ended in time; the job goes on.</exception>
    /// <exception cref="QueueFullException">Too many calls wait already
    /// (<c>Lovage:Limits:WaitCallsMax</c>).</exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    /// <exception cref="System.Text.Json.JsonException">The result is no <typeparamref name="TResult"/>.</exception>
    public new async ValueTask<TResult?> WaitAsync(
        TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Read(await Lookup.WaitForEndAsync(Id, timeout, cancellationToken));

    private TResult? Read(JobRecord record) =>
        record.State != JobState.Succeeded ? throw JobLookup.Failure(Id, record)
        : record is { Result.IsEmpty: true, Reason: { } reason } ? throw new JobResultMissingException(Id, reason)
        : record.Result.IsEmpty ? default
        : Lookup.Serializer.Read<TResult>(record.Result.Span);
}

internal sealed class UntypedJobHandle(JobId id, JobLookup lookup, PublishResult? published = null)
    : JobHandle(id, lookup, published);

using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>
/// Holds messages in queues and lends them to workers under leases. Every call takes a batch; one is a batch of one.
/// The public methods check, measure and send signals; a storage writes the protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads. After a <see cref="StorageException"/> the caller does not know whether the storage
/// carried out the call. Every call can be repeated. The storage's clock judges leases and due times.
/// </remarks>
[Experimental("LVGS001")]
public abstract class JobBroker
{
    /// <summary>Messages, tokens or ids in one call at the most.</summary>
    public const int BatchMax = 1_000;

    private readonly StorageMeter _meter;
    private readonly StorageHints _hints;
    private long _looks;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="signals">Sends and hears signals.</param>
    /// <param name="time">Measures waits.</param>
    /// <param name="server">The server that the storage calls; null for none, or when it is not always the same
    /// one.</param>
    protected JobBroker(
        string system, SignalBus signals, TimeProvider time, StorageServer? server = null)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(time);
        _meter = new StorageMeter(system, time, server);
        _hints = new StorageHints(signals);
        Time = time;
        Signals = signals;
    }

    /// <summary>Sends and hears signals.</summary>
    protected internal SignalBus Signals { get; }

    /// <summary>Measures waits.</summary>
    internal TimeProvider Time { get; }

    internal StorageMeter Meter => _meter;

    /// <summary>
    /// Stores messages. The storage stores all of the batch, or none, except those whose status says otherwise.
    /// </summary>
    /// <remarks>
    /// A job is ready at the later of its delay from now and its eta. The storage never stores a known id twice while
    /// it keeps that job, so that a caller can repeat the call. A foreign wire checks only ids that the caller chose.
    /// </remarks>
    /// <param name="messages">1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; the messages may be stored all the same.</param>
    /// <returns>A result for each, in order.</returns>
    /// <exception cref="StorageException">The storage cannot take them now.</exception>
    public ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        StoreAsync(messages, inOrder: false, cancellationToken);

    /// <summary>
    /// Stores messages as <see cref="PublishAsync"/> does. A caller may make several calls without waiting for the ones
    /// before. The storage keeps their order, so several batches can be under way at once.
    /// </summary>
    /// <inheritdoc cref="PublishAsync"/>
    public ValueTask<IReadOnlyList<PublishResult>> PublishInOrderAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        StoreAsync(messages, inOrder: true, cancellationToken);

    /// <summary>Opens a receiver: one worker's way to claim jobs of some queues.</summary>
    /// <param name="owner">Who claims.</param>
    /// <param name="queues">Which queues, in the order in which they are served; at least one.</param>
    /// <param name="lease">How long the right to run lasts unless renewed; more than zero.</param>
    /// <returns>The receiver; nothing is asked of the storage yet. Dispose it when the worker stops.</returns>
    public JobReceiver OpenReceiver(WorkerOwner owner, IReadOnlyList<string> queues, TimeSpan lease)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(queues);
        ArgumentOutOfRangeException.ThrowIfLessThan(queues.Count, 1, nameof(queues));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        return OpenReceiverCore(new ReceiverOptions(owner, [.. queues.Distinct(StringComparer.Ordinal)], lease));
    }

    /// <summary>Renews leases, each by itself.</summary>
    /// <remarks>
    /// A worker holds a lease that has run out until a storage call reclaims it: until then the worker can renew it,
    /// and the storage writes its outcome.
    /// </remarks>
    /// <param name="tokens">1 to <see cref="BatchMax"/>.</param>
    /// <param name="lease">How long they last from now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A status for each, in order.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now; the leases run on.</exception>
    public async ValueTask<IReadOnlyList<LeaseStatus>> RenewAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken)
    {
        CheckBatch(tokens);
        var start = _meter.Start();
        var statuses = await RenewCoreAsync(tokens, lease, cancellationToken);
        _meter.Stop("renew", start);
        return statuses;
    }

    /// <summary>
    /// Returns claims to the front of their queues and counts no failure. The storage passes over tokens that are no
    /// longer held.
    /// </summary>
    /// <remarks>
    /// Released jobs keep their order. An orphan stays an orphan. A recorded start leaves an attempt that ended as
    /// <see cref="AttemptEnd.Interrupted"/>. A job that is to be cancelled is cancelled now.
    /// </remarks>
    /// <param name="tokens">1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many claims ended, and which jobs ended with them.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<ReleaseResult> ReleaseAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        CheckBatch(tokens);
        var result = await ReleaseCoreAsync(tokens, cancellationToken);
        _hints.Returned(result.Count - result.Ended.Count);
        _hints.Ended(result.Ended);
        return result;
    }

    /// <summary>
    /// Declines offers: the worker does not know these jobs' names, or all their arguments. Each claim ends, and the
    /// storage offers its job again after the delay. It counts neither an attempt nor a failure.
    /// </summary>
    /// <remarks>
    /// The storage counts a job's offers apart, notes which workers declined, and keeps the time of the first offer. A
    /// start, an outcome or a requeue clears all three. When <paramref name="limit"/> has passed since the first offer,
    /// the job ends as <see cref="JobState.Dead"/>; its reason names the workers. A job that is to be cancelled is
    /// cancelled now. An orphan stays an orphan only while it is ready: here it becomes an ordinary job.
    /// </remarks>
    /// <param name="offers">1 to <see cref="BatchMax"/>.</param>
    /// <param name="limit">How long a job may be offered without a start.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many claims ended, and which jobs ended with them.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<ReleaseResult> DeclineAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken)
    {
        CheckBatch(offers);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        var result = await DeclineCoreAsync(offers, limit, cancellationToken);
        _hints.Published(null);
        _hints.Ended(result.Ended);
        return result;
    }

    /// <summary>
    /// Reclaims the claims of dead owners: those whose lease has run out by the storage's clock, and all claims of the
    /// owners named. Their jobs become orphans at the front of their queues.
    /// </summary>
    /// <remarks>
    /// A recorded start leaves an attempt that ended as <see cref="AttemptEnd.OwnerDied"/>. A start that was recorded
    /// ahead adds a death, and <see cref="JobLifecycle"/> decides. Deaths count for the whole life of the job until a
    /// person requeues it. A job that is to be cancelled is cancelled now.
    /// </remarks>
    /// <param name="deadOwners">Owners known to be dead, by <see cref="WorkerOwner.Key"/>; may be empty.</param>
    /// <param name="max">Claims at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What was done. When <see cref="ReclaimResult.Count"/> is <paramref name="max"/> there may be
    /// more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<ReclaimResult> ReclaimAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(deadOwners);
        CheckMax(max);
        var result = await ReclaimCoreAsync(deadOwners, max, cancellationToken);
        _hints.Orphaned(result.Orphaned);
        _hints.Ended(result.Ended);
        return result;
    }

    /// <summary>Who holds claims now, by <see cref="WorkerOwner.Key"/>.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<string>> OwnersAsync(CancellationToken cancellationToken) =>
        OwnersCoreAsync(cancellationToken);

    /// <summary>Stops a queue's deliveries. Jobs that workers hold run on, and publishing goes on.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="reason">Why, for the next person who looks.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask PauseAsync(string queue, string reason, CancellationToken cancellationToken) =>
        PauseCoreAsync(JobNames.Queue(queue), reason, cancellationToken);

    /// <summary>Delivers a paused queue's jobs again; nothing happens when it is not paused.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask ResumeAsync(string queue, CancellationToken cancellationToken)
    {
        await ResumeCoreAsync(JobNames.Queue(queue), cancellationToken);
        _hints.Resumed(queue);
    }

    /// <summary>
    /// Cancels jobs of a queue that no worker holds, ready and delayed ones, with the reason "purged".
    /// </summary>
    /// <remarks>A job that a worker holds is left alone. Each ended job keeps its record and its history.</remarks>
    /// <param name="queue">The queue, paused or not.</param>
    /// <param name="max">Jobs at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Which jobs ended. When they are <paramref name="max"/> there may be more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<EndedJob>> PurgeAsync(
        string queue, int max, CancellationToken cancellationToken)
    {
        CheckMax(max);
        var ended = await PurgeCoreAsync(JobNames.Queue(queue), max, cancellationToken);
        _hints.Ended(ended);
        return ended;
    }

    /// <summary>All queues that hold or have held jobs, or are paused, from counters.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<QueueStatus>> QueuesAsync(CancellationToken cancellationToken) =>
        QueuesCoreAsync(cancellationToken);

    /// <summary>The next messages of a queue without claiming them.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="max">Messages at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<JobMessage>> PeekAsync(string queue, int max, CancellationToken cancellationToken)
    {
        CheckMax(max);
        return PeekCoreAsync(JobNames.Queue(queue), max, cancellationToken);
    }

    /// <summary>Writes what <see cref="PublishAsync"/> promises.</summary>
    /// <inheritdoc cref="PublishAsync"/>
    protected abstract ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="PublishInOrderAsync"/> promises.</summary>
    /// <remarks>The default is for a storage that carries out calls in the order in which they are made.</remarks>
    /// <inheritdoc cref="PublishInOrderAsync"/>
    protected virtual ValueTask<IReadOnlyList<PublishResult>> PublishInOrderCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        PublishCoreAsync(messages, cancellationToken);

    /// <summary>Makes a receiver, which asks nothing of the storage yet.</summary>
    /// <param name="options">Who claims, from which queues, for how long.</param>
    protected abstract JobReceiver OpenReceiverCore(ReceiverOptions options);

    /// <summary>Writes what <see cref="RenewAsync"/> promises, ahead of all other work of the storage.</summary>
    /// <inheritdoc cref="RenewAsync"/>
    protected abstract ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="ReleaseAsync"/> promises.</summary>
    /// <inheritdoc cref="ReleaseAsync"/>
    protected abstract ValueTask<ReleaseResult> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="DeclineAsync"/> promises.</summary>
    /// <inheritdoc cref="DeclineAsync"/>
    protected abstract ValueTask<ReleaseResult> DeclineCoreAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken);

    /// <summary>
    /// Writes what <see cref="ReclaimAsync"/> promises, by <see cref="JobLifecycle"/>'s rule for
    /// <see cref="AttemptEnd.OwnerDied"/>.
    /// </summary>
    /// <inheritdoc cref="ReclaimAsync"/>
    protected abstract ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken);

    /// <summary>Reads who holds claims.</summary>
    /// <inheritdoc cref="OwnersAsync"/>
    protected abstract ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken);

    /// <summary>Pauses.</summary>
    /// <inheritdoc cref="PauseAsync"/>
    protected abstract ValueTask PauseCoreAsync(string queue, string reason, CancellationToken cancellationToken);

    /// <summary>Resumes.</summary>
    /// <inheritdoc cref="ResumeAsync"/>
    protected abstract ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="PurgeAsync"/> promises.</summary>
    /// <inheritdoc cref="PurgeAsync"/>
    protected abstract ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
        string queue, int max, CancellationToken cancellationToken);

    /// <summary>Reads the queues.</summary>
    /// <inheritdoc cref="QueuesAsync"/>
    protected abstract ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken);

    /// <summary>Reads the next messages.</summary>
    /// <inheritdoc cref="PeekAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken);

    /// <summary>A number for a receiver's next look, which no other look of this process has.</summary>
    internal long NextLook() => Interlocked.Increment(ref _looks);

    internal static void CheckBatch<T>(IReadOnlyList<T> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count is 0 or > BatchMax)
        {
            throw new ArgumentOutOfRangeException(nameof(batch), batch.Count, $"A batch holds 1 to {BatchMax} items.");
        }
    }

    internal static void CheckMax(int max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, BatchMax);
    }

    private async ValueTask<IReadOnlyList<PublishResult>> StoreAsync(
        IReadOnlyList<JobMessage> messages, bool inOrder, CancellationToken cancellationToken)
    {
        CheckBatch(messages);

        // The callers of a shared write have spans of their own.
        using var span = inOrder ? _meter.StartSend(messages) : default;
        var start = _meter.Start();
        var results = await (inOrder
            ? PublishInOrderCoreAsync(messages, cancellationToken)
            : PublishCoreAsync(messages, cancellationToken));
        _meter.Stop("send", start);
        _meter.Sent(messages.Count);
        _hints.Published(messages[0].Queue);
        return results;
    }
}

/// <summary>What one receiver claims.</summary>
/// <param name="Owner">Who claims.</param>
/// <param name="Queues">Which queues, each once, in the order in which they are served.</param>
/// <param name="Lease">How long the right to run lasts unless renewed.</param>
public sealed record ReceiverOptions(WorkerOwner Owner, IReadOnlyList<string> Queues, TimeSpan Lease);

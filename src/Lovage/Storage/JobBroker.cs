using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Storage;

/// <summary>
/// Holds messages in queues and gives them out under leases. Everything is batched; one is a batch of one. The public
/// methods check, measure and wake; a storage writes the protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads. A call that fails with a <see cref="StorageException"/> may or may not have been
/// carried out; every call can be repeated. Leases and due times are judged by the storage's clock.
/// </remarks>
public abstract class JobBroker
{
    /// <summary>Messages, tokens or ids in one call at the most.</summary>
    public const int BatchMax = 1_000;

    private readonly TimeProvider _time;
    private readonly WakeUp _ready = new();
    private readonly KeyValuePair<string, object?> _system;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="signals">Where hints go and come from.</param>
    /// <param name="time">Measures waits.</param>
    protected JobBroker(string system, SignalBus signals, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _system = new("messaging.system", system);
        Signals = signals;
        signals.Subscribe(_ => _ready.Pulse(), SignalKind.JobsReady);
    }

    /// <summary>
    /// True when <see cref="JobStore.SettleAsync"/> of the same storage removes a delivery in its own transaction;
    /// false for a broker apart from the store, which needs the store's outbox and is acknowledged afterwards.
    /// </summary>
    public virtual bool SettlesWithStore => true;

    /// <summary>Where hints go and come from.</summary>
    protected internal SignalBus Signals { get; }

    /// <summary>
    /// Stores messages. All of the batch are stored, or none, except those whose status says otherwise.
    /// </summary>
    /// <remarks>
    /// A job is ready at the later of its delay from now and its eta. An id that is known is never stored twice,
    /// whether the caller chose it or not, as long as its job is kept: so a call can be repeated. A foreign wire checks
    /// only ids that the caller chose.
    /// </remarks>
    /// <param name="messages">1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; the messages may be stored all the same.</param>
    /// <returns>A status for each, in order.</returns>
    /// <exception cref="StorageException">The storage cannot take them now.</exception>
    public ValueTask<IReadOnlyList<PublishStatus>> PublishAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        StoreAsync(messages, inOrder: false, cancellationToken);

    /// <summary>
    /// Stores messages as <see cref="PublishAsync"/> does. Calls of this that are made one after the other, without
    /// waiting for the ones before, keep their order, so that several batches can be on their way at once.
    /// </summary>
    /// <inheritdoc cref="PublishAsync"/>
    public ValueTask<IReadOnlyList<PublishStatus>> PublishInOrderAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        StoreAsync(messages, inOrder: true, cancellationToken);

    /// <summary>
    /// Claims what is ready, in order: by priority, then by when it became ready. Waits for the first when nothing is.
    /// </summary>
    /// <remarks>
    /// Due jobs are made ready here: they join the back, in the order of their due times. A job that came back from a
    /// dead owner goes before all others of the queues asked for (it comes alone and would starve behind a queue that
    /// is never empty). Paused queues give nothing.
    /// </remarks>
    /// <param name="request">Who asks, for what, for how long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Claimed deliveries, none when the wait was in vain. A delivery with <see cref="Delivery.StartFirst"/>
    /// comes alone.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(
        ReceiveRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.Max, BatchMax);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(request.Lease, TimeSpan.Zero);
        var start = _time.GetTimestamp();
        if (request.Known is { } known
            && ReferenceEquals(known.Queues, request.Queues)
            && (known.WithReclaimed || !request.WithReclaimed))
        {
            // What came untold since that look has waited for as long.
            var age = _time.GetElapsedTime(known.Timestamp);
            if (age < request.Wait)
            {
                await WaitAsync(known, request.Wait - age, cancellationToken);
            }
        }

        while (true)
        {
            var seen = _ready.Version;
            var looked = _time.GetTimestamp();
            var withReclaimed = request.WithReclaimed;
            request.AskedTimestamp = looked;
            var result = await ReceiveCoreAsync(request, cancellationToken);
            var left = new EmptyQueues(request.Queues, seen, _time.GetTimestamp(), result.NextDue, withReclaimed);
            request.Left = result.IsAll ? left : null;
            if (result.Deliveries.Count > 0)
            {
                Measure("receive", looked);
                LovageTelemetry.Consumed.Add(result.Deliveries.Count, _system);
                return result.Deliveries;
            }

            var rest = request.Wait - _time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero)
            {
                return result.Deliveries;
            }

            await WaitAsync(left, rest, cancellationToken);
        }
    }

    /// <summary>Renews leases, each by itself.</summary>
    /// <remarks>
    /// A lease that has run out is held all the same until it is taken back: it can be renewed and its outcome is
    /// written.
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
        var start = _time.GetTimestamp();
        var statuses = await RenewCoreAsync(tokens, lease, cancellationToken);
        Measure("renew", start);
        return statuses;
    }

    /// <summary>
    /// Gives claims back unpenalised, to the front of their queues; those no longer held are passed over.
    /// </summary>
    /// <remarks>
    /// A job keeps its place among the released and, if it came back from a dead owner, stays one that did. A start
    /// that was recorded leaves an attempt that ended as <see cref="AttemptEnd.Interrupted"/>. A job that is to be
    /// cancelled is cancelled now.
    /// </remarks>
    /// <param name="tokens">1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were given back.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<int> ReleaseAsync(IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        CheckBatch(tokens);
        var count = await ReleaseCoreAsync(tokens, cancellationToken);
        Signals.Send(new Signal(SignalKind.JobsReady));
        return count;
    }

    /// <summary>
    /// Ends deliveries for good, once their outcomes are written and what follows from them is published. Only for a
    /// broker apart from the store (<see cref="SettlesWithStore"/> is false); those no longer held are passed over.
    /// </summary>
    /// <param name="tokens">1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; what is not acknowledged is delivered again.</param>
    /// <exception cref="NotSupportedException">Outcomes remove deliveries here.</exception>
    /// <exception cref="StorageException">The broker cannot be asked now.</exception>
    public ValueTask AcknowledgeAsync(IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        CheckBatch(tokens);
        return AcknowledgeCoreAsync(tokens, cancellationToken);
    }

    /// <summary>
    /// Takes back what dead owners hold: claims whose lease has run out by the storage's clock, and all claims of the
    /// owners named.
    /// </summary>
    /// <remarks>
    /// A recorded start leaves an attempt that ended as <see cref="AttemptEnd.OwnerDied"/>; one recorded ahead adds a
    /// death, and <see cref="JobLifecycle"/> decides. Deaths are counted for the whole life of the job until a person
    /// requeues it. A job that is to be cancelled is cancelled now.
    /// </remarks>
    /// <param name="deadOwners">Owners known to be dead, by <see cref="WorkerOwner.Key"/>; may be empty.</param>
    /// <param name="max">Claims at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What was done. When the numbers add up to <paramref name="max"/> there may be more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<ReclaimResult> ReclaimAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(deadOwners);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, BatchMax);
        var result = await ReclaimCoreAsync(deadOwners, max, cancellationToken);
        if (result.Returned > 0)
        {
            Signals.Send(new Signal(SignalKind.JobsReady));
        }

        if (result.Buried + result.Cancelled > 0)
        {
            // Which jobs ended is not known here: whoever waits for one looks again.
            Signals.Send(new Signal(SignalKind.Changed));
        }

        return result;
    }

    /// <summary>Who holds claims now, by <see cref="WorkerOwner.Key"/>.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<string>> OwnersAsync(CancellationToken cancellationToken) =>
        OwnersCoreAsync(cancellationToken);

    /// <summary>Stops giving out a queue's jobs; what is claimed runs on, and publishing goes on.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="reason">Why, for the next person who looks.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask PauseAsync(string queue, string reason, CancellationToken cancellationToken) =>
        PauseCoreAsync(JobNames.Queue(queue), reason, cancellationToken);

    /// <summary>Gives out a paused queue's jobs again; nothing happens when it is not paused.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask ResumeAsync(string queue, CancellationToken cancellationToken)
    {
        await ResumeCoreAsync(JobNames.Queue(queue), cancellationToken);
        Signals.Send(new Signal(SignalKind.JobsReady, queue));
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
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, BatchMax);
        return PeekCoreAsync(JobNames.Queue(queue), max, cancellationToken);
    }

    /// <summary>Writes what <see cref="PublishAsync"/> promises.</summary>
    /// <inheritdoc cref="PublishAsync"/>
    protected abstract ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken);

    /// <summary>
    /// Writes what <see cref="PublishInOrderAsync"/> promises. As it is, for a storage that carries out calls in the
    /// order in which they are made.
    /// </summary>
    /// <inheritdoc cref="PublishInOrderAsync"/>
    protected virtual ValueTask<IReadOnlyList<PublishStatus>> PublishInOrderCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        PublishCoreAsync(messages, cancellationToken);

    /// <summary>Looks once, without waiting; makes due jobs ready on the way.</summary>
    /// <inheritdoc cref="ReceiveAsync"/>
    protected abstract ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="RenewAsync"/> promises, ahead of all other work of the storage.</summary>
    /// <inheritdoc cref="RenewAsync"/>
    protected abstract ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="ReleaseAsync"/> promises.</summary>
    /// <inheritdoc cref="ReleaseAsync"/>
    protected abstract ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="AcknowledgeAsync"/> promises; refuses unless it is overridden.</summary>
    /// <inheritdoc cref="AcknowledgeAsync"/>
    protected virtual ValueTask AcknowledgeCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) =>
        throw new NotSupportedException(
            "This broker settles with its store: an outcome removes its delivery, and there is nothing to "
                + "acknowledge.");

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

    /// <summary>Reads the queues.</summary>
    /// <inheritdoc cref="QueuesAsync"/>
    protected abstract ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken);

    /// <summary>Reads the next messages.</summary>
    /// <inheritdoc cref="PeekAsync"/>
    protected abstract ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the waits of this process's <see cref="ReceiveAsync"/>: there may be something for it now that there was
    /// not before.
    /// </summary>
    internal void LookAgain() => _ready.Pulse();

    internal static void CheckBatch<T>(IReadOnlyList<T> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count is 0 or > BatchMax)
        {
            throw new ArgumentOutOfRangeException(nameof(batch), batch.Count, $"A batch holds 1 to {BatchMax} items.");
        }
    }

    private async ValueTask<IReadOnlyList<PublishStatus>> StoreAsync(
        IReadOnlyList<JobMessage> messages, bool inOrder, CancellationToken cancellationToken)
    {
        CheckBatch(messages);
        using var activity = StartActivity("send", ActivityKind.Client, messages[0].Queue, messages.Count);
        var start = _time.GetTimestamp();
        var statuses = await (inOrder
            ? PublishInOrderCoreAsync(messages, cancellationToken)
            : PublishCoreAsync(messages, cancellationToken));
        Measure("send", start);
        LovageTelemetry.Sent.Add(messages.Count, _system);
        Signals.Send(new Signal(SignalKind.JobsReady, messages[0].Queue));
        return statuses;
    }

    /// <summary>Waits until there may be something again.</summary>
    private async ValueTask WaitAsync(EmptyQueues queues, TimeSpan limit, CancellationToken cancellationToken)
    {
        var untilDue = queues.NextDue - _time.GetElapsedTime(queues.Timestamp);
        await _ready.WaitAsync(queues.Version, untilDue < limit ? untilDue.Value : limit, _time, cancellationToken);
    }

    private Activity? StartActivity(string operation, ActivityKind kind, string queue, int count)
    {
        var activity = LovageTelemetry.Source.StartActivity($"{operation} {queue}", kind);
        activity?.SetTag(_system.Key, _system.Value)
            .SetTag("messaging.operation.type", operation)
            .SetTag("messaging.operation.name", operation)
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.batch.message_count", count);
        return activity;
    }

    private void Measure(string operation, long start)
    {
        if (LovageTelemetry.OperationDuration.Enabled)
        {
            LovageTelemetry.OperationDuration.Record(
                _time.GetElapsedTime(start).TotalSeconds, _system, new("messaging.operation.name", operation));
        }
    }
}

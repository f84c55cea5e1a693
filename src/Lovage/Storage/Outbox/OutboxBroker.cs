using System.Collections.Concurrent;
using Lovage.Protocol;

namespace Lovage.Storage.Outbox;

/// <summary>Places and leases in the store, transport by the broker apart from it.</summary>
internal sealed class OutboxBroker : JobBroker
{
    private readonly JobBroker _leases;
    private readonly JobBroker _transport;
    private readonly JobOutbox _outbox;

    // Which delivery of the broker stands behind a claim made here. Lost with the process, as its deliveries are: the
    // broker gives those out again.
    private readonly ConcurrentDictionary<LeaseToken, (LeaseToken Delivery, TimeSpan Lease)> _behind = new();

    public OutboxBroker(JobStorage storage, JobBroker transport, JobOutbox outbox, TimeProvider time)
        : base("lovage_outbox", storage.Signals, time)
    {
        _leases = storage.Broker;
        _transport = transport;
        _outbox = outbox;
        if (transport.Signals != Signals)
        {
            transport.Signals.Subscribe(signal => Signals.Send(signal), SignalKind.JobsReady);
        }
    }

    /// <summary>
    /// Publishes what the outbox holds. Two who do so at once publish copies twice, which admission finds out.
    /// </summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        while (await _outbox.PendingAsync(BatchMax, cancellationToken) is { Count: > 0 } pending)
        {
            await _transport.PublishAsync([.. pending.Select(copy => copy.Message)], cancellationToken);
            await _outbox.ClearAsync([.. pending.Select(copy => copy.Number)], cancellationToken);
            if (pending.Count < BatchMax)
            {
                return;
            }
        }
    }

    /// <summary>
    /// After outcomes are written: publishes what follows from them, then acknowledges the deliveries behind them.
    /// </summary>
    public async ValueTask FinishAsync(
        IReadOnlyList<Settlement> outcomes, IReadOnlyList<SettleStatus> statuses, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        var ended = new List<LeaseToken>();
        for (var i = 0; i < outcomes.Count; i++)
        {
            var token = outcomes[i].Token;
            if (_behind.TryGetValue(token, out var behind)
                && (statuses[i] == SettleStatus.Applied
                    || (await _leases.RenewAsync([token], behind.Lease, cancellationToken))[0] == LeaseStatus.Lost))
            {
                ended.Add(token);
            }
        }

        await AcknowledgeBehindAsync(ended, cancellationToken);
    }

    protected override async ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var statuses = await _leases.PublishAsync(messages, cancellationToken);
        await FlushIfPossibleAsync(cancellationToken);
        return statuses;
    }

    protected override async ValueTask<IReadOnlyList<PublishStatus>> PublishInOrderCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var statuses = await _leases.PublishInOrderAsync(messages, cancellationToken);
        await FlushIfPossibleAsync(cancellationToken);
        return statuses;
    }

    protected override async ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        var look = await _outbox.LookAsync(request, cancellationToken);
        if (look.Reclaimed is not null)
        {
            return new ReceiveResult([look.Reclaimed], look.NextDue, IsAll: false);
        }

        if (look.Queues.Count == 0)
        {
            return new ReceiveResult([], look.NextDue, IsAll: true);
        }

        var granted = new List<Delivery>();
        var isAll = false;
        while (granted.Count < request.Max && !isAll)
        {
            var rest = request with { Queues = look.Queues, Wait = TimeSpan.Zero, Max = request.Max - granted.Count };
            var copies = await _transport.ReceiveAsync(rest, cancellationToken);
            isAll = copies.Count == 0;
            if (!isAll && await AdmitAsync(rest, copies, granted, cancellationToken))
            {
                break;
            }
        }

        return new ReceiveResult(granted, look.NextDue, isAll);
    }

    protected override async ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken)
    {
        var statuses = await _leases.RenewAsync(tokens, lease, cancellationToken);
        await AcknowledgeBehindAsync([.. tokens.Where((_, i) => statuses[i] == LeaseStatus.Lost)], cancellationToken);
        return statuses;
    }

    protected override async ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        var count = await _leases.ReleaseAsync(tokens, cancellationToken);
        var behind = TakeBehind(tokens);
        if (behind.Count > 0)
        {
            await _transport.ReleaseAsync(behind, cancellationToken);
        }

        await FlushIfPossibleAsync(cancellationToken);
        return count;
    }

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) =>
        _leases.ReclaimAsync(deadOwners, max, cancellationToken);

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        _leases.OwnersAsync(cancellationToken);

    protected override ValueTask PauseCoreAsync(string queue, string reason, CancellationToken cancellationToken) =>
        _leases.PauseAsync(queue, reason, cancellationToken);

    protected override ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        _leases.ResumeAsync(queue, cancellationToken);

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
        _leases.QueuesAsync(cancellationToken);

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) =>
        _leases.PeekAsync(queue, max, cancellationToken);

    /// <summary>
    /// Publishes what the outbox holds; a broker that is away for now gets it later, since all of it is stored.
    /// </summary>
    internal async ValueTask FlushIfPossibleAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (StorageException fault) when (fault.IsTransient)
        {
            // What was asked is stored; every later receive publishes the rest before it looks.
        }
    }

    /// <summary>Sorts copies into granted deliveries and refused ones, which are acknowledged.</summary>
    /// <returns>True when all were granted; else there may be more behind those refused.</returns>
    private async ValueTask<bool> AdmitAsync(
        ReceiveRequest request,
        IReadOnlyList<Delivery> copies,
        List<Delivery> granted,
        CancellationToken cancellationToken)
    {
        var admitted = await _outbox.AdmitAsync(request, [.. copies.Select(copy => copy.Message)], cancellationToken);
        var refused = new List<LeaseToken>();
        for (var i = 0; i < copies.Count; i++)
        {
            if (admitted[i] is { } delivery)
            {
                _behind[delivery.Token] = (copies[i].Token, request.Lease);
                granted.Add(delivery);
            }
            else
            {
                refused.Add(copies[i].Token);
            }
        }

        if (refused.Count > 0)
        {
            // Its job may have ended in a process that died before it could publish what follows.
            await FlushAsync(cancellationToken);
            await _transport.AcknowledgeAsync(refused, cancellationToken);
        }

        return refused.Count == 0;
    }

    private async ValueTask AcknowledgeBehindAsync(List<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        var behind = TakeBehind(tokens);
        if (behind.Count > 0)
        {
            await _transport.AcknowledgeAsync(behind, cancellationToken);
        }
    }

    private List<LeaseToken> TakeBehind(IReadOnlyList<LeaseToken> tokens)
    {
        var behind = new List<LeaseToken>();
        foreach (var token in tokens)
        {
            if (_behind.TryRemove(token, out var found))
            {
                behind.Add(found.Delivery);
            }
        }

        return behind;
    }
}

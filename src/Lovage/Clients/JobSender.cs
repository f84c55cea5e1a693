using System.Data.Common;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Sends messages to the storage: counts them in, traces them, and passes them on. All clients of the app share it.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class JobSender(
    EnqueueRoute route, StorageGate gate, QueueAdmission admission, StorageOutage outage, QueueWatch queues,
    TelemetrySettings telemetry)
{
    private readonly MetricNames _jobs = new();
    private readonly MetricNames _queues = new();

    /// <summary>Batches of one caller that may be on their way at once, outside of a transaction.</summary>
    internal int BatchesMax => route.BatchesMax;

    /// <summary>Begins a transaction on a connection of the storage's own.</summary>
    internal ValueTask<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken) =>
        JobTransactions.Of(gate.Storage).BeginAsync(cancellationToken);

    /// <summary>Stores one message, in the caller's transaction where there is one.</summary>
    /// <exception cref="JobIdConflictException">The id is another job's.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<PublishResult> SendAsync(
        JobMessage message, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        using var span = StartSpan(message);
        var activity = span.Activity;
        try
        {
            if (admission.IsOn)
            {
                await admission.AdmitAsync(message.Queue, 1, cancellationToken);
            }

            var traced = activity is null
                ? message
                : message with { Headers = TraceContext.With(message.Headers, activity) };
            var result = transaction is null
                ? await route.PublishAsync(traced, cancellationToken)
                : (await JobTransactions.Of(gate.Storage).PublishAsync(transaction, [traced], cancellationToken))[0];
            Count(message, result.Status);
            switch (result.Status)
            {
                case PublishStatus.IdConflict:
                    throw new JobIdConflictException(message.Id);
                case PublishStatus.Busy:
                    throw Busy(message.Id);
            }

            return result;
        }
        catch (Exception fault) when (Note(activity, fault))
        {
            throw;
        }
    }

    /// <summary>Counts a batch in, or refuses it.</summary>
    /// <exception cref="QueueFullException">A queue would hold more than the bound.</exception>
    internal async ValueTask AdmitAsync(IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken)
    {
        if (admission.IsOn)
        {
            foreach (var queue in batch.CountBy(static message => message.Queue))
            {
                await admission.AdmitAsync(queue.Key, queue.Value, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Stores a batch of 1 to 1,000 that was admitted, in the caller's transaction where there is one. Batches keep the
    /// order of the calls.
    /// </summary>
    /// <returns>For each, in order, what became of it.</returns>
    internal async Task<IReadOnlyList<PublishResult>> SendAsync(
        IReadOnlyList<JobMessage> batch, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        var results = await PublishAsync(Traced(batch), transaction, cancellationToken);
        for (var i = 0; i < batch.Count; i++)
        {
            Count(batch[i], results[i].Status);
        }

        return results;
    }

    private async ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
        IReadOnlyList<JobMessage> batch, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        try
        {
            return transaction is null
                ? await route.PublishAsync(batch, cancellationToken)
                : await JobTransactions.Of(gate.Storage).PublishAsync(transaction, batch, cancellationToken);
        }
        catch (StorageException fault) when (Note(activity: null, fault))
        {
            throw;
        }
    }

    /// <summary>What a caller is told whose id an open transaction is storing.</summary>
    internal static StorageException Busy(JobId id, string others = "") => new(
        $"Job id '{id}' is being enqueued by a transaction that is still open. This call did not store that job."
            + $"{others} Repeat the call once the transaction has ended: if it commits, the id is that job's.",
        isTransient: true);

    private Span StartSpan(JobMessage message) =>
        LovageTelemetry.Source.HasListeners()
            ? StartSpan(message, $"send {message.Queue}", "send", "enqueue")
            : default;

    private Span StartSpan(JobMessage message, string name, string type, string operation)
    {
        var span = Span.Start(name, ActivityKind.Producer);
        if (span.Activity is { IsAllDataRequested: true } activity)
        {
            if (gate.IsOpen)
            {
                gate.Storage.Broker.Meter.Describe(activity);
            }

            activity.SetTag("messaging.operation.type", type)
                .SetTag("messaging.operation.name", operation)
                .SetTag("messaging.destination.name", message.Queue)
                .SetTag("messaging.message.id", message.Id.Value)
                .SetTag("messaging.message.conversation_id", message.RootId ?? message.Id.Value)
                .SetTag("lovage.job.name", message.Name);
        }

        return span;
    }

    /// <summary>
    /// The messages of a collection, each with the context of a span of its own where a listener wants those.
    /// </summary>
    private IReadOnlyList<JobMessage> Traced(IReadOnlyList<JobMessage> batch)
    {
        if (!telemetry.CreateSpans || !LovageTelemetry.Source.HasListeners())
        {
            return batch;
        }

        var traced = new JobMessage[batch.Count];
        for (var i = 0; i < traced.Length; i++)
        {
            var message = batch[i];
            using var span = StartSpan(message, $"create {message.Queue}", "create", "create");
            traced[i] = span.Activity is { } activity
                ? message with { Headers = TraceContext.WithBatch(message.Headers, activity) }
                : message;
        }

        return traced;
    }

    /// <summary>The caller gets the fault; here it only counts. A storage that is not open yet has no outage.</summary>
    private bool Note(Activity? activity, Exception fault)
    {
        if (gate.IsOpen)
        {
            outage.LevelOf(fault);
        }

        activity?.SetStatus(ActivityStatusCode.Error, fault.Message).SetTag("error.type", fault.GetType().FullName);
        return true;
    }

    private void Count(JobMessage message, PublishStatus status)
    {
        queues.Note(message.Queue);
        if (status == PublishStatus.Accepted && LovageTelemetry.Enqueued.Enabled)
        {
            // The job is stored: a listener that fails must not make its caller believe otherwise.
            Unfailing.Tell(
                (Name: _jobs.Of(message.Name), Queue: _queues.Of(message.Queue)),
                static job => LovageTelemetry.Enqueued.Add(
                    1, new("lovage.job.name", job.Name), new("messaging.destination.name", job.Queue)));
        }
    }
}

using System.Collections.Immutable;
using System.Data.Common;
using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>Turns jobs into messages, checks them and passes them on: what all clients of the app share.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class JobSender
{
    private readonly JobRegistry _jobs;
    private readonly ClientSettings _settings;
    private readonly TimeProvider _time;
    private readonly JobIdSource _ids;
    private readonly EnqueueRoute _route;
    private readonly StorageGate _gate;
    private readonly QueueAdmission _admission;
    private readonly string _origin = $"gen{Environment.ProcessId}@{Environment.MachineName}";
    private readonly MetricNames _metricNames = new();

    internal JobSender(
        JobRegistry jobs, JobSerializer serializer, ClientSettings settings, TimeProvider time, JobIdSource ids,
        EnqueueRoute route, StorageGate gate, QueueAdmission admission, JobLookup lookup,
        ImmutableArray<Type> filters)
    {
        _jobs = jobs;
        Serializer = serializer;
        _settings = settings;
        _time = time;
        _ids = ids;
        _route = route;
        _gate = gate;
        _admission = admission;
        Lookup = lookup;
        Filters = filters;
    }

    internal JobSerializer Serializer { get; }

    internal JobLookup Lookup { get; }

    /// <summary>The app's filters, outermost first.</summary>
    internal ImmutableArray<Type> Filters { get; }

    /// <summary>What is known here of a job of this name; null for a job that runs elsewhere.</summary>
    internal JobDefinition? Definition(string name) => _jobs.TryFind(name, out var definition) ? definition : null;

    /// <summary>A new id.</summary>
    internal JobId NextId() => _ids.Next();

    /// <summary>
    /// Checks and writes the arguments: done before anything is awaited, so that a caller may change its objects once
    /// it has the task.
    /// </summary>
    /// <exception cref="BadArgumentsException">They break a data annotation, cannot be written, or do not fit the
    /// handler where it is known here.</exception>
    internal ReadOnlyMemory<byte> Encode(Job job, JobDefinition? definition)
    {
        job.Arguments.Validate(job.Name);
        var body = JobBody.Encode(job.Name, job.Arguments, Serializer, _settings.PayloadBytesMax);

        // Generated arguments fit by their types, and no arguments fit a handler that takes none.
        if (job.Arguments.IsUntyped
            && definition is { BindArguments: { } bind }
            && !(ReferenceEquals(job.Arguments, JobArguments.None) && definition.Parameters.IsEmpty))
        {
            bind(job.Name, body, Serializer).Validate(job.Name);
        }

        return body;
    }

    /// <summary>The message for a job whose arguments are written.</summary>
    internal JobMessage Message(Job job, JobDefinition? definition, ReadOnlyMemory<byte> body) => new()
    {
        Id = job.Id ?? _ids.Next(),
        Name = job.Name,
        Queue = job.Queue ?? definition?.Queue ?? _settings.DefaultQueue,
        Body = body,
        Priority = job.Priority ?? definition?.Priority ?? 0,
        Delay = job.Delay ?? TimeSpan.Zero,
        Eta = job.At,
        Expires = job.Expires is { } expires ? _time.GetUtcNow() + expires : null,
        MaxAttempts = job.MaxAttempts ?? definition?.MaxAttempts ?? definition?.Retry?.MaxAttempts,
        IgnoreResult = definition is { KeepResult: false },
        Headers = HeadersOf(job),
        RootId = JobContext.Current?.RootId,
        ParentId = JobContext.Current?.Id.Value,
        Origin = _origin,
        HasChosenId = job.Id is not null,
    };

    /// <summary>Begins a transaction on a connection of the storage's own.</summary>
    internal ValueTask<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken) =>
        JobTransactions.Of(_gate.Storage).BeginAsync(cancellationToken);

    /// <summary>Stores one message, in the caller's transaction where there is one.</summary>
    /// <exception cref="JobIdConflictException">The id is another job's.</exception>
    internal async ValueTask SendAsync(
        JobMessage message, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        using var activity = StartActivity(message);
        try
        {
            if (_admission.IsOn)
            {
                await _admission.AdmitAsync(message.Queue, 1, cancellationToken);
            }

            var traced = activity is null ? message : Traced(message, activity);
            var result = transaction is null
                ? await _route.PublishAsync(traced, cancellationToken)
                : (await JobTransactions.Of(_gate.Storage).PublishAsync(transaction, [traced], cancellationToken))[0];
            Count(message, result.Status);
            if (result.Status == PublishStatus.IdConflict)
            {
                throw new JobIdConflictException(message.Id);
            }
        }
        catch (Exception fault) when (Note(activity, fault))
        {
            throw;
        }
    }

    /// <summary>Batches of one caller that may be on their way at once, outside of a transaction.</summary>
    internal int BatchesMax => _route.BatchesMax;

    /// <summary>Counts a batch in, or refuses it.</summary>
    /// <exception cref="QueueFullException">A queue would hold more than the bound.</exception>
    internal async ValueTask AdmitAsync(IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken)
    {
        if (_admission.IsOn)
        {
            foreach (var queue in batch.CountBy(static message => message.Queue))
            {
                await _admission.AdmitAsync(queue.Key, queue.Value, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Stores a batch of 1 to 1,000 that was admitted, in the caller's transaction where there is one. Batches keep the
    /// order of the calls.
    /// </summary>
    /// <returns>The first id that is another job's; null for none.</returns>
    internal async Task<JobId?> SendAsync(
        IReadOnlyList<JobMessage> batch, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        var results = transaction is null
            ? await _route.PublishAsync(batch, cancellationToken)
            : await JobTransactions.Of(_gate.Storage).PublishAsync(transaction, batch, cancellationToken);
        JobId? conflict = null;
        for (var i = 0; i < batch.Count; i++)
        {
            Count(batch[i], results[i].Status);
            if (results[i].Status == PublishStatus.IdConflict)
            {
                conflict ??= batch[i].Id;
            }
        }

        return conflict;
    }

    /// <summary>The caller's trace goes with the job where no span of ours is being recorded.</summary>
    private static ImmutableDictionary<string, string> HeadersOf(Job job)
    {
        var headers = job.Headers as ImmutableDictionary<string, string>
            ?? job.Headers.ToImmutableDictionary(StringComparer.Ordinal);
        return Activity.Current is { IdFormat: ActivityIdFormat.W3C } current && !headers.ContainsKey("traceparent")
            ? WithTrace(headers, current)
            : headers;
    }

    private static ImmutableDictionary<string, string> WithTrace(
        ImmutableDictionary<string, string> headers, Activity activity)
    {
        headers = headers.SetItem("traceparent", activity.Id!);
        return string.IsNullOrEmpty(activity.TraceStateString)
            ? headers
            : headers.SetItem("tracestate", activity.TraceStateString);
    }

    private static JobMessage Traced(JobMessage message, Activity activity) =>
        activity.IdFormat == ActivityIdFormat.W3C
            ? message with { Headers = WithTrace(message.Headers, activity) }
            : message;

    private static Activity? StartActivity(JobMessage message)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return null;
        }

        var activity = LovageTelemetry.Source.StartActivity($"send {message.Queue}", ActivityKind.Producer);
        activity?.SetTag("messaging.operation.type", "send")
            .SetTag("messaging.operation.name", "enqueue")
            .SetTag("messaging.destination.name", message.Queue)
            .SetTag("messaging.message.id", message.Id.Value)
            .SetTag("lovage.job.name", message.Name);
        return activity;
    }

    private static bool Note(Activity? activity, Exception fault)
    {
        activity?.SetStatus(ActivityStatusCode.Error, fault.Message).SetTag("error.type", fault.GetType().FullName);
        return true;
    }

    private void Count(JobMessage message, PublishStatus status)
    {
        if (status == PublishStatus.Accepted && LovageTelemetry.Enqueued.Enabled)
        {
            LovageTelemetry.Enqueued.Add(
                1,
                new("lovage.job.name", _metricNames.Of(message.Name)),
                new("messaging.destination.name", message.Queue));
        }
    }
}

using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>The span of an attempt of a worker, which relates to the trace that the message carries.</summary>
/// <param name="meter">Tells of the storage.</param>
/// <param name="worker">The worker's name.</param>
/// <param name="settings">How spans are made.</param>
internal sealed class WorkerSpans(StorageMeter meter, string worker, TelemetrySettings settings)
    : AttemptListener<Running>
{
    internal override void Started(Running run)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return;
        }

        var message = run.Message;
        var schedule = message.Headers.GetValueOrDefault(ScheduleHeaders.Schedule);

        // A retry is due after its wait, and a requeued job at its requeue. The storage measures both by its own clock.
        var delay = run.Delivery.ReadyAt - run.Delivery.EnqueuedAt;
        var isApart = schedule is not null
            || delay > TelemetrySettings.LinkAfter
            || message.Headers.ContainsKey(TraceContext.Batch);
        var name = settings.SpanNames == SpanNames.SemConv ? message.Queue : message.Name;
        run.Activity = Span.StartRelated(
            $"process {name}", ActivityKind.Consumer, TraceContext.Read(message.Headers), settings.Links(isApart));
        if (run.Activity is { } activity)
        {
            TraceContext.AddBaggage(activity, message.Headers);
            if (activity.IsAllDataRequested)
            {
                Describe(activity, run, schedule, delay);
            }
        }
    }

    internal override void Ended(Running run)
    {
        if (run.Activity is not { } activity)
        {
            return;
        }

        activity.SetTag("lovage.job.outcome", WorkerMeters.Word(run.Ending.End));
        if (run.Ending.Error is { } error)
        {
            activity.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
        }

        activity.Dispose();
    }

    private void Describe(Activity activity, Running run, string? schedule, TimeSpan delay)
    {
        var message = run.Message;
        meter.Describe(activity);
        activity.SetTag("messaging.operation.type", "process")
            .SetTag("messaging.operation.name", "run")
            .SetTag("messaging.destination.name", message.Queue)
            .SetTag("messaging.message.id", message.Id.Value)
            .SetTag("messaging.message.conversation_id", message.RootId ?? message.Id.Value)
            .SetTag("messaging.client.id", worker)
            .SetTag("lovage.job.name", message.Name)
            .SetTag("lovage.job.kind", schedule is null ? "durable" : "schedule")
            .SetTag("lovage.job.attempt", run.Number)
            .SetTag("lovage.job.max_attempts", run.MaxAttempts);
        if (schedule is not null)
        {
            activity.SetTag("lovage.schedule.name", schedule);
        }

        if (delay > TimeSpan.Zero)
        {
            activity.SetTag("lovage.job.eta_delay_ms", (long)delay.TotalMilliseconds);
        }
    }
}

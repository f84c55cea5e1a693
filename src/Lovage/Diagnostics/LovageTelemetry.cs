using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Lovage.Diagnostics;

/// <summary>
/// The one <see cref="System.Diagnostics.ActivitySource"/> and the one <see cref="System.Diagnostics.Metrics.Meter"/>
/// of Lovage, both named "Lovage". Names follow OpenTelemetry's messaging conventions v1.44 (status there: Development)
/// where they have one.
/// </summary>
internal static class LovageTelemetry
{
    internal const string Name = "Lovage";

    internal static readonly ActivitySource Source = new(Name);

    /// <summary>For instruments of Lovage's other packages too.</summary>
    internal static readonly Meter Meter = new(Name);

    internal static readonly Counter<long> Sent = Meter.CreateCounter<long>(
        "messaging.client.sent.messages", "{message}", "Messages given to the storage.");
    internal static readonly Counter<long> Consumed = Meter.CreateCounter<long>(
        "messaging.client.consumed.messages", "{message}", "Messages fetched from the storage.");
    internal static readonly Histogram<double> OperationDuration = Meter.CreateHistogram<double>(
        "messaging.client.operation.duration", "s", "Duration of calls to the storage.", advice: Short());
    internal static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram<double>(
        "messaging.process.duration", "s", "Duration of a handler's run.", advice: Short());
    internal static readonly Counter<long> Enqueued = Meter.CreateCounter<long>(
        "lovage.job.enqueued", "{job}", "Jobs accepted.");
    internal static readonly Counter<long> Started = Meter.CreateCounter<long>(
        "lovage.job.started", "{attempt}", "Attempts started.");
    internal static readonly Counter<long> Completed = Meter.CreateCounter<long>(
        "lovage.job.completed", "{attempt}", "Attempts ended, by outcome.");
    internal static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>(
        "lovage.job.run.duration", "s", "Duration of a handler's run.", advice: Wide());
    internal static readonly Histogram<double> WaitDuration = Meter.CreateHistogram<double>(
        "lovage.job.wait.duration", "s", "From ready to started, first attempts only.", advice: Wide());
    internal static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>(
        "lovage.job.active", "{job}", "Attempts running.");
    internal static readonly Counter<long> LeaseLost = Meter.CreateCounter<long>(
        "lovage.lease.lost", "{lease}", "Leases found lost while the handler ran.");
    internal static readonly Counter<long> StaleOutcomes = Meter.CreateCounter<long>(
        "lovage.outcome.stale", "{attempt}", "Outcomes refused because the lease had passed to another attempt.");
    internal static readonly Counter<long> LoopErrors = Meter.CreateCounter<long>(
        "lovage.loop.errors", "{error}", "Errors of background loops, by loop.");

    internal static readonly Counter<long> StorageReconnects = Meter.CreateCounter<long>(
        "lovage.storage.reconnects", "{reconnect}", "Outages of the storage that this process saw end.");

    internal static readonly Histogram<double> PoolDelay = Meter.CreateHistogram<double>(
        "lovage.threadpool.delay",
        "s",
        "How long the thread pool lets a work item wait, sampled each second; 0 while none waits.",
        advice: Wide());

    internal static readonly UpDownCounter<long> LocalDepth = Meter.CreateUpDownCounter<long>(
        "lovage.local.queue.depth", "{task}", "Tasks of this process that have not ended, by kind.");
    internal static readonly Counter<long> LocalDropped = Meter.CreateCounter<long>(
        "lovage.local.dropped", "{task}", "Tasks of this process refused or not run, by kind and reason.");
    internal static readonly Counter<long> LocalCompleted = Meter.CreateCounter<long>(
        "lovage.local.completed", "{attempt}", "Tries of tasks of this process, by outcome.");
    internal static readonly Histogram<double> LocalDuration = Meter.CreateHistogram<double>(
        "lovage.local.run.duration", "s", "Duration of a try of a task of this process.", advice: Wide());

    internal static readonly Histogram<double> ScheduleLateness = Meter.CreateHistogram<double>(
        "lovage.schedule.lateness", "s", "From a tick to its job's being enqueued.", advice: Wide());
    internal static readonly Counter<long> ScheduleMissed = Meter.CreateCounter<long>(
        "lovage.schedule.missed", "{tick}", "Ticks without a job, by reason.");

    /// <summary>The boundaries of the conventions.</summary>
    internal static InstrumentAdvice<double> Short() => new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private static InstrumentAdvice<double> Wide() => new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
    };
}

using Lovage.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Lovage.Spawning;

/// <summary>What tasks of this process leave in the log, in metrics and with the app's failure handlers.</summary>
/// <remarks>
/// Safe for use by several threads. Never throws: a logger or a listener of the app that fails must cost no task its
/// end and no other its place.
/// </remarks>
internal sealed partial class LocalReport(ILogger logger, IReadOnlyList<Action<TaskFailure>> handlers)
{
    private const int NamesMax = 20;

    private readonly MetricNames _names = new();

    private ILogger Logger => logger;

    internal static void Accepted(LocalEntry entry) => Depth(entry, 1);

    internal static void Left(LocalEntry entry) => Depth(entry, -1);

    internal static void Refused(TaskKind kind, string reason) => Tell((kind, reason), static refused =>
        LovageTelemetry.LocalDropped.Add(
            1, new("lovage.task.kind", Word(refused.kind)), new("reason", refused.reason)));

    internal void Succeeded(LocalEntry entry, TimeSpan duration)
    {
        Count(entry, "success", duration, null);
        Tell((Report: this, entry, duration), static told =>
        {
            if (told.Report.Logger.IsEnabled(LogLevel.Debug))
            {
                TaskSucceeded(
                    told.Report.Logger,
                    Word(told.entry.Kind),
                    told.entry.Name,
                    told.duration.TotalSeconds,
                    told.entry.Attempt);
            }
        });
    }

    internal void Retried(LocalEntry entry, Exception error, TimeSpan duration, int maxAttempts, TimeSpan delay)
    {
        Count(entry, "retry", duration, error);
        Tell((Report: this, entry, error, duration, maxAttempts, delay), static told =>
            TaskRetried(
                told.Report.Logger,
                told.error,
                Word(told.entry.Kind),
                told.entry.Name,
                told.duration.TotalSeconds,
                told.entry.Attempt,
                told.maxAttempts,
                told.delay.TotalSeconds));
    }

    internal void Cancelled(LocalEntry entry, TimeSpan duration)
    {
        Count(entry, "cancelled", duration, null);
        Tell(
            (Report: this, entry, duration),
            static told => TaskCancelled(
                told.Report.Logger, Word(told.entry.Kind), told.entry.Name, told.duration.TotalSeconds));
    }

    /// <summary>A failure for good is said in all three places, whatever one of them does.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A handler of failures that fails itself must not hide the failure, nor stop what comes "
            + "after.")]
    internal void Failed(LocalEntry entry, Exception error, TimeSpan duration)
    {
        Count(entry, "failure", duration, error);
        Tell((Report: this, entry, error, duration), static told =>
            TaskFailed(
                told.Report.Logger,
                told.error,
                Word(told.entry.Kind),
                told.entry.Name,
                told.duration.TotalSeconds,
                told.entry.Attempt));
        if (handlers.Count == 0)
        {
            return;
        }

        var failure = new TaskFailure(entry.Kind, entry.Name, error, entry.Attempt);
        foreach (var handle in handlers)
        {
            try
            {
                handle(failure);
            }
            catch (Exception fault)
            {
                Tell(
                    (Report: this, fault, entry),
                    static told => HandlerFailed(told.Report.Logger, told.fault, told.entry.Name));
            }
        }
    }

    /// <summary>Tasks of a request that has failed.</summary>
    internal void Dropped(IReadOnlyList<LocalEntry> entries, string reason)
    {
        foreach (var entry in entries)
        {
            Refused(entry.Kind, "request_failed");
        }

        Tell((Report: this, entries, reason), static told =>
        {
            if (told.Report.Logger.IsEnabled(LogLevel.Warning))
            {
                TasksDropped(told.Report.Logger, told.entries.Count, told.reason, Names(told.entries));
            }
        });
    }

    internal void Draining(int count) =>
        Tell((Report: this, count), static told => Draining(told.Report.Logger, told.count));

    /// <summary>Tasks that did not end within the stop's budget and are asked to.</summary>
    internal void Cancelling(IReadOnlyList<LocalEntry> entries)
    {
        Tell((Report: this, entries), static told =>
        {
            if (told.Report.Logger.IsEnabled(LogLevel.Warning))
            {
                Cancelling(told.Report.Logger, told.entries.Count, Names(told.entries));
            }
        });
    }

    /// <summary>Tasks that the stop does not wait for any longer.</summary>
    internal void LeftBehind(IReadOnlyList<LocalEntry> entries)
    {
        foreach (var entry in entries)
        {
            Refused(entry.Kind, "shutdown");
        }

        Tell((Report: this, entries), static told =>
        {
            if (told.Report.Logger.IsEnabled(LogLevel.Error))
            {
                LeftBehind(told.Report.Logger, told.entries.Count, Names(told.entries));
            }
        });
    }

    internal static string Word(TaskKind kind) => kind switch
    {
        TaskKind.AfterResponse => "after-response",
        TaskKind.Spawned => "spawned",
        _ => "dedicated",
    };

    private static KeyValuePair<string, object?> Kind(LocalEntry entry) => new("lovage.task.kind", Word(entry.Kind));

    private static void Depth(LocalEntry entry, int change)
    {
        if (LovageTelemetry.LocalDepth.Enabled)
        {
            Tell((entry, change), static told => LovageTelemetry.LocalDepth.Add(told.change, Kind(told.entry)));
        }
    }

    private static string Names(IReadOnlyList<LocalEntry> entries) =>
        string.Join(", ", entries.CountBy(static entry => entry.Name)
            .Take(NamesMax)
            .Select(static pair => pair.Value == 1 ? pair.Key : $"{pair.Key} ({pair.Value} times)"))
        + (entries.DistinctBy(static entry => entry.Name).Count() > NamesMax ? ", ..." : "");

    private void Count(LocalEntry entry, string outcome, TimeSpan duration, Exception? error)
    {
        if (!LovageTelemetry.LocalCompleted.Enabled && !LovageTelemetry.LocalDuration.Enabled)
        {
            return;
        }

        var tags = new System.Diagnostics.TagList
        {
            { "lovage.task.name", _names.Of(entry.Name) },
            Kind(entry),
            { "lovage.task.outcome", outcome },
        };
        if (error is not null)
        {
            tags.Add("error.type", error.GetType().FullName);
        }

        Tell(tags, static told => LovageTelemetry.LocalCompleted.Add(1, told));
        Tell(
            (tags, duration),
            static told => LovageTelemetry.LocalDuration.Record(told.duration.TotalSeconds, told.tags));
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Design", "CA1031", Justification = "There is nobody left to tell that the one who tells has failed.")]
    private static void Tell<T>(T what, Action<T> tell)
    {
        try
        {
            tell(what);
        }
        catch (Exception)
        {
        }
    }

    [LoggerMessage(4001, LogLevel.Debug, "Task {TaskName} ({Kind}) succeeded in {Seconds:0.000} s (attempt {Attempt})")]
    private static partial void TaskSucceeded(
        ILogger logger, string kind, string taskName, double seconds, int attempt);

    [LoggerMessage(
        4002,
        LogLevel.Warning,
        "Task {TaskName} ({Kind}) failed in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts}) and is tried again in "
            + "{DelaySeconds:0.0} s")]
    private static partial void TaskRetried(
        ILogger logger,
        Exception error,
        string kind,
        string taskName,
        double seconds,
        int attempt,
        int maxAttempts,
        double delaySeconds);

    [LoggerMessage(
        4003,
        LogLevel.Error,
        "Task {TaskName} ({Kind}) failed in {Seconds:0.000} s (attempt {Attempt}); it is not tried again")]
    private static partial void TaskFailed(
        ILogger logger, Exception error, string kind, string taskName, double seconds, int attempt);

    [LoggerMessage(4004, LogLevel.Information, "Task {TaskName} ({Kind}) was cancelled after {Seconds:0.000} s")]
    private static partial void TaskCancelled(ILogger logger, string kind, string taskName, double seconds);

    [LoggerMessage(4005, LogLevel.Warning, "{Count} tasks after the response were dropped because {Reason}: {Names}")]
    private static partial void TasksDropped(ILogger logger, int count, string reason, string names);

    [LoggerMessage(4006, LogLevel.Information, "Stopping: waiting for {Count} tasks of this process")]
    private static partial void Draining(ILogger logger, int count);

    [LoggerMessage(
        4007,
        LogLevel.Error,
        "Leaving without {Count} tasks of this process that did not end in time; they are lost: {Names}")]
    private static partial void LeftBehind(ILogger logger, int count, string names);

    [LoggerMessage(
        4009,
        LogLevel.Warning,
        "Stopping: {Count} tasks of this process do not end in time and are cancelled: {Names}")]
    private static partial void Cancelling(ILogger logger, int count, string names);

    [LoggerMessage(4008, LogLevel.Error, "A handler of task failures failed itself, at the failure of {TaskName}")]
    private static partial void HandlerFailed(ILogger logger, Exception fault, string taskName);
}

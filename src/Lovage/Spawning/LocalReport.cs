using Lovage.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Lovage.Spawning;

/// <summary>What tasks of this process leave in the log, in metrics and with the app's failure handlers.</summary>
internal sealed partial class LocalReport(ILogger logger, IReadOnlyList<Action<TaskFailure>> handlers)
{
    private const int NamesMax = 20;

    private readonly MetricNames _names = new();

    internal static void Accepted(LocalEntry entry) => LovageTelemetry.LocalDepth.Add(1, Kind(entry));

    internal static void Left(LocalEntry entry) => LovageTelemetry.LocalDepth.Add(-1, Kind(entry));

    internal static void Refused(TaskKind kind, string reason) => LovageTelemetry.LocalDropped.Add(1, new("lovage.task.kind", Word(kind)), new("reason", reason));

    internal void Succeeded(LocalEntry entry, TimeSpan duration)
    {
        Count(entry, "success", duration, null);
        if (logger.IsEnabled(LogLevel.Debug))
        {
            TaskSucceeded(logger, Word(entry.Kind), entry.Name, duration.TotalSeconds, entry.Attempt);
        }
    }

    internal void Retried(LocalEntry entry, Exception error, TimeSpan duration, int maxAttempts, TimeSpan delay)
    {
        Count(entry, "retry", duration, error);
        TaskRetried(logger, error, Word(entry.Kind), entry.Name, duration.TotalSeconds, entry.Attempt, maxAttempts, delay.TotalSeconds);
    }

    internal void Cancelled(LocalEntry entry, TimeSpan duration)
    {
        Count(entry, "cancelled", duration, null);
        TaskCancelled(logger, Word(entry.Kind), entry.Name, duration.TotalSeconds);
    }

    /// <summary>A failure for good is said in all three places, whatever one of them does.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A handler of failures that fails itself must not hide the failure, nor stop what comes after.")]
    internal void Failed(LocalEntry entry, Exception error, TimeSpan duration)
    {
        Count(entry, "failure", duration, error);
        TaskFailed(logger, error, Word(entry.Kind), entry.Name, duration.TotalSeconds, entry.Attempt);
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
                HandlerFailed(logger, fault, entry.Name);
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

        if (logger.IsEnabled(LogLevel.Warning))
        {
            TasksDropped(logger, entries.Count, reason, Names(entries));
        }
    }

    internal void Draining(int count) => Draining(logger, count);

    /// <summary>Tasks that did not end within the stop's budget and are asked to.</summary>
    internal void Cancelling(IReadOnlyList<LocalEntry> entries)
    {
        if (logger.IsEnabled(LogLevel.Warning))
        {
            Cancelling(logger, entries.Count, Names(entries));
        }
    }

    /// <summary>Tasks that the stop does not wait for any longer.</summary>
    internal void LeftBehind(IReadOnlyList<LocalEntry> entries)
    {
        foreach (var entry in entries)
        {
            Refused(entry.Kind, "shutdown");
        }

        if (logger.IsEnabled(LogLevel.Error))
        {
            LeftBehind(logger, entries.Count, Names(entries));
        }
    }

    internal static string Word(TaskKind kind) => kind switch
    {
        TaskKind.AfterResponse => "after-response",
        TaskKind.Spawned => "spawned",
        _ => "dedicated",
    };

    private static KeyValuePair<string, object?> Kind(LocalEntry entry) => new("lovage.task.kind", Word(entry.Kind));

    private static string Names(IReadOnlyList<LocalEntry> entries) =>
        string.Join(", ", entries.CountBy(static entry => entry.Name).Take(NamesMax).Select(static pair => pair.Value == 1 ? pair.Key : $"{pair.Key} ({pair.Value} times)"))
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

        LovageTelemetry.LocalCompleted.Add(1, tags);
        LovageTelemetry.LocalDuration.Record(duration.TotalSeconds, tags);
    }

    [LoggerMessage(4001, LogLevel.Debug, "Task {TaskName} ({Kind}) succeeded in {Seconds:0.000} s (attempt {Attempt})")]
    private static partial void TaskSucceeded(ILogger logger, string kind, string taskName, double seconds, int attempt);

    [LoggerMessage(4002, LogLevel.Warning, "Task {TaskName} ({Kind}) failed in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts}) and is tried again in {DelaySeconds:0.0} s")]
    private static partial void TaskRetried(ILogger logger, Exception error, string kind, string taskName, double seconds, int attempt, int maxAttempts, double delaySeconds);

    [LoggerMessage(4003, LogLevel.Error, "Task {TaskName} ({Kind}) failed in {Seconds:0.000} s (attempt {Attempt}); it is not tried again")]
    private static partial void TaskFailed(ILogger logger, Exception error, string kind, string taskName, double seconds, int attempt);

    [LoggerMessage(4004, LogLevel.Information, "Task {TaskName} ({Kind}) was cancelled after {Seconds:0.000} s")]
    private static partial void TaskCancelled(ILogger logger, string kind, string taskName, double seconds);

    [LoggerMessage(4005, LogLevel.Warning, "{Count} tasks after the response were dropped because {Reason}: {Names}")]
    private static partial void TasksDropped(ILogger logger, int count, string reason, string names);

    [LoggerMessage(4006, LogLevel.Information, "Stopping: waiting for {Count} tasks of this process")]
    private static partial void Draining(ILogger logger, int count);

    [LoggerMessage(4007, LogLevel.Error, "Leaving without {Count} tasks of this process that did not end in time; they are lost: {Names}")]
    private static partial void LeftBehind(ILogger logger, int count, string names);

    [LoggerMessage(4009, LogLevel.Warning, "Stopping: {Count} tasks of this process did not end in time and are cancelled: {Names}")]
    private static partial void Cancelling(ILogger logger, int count, string names);

    [LoggerMessage(4008, LogLevel.Error, "A handler of task failures failed itself, at the failure of {TaskName}")]
    private static partial void HandlerFailed(ILogger logger, Exception fault, string taskName);
}

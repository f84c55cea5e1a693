using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Spawning;

/// <summary>All listeners of tries.</summary>
internal static class LocalListeners
{
    /// <summary>The listeners of an app.</summary>
    /// <param name="logger">Where tries are logged.</param>
    /// <param name="handlers">The app's handlers of failures.</param>
    /// <param name="time">The clock of the tries.</param>
    /// <param name="telemetry">How spans are made.</param>
    /// <param name="history">Keeps the newest tries; null for none.</param>
    internal static AttemptListeners<LocalTry> Of(
        ILogger logger,
        IReadOnlyList<Action<TaskFailure>> handlers,
        TimeProvider time,
        TelemetrySettings telemetry,
        LocalHistory? history = null)
    {
        var (spans, meters, log) = (new LocalSpans(time, telemetry), new LocalMeters(), new LocalLog(logger, handlers));
        return new(history is null ? [spans, meters, log] : [spans, meters, log, history]);
    }
}

/// <summary>What the log says of each try of a task of this process, and the app's failure handlers hear.</summary>
internal sealed partial class LocalLog(ILogger logger, IReadOnlyList<Action<TaskFailure>> handlers)
    : AttemptListener<LocalTry>
{
    internal override void Decided(LocalTry run, AttemptVerdict verdict)
    {
        var (kind, name, seconds) = (TaskWords.Of(run.Entry.Kind), run.Name, run.Duration.TotalSeconds);
        switch (run.Decision)
        {
            case JobDecision.Succeed:
                TaskSucceeded(logger, kind, name, seconds, run.Number);
                break;
            case JobDecision.Retry:
                TaskRetried(
                    logger, run.Call.Shown(run.Ending.Error), kind, name, seconds, run.Number, run.MaxAttempts,
                    run.RetryDelay.TotalSeconds);
                break;
            case JobDecision.Cancel:
                TaskCancelled(logger, kind, name, seconds);
                break;
            default:
                TaskFailed(logger, run.Call.Shown(run.Ending.Error), kind, name, seconds, run.Number);
                Hand(run);
                break;
        }
    }

    /// <summary>A handler of failures that fails itself hides the failure from no other.</summary>
    private void Hand(LocalTry run)
    {
        if (handlers.Count == 0 || run.Ending.Error is not { } error)
        {
            return;
        }

        var failure = new TaskFailure(run.Entry.Kind, run.Name, error, run.Number);
        foreach (var handle in handlers)
        {
            Hand(handle, failure);
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Design", "CA1031", Justification = "The fault of a handler of failures is logged, and that is all.")]
    private void Hand(Action<TaskFailure> handle, TaskFailure failure)
    {
        try
        {
            handle(failure);
        }
        catch (Exception fault)
        {
            HandlerFailed(logger, fault, failure.Name);
        }
    }

    [LoggerMessage(4001, LogLevel.Debug, "Task {TaskName} ({Kind}) succeeded in {Seconds:0.000} s (attempt {Attempt})")]
    private static partial void TaskSucceeded(
        ILogger logger, string kind, string taskName, double seconds, int attempt);

    [LoggerMessage(
        4002,
        LogLevel.Warning,
        "Task {TaskName} ({Kind}) failed in {Seconds:0.000} s (attempt {Attempt} of {MaxAttempts}) and is tried again "
            + "in {DelaySeconds:0.0} s")]
    private static partial void TaskRetried(
        ILogger logger,
        Exception? error,
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
        ILogger logger, Exception? error, string kind, string taskName, double seconds, int attempt);

    [LoggerMessage(4004, LogLevel.Information, "Task {TaskName} ({Kind}) was cancelled after {Seconds:0.000} s")]
    private static partial void TaskCancelled(ILogger logger, string kind, string taskName, double seconds);

    [LoggerMessage(4008, LogLevel.Error, "A handler of task failures failed itself, at the failure of {TaskName}")]
    private static partial void HandlerFailed(ILogger logger, Exception fault, string taskName);
}

/// <summary>What a try of a task of this process leaves in metrics.</summary>
internal sealed class LocalMeters : AttemptListener<LocalTry>
{
    private readonly MetricNames _names = new();

    internal override void Decided(LocalTry run, AttemptVerdict verdict)
    {
        if (!LovageTelemetry.LocalCompleted.Enabled && !LovageTelemetry.LocalDuration.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            { "lovage.task.name", _names.Of(run.Name) },
            TaskWords.Tag(run.Entry.Kind),
            { "lovage.task.outcome", Word(run.Decision) },
        };
        if (run.Decision != JobDecision.Cancel && run.Ending.Error is { } error)
        {
            tags.Add("error.type", error.GetType().FullName);
        }

        Unfailing.Tell(tags, static told => LovageTelemetry.LocalCompleted.Add(1, told));
        LovageTelemetry.LocalDuration.Record(run.Duration.TotalSeconds, tags);
    }

    private static string Word(JobDecision decision) => decision switch
    {
        JobDecision.Succeed => "success",
        JobDecision.Retry => "retry",
        JobDecision.Cancel => "cancelled",
        _ => "failure",
    };
}

/// <summary>The span of a try of a task of this process.</summary>
/// <remarks>
/// The span of a request has ended before its tasks run. A span of theirs is no part of it, unless the app wants so.
/// </remarks>
internal sealed class LocalSpans(TimeProvider time, TelemetrySettings settings) : AttemptListener<LocalTry>
{
    internal override void Started(LocalTry run)
    {
        run.Activity = null;
        if (!LovageTelemetry.Source.HasListeners())
        {
            return;
        }

        var isApart = run.Entry.Kind == TaskKind.AfterResponse
            || time.GetElapsedTime(run.Entry.AcceptedTimestamp, run.StartedTimestamp) > TelemetrySettings.LinkAfter;
        run.Activity = Span.StartRelated(
            $"run {run.Name}", ActivityKind.Internal, run.Parent?.Context ?? default, settings.Links(isApart));
        if (run.Activity is not { } activity)
        {
            return;
        }

        foreach (var (name, value) in run.Parent?.Baggage ?? [])
        {
            activity.AddBaggage(name, value);
        }

        activity.SetTag("lovage.task.kind", TaskWords.Of(run.Entry.Kind))
            .SetTag("lovage.task.name", run.Name)
            .SetTag("lovage.task.attempt", run.Number);
    }

    internal override void Ended(LocalTry run)
    {
        if (run.Activity is not { } activity)
        {
            return;
        }

        if (run.Ending is { Error: { } error, End: not AttemptEnd.Cancelled })
        {
            activity.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
        }

        activity.Dispose();
    }
}

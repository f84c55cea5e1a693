using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>What a worker says in the log of itself: whatever a person should know that is no attempt's end.</summary>
/// <remarks>Never throws: a log provider that fails must end no loop of the worker.</remarks>
internal sealed partial class WorkerReport
{
    private const int NamesMax = 20;

    private readonly GuardedLogger _logger;
    private readonly StorageOutage? _outage;

    /// <param name="logger">Where it is said.</param>
    /// <param name="outage">Tells the faults of the storage once; null to tell each.</param>
    internal WorkerReport(GuardedLogger logger, StorageOutage? outage)
    {
        _logger = logger;
        _outage = outage;
    }

    internal void Dropped(JobMessage message) => DeliveryDropped(_logger, message.Name, message.Id);

    internal void GaveUp(JobMessage message, TimeSpan duration) =>
        GaveUp(_logger, message.Name, message.Id, duration.TotalSeconds);

    internal void FailedAfterCommit(JobMessage message, AttemptEnding ending) =>
        FailedAfterCommit(_logger, ending.Error, message.Name, message.Id, ending.End);

    internal void Reclaimed(ReclaimResult result)
    {
        if (result.Orphaned > 0)
        {
            Reclaimed(_logger, result.Orphaned);
        }

        foreach (var ended in result.Ended.Take(NamesMax))
        {
            EndedUnstarted(ended);
        }
    }

    /// <summary>A job ended otherwise than by an outcome of this worker.</summary>
    internal void EndedUnstarted(EndedJob ended)
    {
        if (ended.State == JobState.Dead)
        {
            JobSetAside(_logger, JobNames.Shown(ended.Name), ended.Id, ended.Reason);
        }
        else
        {
            JobEndedOtherwise(_logger, JobNames.Shown(ended.Name), ended.Id, ended.State, ended.Reason);
        }
    }

    /// <summary>The offer of a job is declined, because its name or some of its arguments are unknown here.</summary>
    internal void Declined(HeldLease held, JobRegistry jobs, bool isKnown, TimeSpan limit)
    {
        var message = held.Delivery.Message;
        if (jobs.TryFind(message.Name, out var older))
        {
            var taken = older.Parameters.Length;
            if (isKnown)
            {
                NewerLeft(_logger, message.Name, message.Id, message.Queue, held.Needed, taken);
            }
            else
            {
                NewerDeclined(_logger, message.Name, message.Id, message.Queue, held.Needed, taken, limit);
            }

            return;
        }

        var hint = jobs.Nearest(message.Name) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        if (isKnown)
        {
            OfferLeft(_logger, JobNames.Shown(message.Name), message.Id, message.Queue, hint);
        }
        else
        {
            OfferDeclined(_logger, JobNames.Shown(message.Name), message.Id, message.Queue, hint, limit);
        }
    }

    internal void LoopFault(string loop, Exception error)
    {
        var level = LevelOf(error);
        LoopFault(_logger, level, error, loop);
    }

    internal void WriteFailed(Exception error, int outcomes)
    {
        var level = LevelOf(error);
        SettleFailed(_logger, level, error, outcomes);
    }

    internal void Draining(int running, int unstarted) => Draining(_logger, running, unstarted);

    internal void Applied(WorkerSettings settings) =>
        SettingsApplied(_logger, string.Join(", ", settings.Queues), settings.Concurrency);

    /// <summary>A command came through the storage.</summary>
    internal void Commanded(ControlCommand command, bool isDone, string text)
    {
        if (isDone)
        {
            CommandDone(_logger, JobNames.Shown(command.Name), text);
        }
        else
        {
            CommandRefused(_logger, JobNames.Shown(command.Name), text);
        }
    }

    internal void Stopped() => Stopped(_logger);

    internal void LeftBehind(IReadOnlyList<HeldLease> left)
    {
        if (_logger.IsEnabled(LogLevel.Warning))
        {
            var names = string.Join(
                ", ", left.Take(NamesMax).Select(held => $"{held.Delivery.Message.Name}[{held.Delivery.Message.Id}]"));
            LeftBehind(_logger, left.Count, names);
        }
    }

    private LogLevel LevelOf(Exception error) => _outage?.LevelOf(error) ?? LogLevel.Warning;

    [LoggerMessage(
        2006,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] was not started: its lease ran out while it waited in this process")]
    private static partial void DeliveryDropped(ILogger logger, string jobName, JobId jobId);

    [LoggerMessage(EventId = 2007, Message = "{Outcomes} outcomes could not be written and are kept")]
    private static partial void SettleFailed(ILogger logger, LogLevel level, Exception error, int outcomes);

    [LoggerMessage(EventId = 2009, Message = "The worker's {Loop} loop failed and goes on")]
    private static partial void LoopFault(ILogger logger, LogLevel level, Exception error, string loop);

    [LoggerMessage(
        2010, LogLevel.Information, "Reclaimed {Orphaned} jobs of workers that died: they run again, one by one")]
    private static partial void Reclaimed(ILogger logger, int orphaned);

    [LoggerMessage(
        2011,
        LogLevel.Error,
        "Job {JobName}[{JobId}] did not stop at its time limit of {Seconds:0.0} s; its slot is given to others, the "
            + "handler may still be running")]
    private static partial void GaveUp(ILogger logger, string jobName, JobId jobId, double seconds);

    [LoggerMessage(
        2012, LogLevel.Information, "Stopping: {Running} jobs are running, {Unstarted} were released unstarted")]
    private static partial void Draining(ILogger logger, int running, int unstarted);

    [LoggerMessage(
        2013,
        LogLevel.Warning,
        "Leaving without {Count} handlers that ignore cancellation, their jobs are released: {Names}")]
    private static partial void LeftBehind(ILogger logger, int count, string names);

    [LoggerMessage(2014, LogLevel.Information, "Worker stopped")]
    private static partial void Stopped(ILogger logger);

    [LoggerMessage(
        2016,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] ended as {End} after its handler had committed its completion: the recorded success "
            + "stands")]
    private static partial void FailedAfterCommit(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end);

    [LoggerMessage(
        2019,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] of queue {Queue} is declined: this worker knows no such name.{Hint} No live worker "
            + "knows it. The job is offered again and again, and set aside when {Limit} have passed without a start. "
            + "Register the job with AddJobs")]
    private static partial void OfferDeclined(
        ILogger logger, string jobName, JobId jobId, string queue, string hint, TimeSpan limit);

    [LoggerMessage(
        2020,
        LogLevel.Information,
        "Job {JobName}[{JobId}] of queue {Queue} is left to another worker: this one knows no such name.{Hint}")]
    private static partial void OfferLeft(ILogger logger, string jobName, JobId jobId, string queue, string hint);

    [LoggerMessage(
        2025,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] of queue {Queue} is declined: its arguments need {Needed} parameters, as a newer "
            + "definition has, and this worker's handler has {Parameters}. No live worker's has so many. The job is "
            + "offered again and again, and set aside when {Limit} have passed without a start. Deploy the newer "
            + "version to the workers")]
    private static partial void NewerDeclined(
        ILogger logger, string jobName, JobId jobId, string queue, int needed, int parameters, TimeSpan limit);

    [LoggerMessage(
        2026,
        LogLevel.Information,
        "Job {JobName}[{JobId}] of queue {Queue} is left to a newer worker: its arguments need {Needed} parameters, "
            + "and this worker's handler has {Parameters}")]
    private static partial void NewerLeft(
        ILogger logger, string jobName, JobId jobId, string queue, int needed, int parameters);

    [LoggerMessage(
        2023,
        LogLevel.Error,
        "Job {JobName}[{JobId}] is set aside as a dead letter: {Reason} Once the cause is mended, run it again with "
            + "JobInspector.RequeueAsync")]
    private static partial void JobSetAside(ILogger logger, string jobName, JobId jobId, string? reason);

    [LoggerMessage(2021, LogLevel.Information, "Job {JobName}[{JobId}] is {State}: {Reason}")]
    private static partial void JobEndedOtherwise(
        ILogger logger, string jobName, JobId jobId, JobState state, string? reason);

    [LoggerMessage(2030, LogLevel.Information, "Command {Command} was carried out: {Text}")]
    private static partial void CommandDone(ILogger logger, string command, string text);

    [LoggerMessage(2031, LogLevel.Warning, "Command {Command} was refused: {Text}")]
    private static partial void CommandRefused(ILogger logger, string command, string text);

    [LoggerMessage(
        2022, LogLevel.Information, "New settings: queues {Queues}, {Concurrency} jobs at the same time")]
    private static partial void SettingsApplied(ILogger logger, string queues, int concurrency);
}

using Lovage.Diagnostics;
using Lovage.Protocol;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>
/// What a worker says in the log: one line for each finished attempt, and one for whatever a person should know of.
/// </summary>
internal sealed partial class WorkerReport(ILogger logger) : SettlementBuffer.Listener
{
    private const int NamesMax = 20;

    internal void Ended(Delivery delivery, Settlement outcome, AttemptEnding ending, TimeSpan wait, int maxAttempts)
    {
        var message = delivery.Message;
        var seconds = outcome.Attempt.Duration.TotalSeconds;
        var attempt = message.Retries + 1;
        if (outcome.Decision == JobDecision.Succeed)
        {
            JobSucceeded(logger, message.Name, message.Id, seconds, wait.TotalSeconds, attempt, maxAttempts);
        }
        else if (outcome.Decision == JobDecision.Retry)
        {
            JobRetried(
                logger, ending.Error, message.Name, message.Id, ending.End, seconds, attempt, maxAttempts,
                outcome.RetryDelay.TotalSeconds);
        }
        else if (outcome.Decision is JobDecision.Cancel or JobDecision.Expire)
        {
            JobCalledOff(logger, message.Name, message.Id, ending.End, seconds, attempt, maxAttempts);
        }
        else
        {
            JobEnded(
                logger,
                ending.Error,
                message.Name,
                message.Id,
                ending.End,
                seconds,
                attempt,
                maxAttempts,
                JobLifecycle.After(outcome.Decision, JobState.Running));
        }
    }

    internal void Released(JobMessage message, TimeSpan duration) =>
        JobReleased(logger, message.Name, message.Id, duration.TotalSeconds);

    internal void Dropped(JobMessage message) => DeliveryDropped(logger, message.Name, message.Id);

    internal void GaveUp(JobAttempt attempt, TimeSpan duration) =>
        GaveUp(logger, attempt.Context.Name, attempt.Context.Id, duration.TotalSeconds);

    internal void FailedAfterCommit(JobMessage message, AttemptEnding ending) =>
        FailedAfterCommit(logger, ending.Error, message.Name, message.Id, ending.End);

    internal void TransactionOpen(JobMessage message) => TransactionOpen(logger, message.Name, message.Id);

    internal void Reclaimed(ReclaimResult result) => Reclaimed(logger, result.Orphaned, result.Ended.Count);

    internal void LoopFault(string loop, Exception error) => LoopFault(logger, error, loop);

    internal void Draining(int running, int unstarted) => Draining(logger, running, unstarted);

    internal void Stopped() => Stopped(logger);

    internal void LeftBehind(IReadOnlyList<HeldLease> left)
    {
        if (logger.IsEnabled(LogLevel.Warning))
        {
            var names = string.Join(
                ", ", left.Take(NamesMax).Select(held => $"{held.Delivery.Message.Name}[{held.Delivery.Message.Id}]"));
            LeftBehind(logger, left.Count, names);
        }
    }

    internal override void Stale(Settlement outcome)
    {
        LovageTelemetry.StaleOutcomes.Add(1);
        StaleOutcome(logger, outcome.Id, outcome.Attempt.End);
    }

    internal override void WriteFailed(Exception error, int outcomes) => SettleFailed(logger, error, outcomes);

    internal override void Refused(Settlement outcome, Exception error) => SettleRefused(logger, error, outcome.Id);

    [LoggerMessage(
        2001,
        LogLevel.Information,
        "Job {JobName}[{JobId}] succeeded in {Seconds:0.000} s (wait {WaitSeconds:0.000} s, attempt "
            + "{Attempt}/{MaxAttempts})")]
    private static partial void JobSucceeded(
        ILogger logger, string jobName, JobId jobId, double seconds, double waitSeconds, int attempt, int maxAttempts);

    [LoggerMessage(
        2002,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts}) and is tried "
            + "again in {DelaySeconds:0.0} s")]
    private static partial void JobRetried(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int attempt,
        int maxAttempts, double delaySeconds);

    [LoggerMessage(
        2003,
        LogLevel.Error,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts}); the job is "
            + "{State}")]
    private static partial void JobEnded(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int attempt,
        int maxAttempts, JobState state);

    [LoggerMessage(
        2015,
        LogLevel.Information,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts})")]
    private static partial void JobCalledOff(
        ILogger logger, string jobName, JobId jobId, AttemptEnd end, double seconds, int attempt, int maxAttempts);

    [LoggerMessage(
        2004,
        LogLevel.Information,
        "Job {JobName}[{JobId}] was interrupted after {Seconds:0.000} s and given back unpenalised")]
    private static partial void JobReleased(ILogger logger, string jobName, JobId jobId, double seconds);

    [LoggerMessage(
        2005,
        LogLevel.Warning,
        "The outcome of job {JobId} ({End}) was refused: its lease had passed to another attempt, whose outcome "
            + "counts")]
    private static partial void StaleOutcome(ILogger logger, JobId jobId, AttemptEnd end);

    [LoggerMessage(
        2006,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] was not started: its lease ran out while it waited in this process")]
    private static partial void DeliveryDropped(ILogger logger, string jobName, JobId jobId);

    [LoggerMessage(2007, LogLevel.Warning, "{Outcomes} outcomes could not be written and are kept")]
    private static partial void SettleFailed(ILogger logger, Exception error, int outcomes);

    [LoggerMessage(
        2008,
        LogLevel.Error,
        "The outcome of job {JobId} can never be written; the job runs again when its lease ends")]
    private static partial void SettleRefused(ILogger logger, Exception error, JobId jobId);

    [LoggerMessage(2009, LogLevel.Warning, "The worker's {Loop} loop failed and goes on")]
    private static partial void LoopFault(ILogger logger, Exception error, string loop);

    [LoggerMessage(
        2010,
        LogLevel.Information,
        "Took back {Returned} jobs of dead workers; {Buried} were set aside because they ended their process too "
            + "often")]
    private static partial void Reclaimed(ILogger logger, int returned, int buried);

    [LoggerMessage(
        2011,
        LogLevel.Error,
        "Job {JobName}[{JobId}] did not stop at its time limit of {Seconds:0.0} s; its slot is given to others, the "
            + "handler may still be running")]
    private static partial void GaveUp(ILogger logger, string jobName, JobId jobId, double seconds);

    [LoggerMessage(
        2012, LogLevel.Information, "Stopping: {Running} jobs are running, {Unstarted} were given back unstarted")]
    private static partial void Draining(ILogger logger, int running, int unstarted);

    [LoggerMessage(
        2013,
        LogLevel.Warning,
        "Leaving without {Count} handlers that ignore cancellation, their jobs are given back: {Names}")]
    private static partial void LeftBehind(ILogger logger, int count, string names);

    [LoggerMessage(
        2016,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] ended as {End} after its handler had committed its completion: the recorded success "
            + "stands")]
    private static partial void FailedAfterCommit(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end);

    [LoggerMessage(
        2017,
        LogLevel.Error,
        "The handler of job {JobName}[{JobId}] has ended and left the transaction open in which it completed the job. "
            + "It has succeeded if that is committed yet; if not, it runs again when its lease ends. Commit before "
            + "the handler returns, and dispose the transaction")]
    private static partial void TransactionOpen(ILogger logger, string jobName, JobId jobId);

    [LoggerMessage(2014, LogLevel.Information, "Worker stopped")]
    private static partial void Stopped(ILogger logger);
}

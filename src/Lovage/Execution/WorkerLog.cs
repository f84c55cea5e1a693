using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>
/// What a worker's log says of each attempt: one line, once the storage has answered, so that it tells what the job has
/// become and not what was meant.
/// </summary>
internal sealed partial class WorkerLog(ILogger logger) : AttemptListener<Running>
{
    internal override void Decided(Running run, AttemptVerdict verdict)
    {
        if (run.Ending.End == AttemptEnd.Succeeded
            && run.Outcome?.Reason is null
            && verdict.Answer is AttemptAnswer.Written or AttemptAnswer.Committed
            && !logger.IsEnabled(LogLevel.Information))
        {
            // The common case, of which nothing needs to be worked out then.
            return;
        }

        var (message, seconds) = (run.Message, run.Duration.TotalSeconds);
        switch (verdict.Answer)
        {
            case AttemptAnswer.Stale:
                StaleOutcome(logger, message.Name, message.Id, run.Ending.End);
                break;
            case AttemptAnswer.Refused:
                OutcomeRefused(logger, verdict.Error, message.Name, message.Id);
                break;
            case AttemptAnswer.Open:
                TransactionOpen(logger, message.Name, message.Id);
                break;
            case AttemptAnswer.Declined:
                // The code that declines says so, once a minute for each name.
                break;
            case AttemptAnswer.Released when verdict.State != JobState.Cancelled:
                JobReleased(logger, message.Name, message.Id, seconds);
                break;
            case AttemptAnswer.Released:
                JobCalledOff(
                    logger, message.Name, message.Id, AttemptEnd.Cancelled, seconds, run.Start, run.Number,
                    run.MaxAttempts);
                break;
            default:
                Ended(run, verdict.State ?? JobLifecycle.After(run.Decision, JobState.Running));
                break;
        }
    }

    private void Ended(Running run, JobState state)
    {
        var (message, end, error) = (run.Message, run.Ending.End, run.ShownError);
        var seconds = run.Duration.TotalSeconds;
        var (start, attempt, maxAttempts) = (run.Start, run.Number, run.MaxAttempts);
        if (run is { Decision: JobDecision.Succeed, Outcome.Reason: { } reason })
        {
            ResultLeftOut(logger, message.Name, message.Id, seconds, reason);
        }
        else if (run.Decision == JobDecision.Succeed)
        {
            JobSucceeded(logger, message.Name, message.Id, seconds, run.Wait.TotalSeconds, start, attempt, maxAttempts);
        }
        else if (run.Decision == JobDecision.Retry && state == JobState.Cancelled)
        {
            JobNotRetried(logger, error, message.Name, message.Id, end, seconds, start, attempt, maxAttempts);
        }
        else if (run.Decision == JobDecision.Retry)
        {
            JobRetried(
                logger, error, message.Name, message.Id, end, seconds, start, attempt, maxAttempts,
                run.RetryDelay.TotalSeconds);
        }
        else if (run.Decision is JobDecision.Cancel or JobDecision.Expire)
        {
            JobCalledOff(logger, message.Name, message.Id, end, seconds, start, attempt, maxAttempts);
        }
        else
        {
            JobEnded(logger, error, message.Name, message.Id, end, seconds, start, attempt, maxAttempts, state);
        }
    }

    [LoggerMessage(
        2001,
        LogLevel.Information,
        "Job {JobName}[{JobId}] succeeded in {Seconds:0.000} s (wait {WaitSeconds:0.000} s, start {Start}, "
            + "attempt {Attempt} of {MaxAttempts})")]
    private static partial void JobSucceeded(
        ILogger logger, string jobName, JobId jobId, double seconds, double waitSeconds, int start, int attempt,
        int maxAttempts);

    [LoggerMessage(
        2024, LogLevel.Warning, "Job {JobName}[{JobId}] succeeded in {Seconds:0.000} s. {Reason}")]
    private static partial void ResultLeftOut(
        ILogger logger, string jobName, JobId jobId, double seconds, string reason);

    [LoggerMessage(
        2002,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (start {Start}, attempt {Attempt} of "
            + "{MaxAttempts}) and is tried again in {DelaySeconds:0.0} s")]
    private static partial void JobRetried(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int start,
        int attempt, int maxAttempts, double delaySeconds);

    [LoggerMessage(
        2003,
        LogLevel.Error,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (start {Start}, attempt {Attempt} of "
            + "{MaxAttempts}); the job is {State}")]
    private static partial void JobEnded(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int start,
        int attempt, int maxAttempts, JobState state);

    [LoggerMessage(
        2004,
        LogLevel.Information,
        "Job {JobName}[{JobId}] was interrupted after {Seconds:0.000} s and released unpenalised")]
    private static partial void JobReleased(ILogger logger, string jobName, JobId jobId, double seconds);

    [LoggerMessage(
        2005,
        LogLevel.Warning,
        "The outcome of job {JobName}[{JobId}] ({End}) was refused: its lease had passed to another attempt, whose "
            + "outcome counts")]
    private static partial void StaleOutcome(ILogger logger, string jobName, JobId jobId, AttemptEnd end);

    [LoggerMessage(
        2008,
        LogLevel.Error,
        "The outcome of job {JobName}[{JobId}] can never be written; the job runs again when its lease ends")]
    private static partial void OutcomeRefused(ILogger logger, Exception? error, string jobName, JobId jobId);

    [LoggerMessage(
        2015,
        LogLevel.Information,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (start {Start}, attempt {Attempt} of "
            + "{MaxAttempts})")]
    private static partial void JobCalledOff(
        ILogger logger, string jobName, JobId jobId, AttemptEnd end, double seconds, int start, int attempt,
        int maxAttempts);

    [LoggerMessage(
        2017,
        LogLevel.Error,
        "The handler of job {JobName}[{JobId}] has ended and left the transaction open in which it completed the job. "
            + "It has succeeded if that is committed yet; if not, it runs again when its lease ends. Commit before "
            + "the handler returns, and dispose the transaction")]
    private static partial void TransactionOpen(ILogger logger, string jobName, JobId jobId);

    [LoggerMessage(
        2018,
        LogLevel.Warning,
        "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (start {Start}, attempt {Attempt} of "
            + "{MaxAttempts}) and is not tried again: the job is cancelled")]
    private static partial void JobNotRetried(
        ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int start,
        int attempt, int maxAttempts);
}

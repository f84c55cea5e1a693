using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

public sealed partial class JobWorker
{
    private static partial class Log
    {
        [LoggerMessage(EventId = 2001, EventName = "JobSucceeded", Level = LogLevel.Information, Message = "Job {JobName}[{JobId}] succeeded in {Seconds:0.000} s (wait {WaitSeconds:0.000} s, attempt {Attempt}/{MaxAttempts})")]
        internal static partial void Succeeded(ILogger logger, string jobName, JobId jobId, double seconds, double waitSeconds, int attempt, int maxAttempts);

        [LoggerMessage(EventId = 2002, EventName = "JobRetried", Level = LogLevel.Warning, Message = "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts}) and is tried again in {DelaySeconds:0.0} s")]
        internal static partial void Retried(ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int attempt, int maxAttempts, double delaySeconds);

        [LoggerMessage(EventId = 2003, EventName = "JobEnded", Level = LogLevel.Error, Message = "Job {JobName}[{JobId}] ended as {End} in {Seconds:0.000} s (attempt {Attempt}/{MaxAttempts}); the job is {State}")]
        internal static partial void Ended(ILogger logger, Exception? error, string jobName, JobId jobId, AttemptEnd end, double seconds, int attempt, int maxAttempts, JobState state);

        [LoggerMessage(EventId = 2004, EventName = "JobReleased", Level = LogLevel.Information, Message = "Job {JobName}[{JobId}] was interrupted after {Seconds:0.000} s and given back unpenalised")]
        internal static partial void Released(ILogger logger, string jobName, JobId jobId, double seconds);

        [LoggerMessage(EventId = 2005, EventName = "StaleOutcome", Level = LogLevel.Warning, Message = "The outcome of job {JobId} ({End}) was refused: its lease had passed to another attempt, whose outcome counts")]
        internal static partial void Stale(ILogger logger, JobId jobId, AttemptEnd end);

        [LoggerMessage(EventId = 2006, EventName = "DeliveryDropped", Level = LogLevel.Warning, Message = "Job {JobName}[{JobId}] was not started: its lease ran out while it waited in this process")]
        internal static partial void Dropped(ILogger logger, string jobName, JobId jobId);

        [LoggerMessage(EventId = 2007, EventName = "SettleFailed", Level = LogLevel.Warning, Message = "{Outcomes} outcomes could not be written and are kept")]
        internal static partial void SettleFailed(ILogger logger, Exception error, int outcomes);

        [LoggerMessage(EventId = 2008, EventName = "SettleRefused", Level = LogLevel.Error, Message = "The outcome of job {JobId} can never be written; the job runs again when its lease ends")]
        internal static partial void SettleRefused(ILogger logger, Exception error, JobId jobId);

        [LoggerMessage(EventId = 2009, EventName = "LoopFault", Level = LogLevel.Warning, Message = "The worker's {Loop} loop failed and goes on")]
        internal static partial void LoopFault(ILogger logger, Exception error, string loop);

        [LoggerMessage(EventId = 2010, EventName = "Reclaimed", Level = LogLevel.Information, Message = "Took back {Returned} jobs of dead workers; {Buried} were set aside because they ended their process too often")]
        internal static partial void Reclaimed(ILogger logger, int returned, int buried);

        [LoggerMessage(EventId = 2011, EventName = "GaveUp", Level = LogLevel.Error, Message = "Job {JobName}[{JobId}] did not stop at its time limit of {Seconds:0.0} s; its slot is given to others, the handler may still be running")]
        internal static partial void GaveUp(ILogger logger, string jobName, JobId jobId, double seconds);

        [LoggerMessage(EventId = 2012, EventName = "Draining", Level = LogLevel.Information, Message = "Stopping: {Running} jobs are running, {Buffered} were given back unstarted")]
        internal static partial void Draining(ILogger logger, int running, int buffered);

        [LoggerMessage(EventId = 2013, EventName = "LeftBehind", Level = LogLevel.Warning, Message = "Leaving without {Count} handlers that ignore cancellation, their jobs are given back: {Names}")]
        internal static partial void LeftBehind(ILogger logger, int count, string names);

        [LoggerMessage(EventId = 2014, EventName = "Stopped", Level = LogLevel.Information, Message = "Worker stopped")]
        internal static partial void Stopped(ILogger logger);
    }
}

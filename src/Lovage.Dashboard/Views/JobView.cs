using Lovage.Dashboard.Api;
using Lovage.Dashboard.Search;

namespace Lovage.Dashboard.Views;

/// <summary>From a record of a job to its row.</summary>
internal static class JobView
{
    /// <summary>Characters of an error or of a reason in a row.</summary>
    private const int TextMax = 500;

    internal static JobRow Row(JobRecord job, DateTimeOffset now) => new()
    {
        Id = job.Id.Value,
        Name = job.Name,
        Queue = job.Queue,
        State = StateWords.Of(job.State),
        CeleryState = job.CeleryWord,
        Priority = job.Message.Priority,
        Tags = job.Tags,
        EnqueuedAt = job.EnqueuedAt,
        DueAt = job.DueAt,
        StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt,
        Attempts = job.Attempts,
        MaxAttempts = job.MaxAttempts,
        Worker = job.Worker,
        Error = Error(job),
        Reason = Short(job.Reason),
        Progress = job.Progress,
        ProgressMessage = job.ProgressMessage,
        CancelRequested = job.CancelRequested,
        RunSeconds = RunSeconds(job, now),
        WaitSeconds = WaitSeconds(job, now),
    };

    internal static LongRunning Running(
        JobRecord job, IReadOnlyDictionary<string, DurationHistogram> usual, DateTimeOffset now)
    {
        var seconds = Math.Max(0, (now - (job.StartedAt ?? now)).TotalSeconds);
        var p95 = usual.GetValueOrDefault(job.Name)?.Quantile(0.95)?.TotalSeconds;
        return new LongRunning(Row(job, now))
        {
            Seconds = seconds,
            UsualP95 = p95,
            Factor = p95 > 0 ? Math.Round(seconds / p95.Value, 2) : null,
        };
    }

    internal static ErrorLine? Error(JobRecord job) =>
        job.Error is { } error ? new ErrorLine(error.Type, Short(error.Message)!) : null;

    internal static double? RunSeconds(JobRecord job, DateTimeOffset now) => job switch
    {
        { StartedAt: null } => null,
        { FinishedAt: { } finished } => Math.Max(0, (finished - job.StartedAt.Value).TotalSeconds),
        { State: JobState.Running } => Math.Max(0, (now - job.StartedAt.Value).TotalSeconds),
        _ => null,
    };

    /// <summary>
    /// From when it could run to its first start, or to now while it waits for that. Null once it has been tried again:
    /// each attempt then tells its own.
    /// </summary>
    internal static double? WaitSeconds(JobRecord job, DateTimeOffset now)
    {
        var ready = job.DueAt is { } due && due > job.EnqueuedAt ? due : job.EnqueuedAt;
        return job.State switch
        {
            JobState.Scheduled or JobState.Retrying => null,
            _ when job.Attempts > 1 => null,
            JobState.Queued => Math.Max(0, (now - ready).TotalSeconds),
            _ => job.StartedAt is { } started ? Math.Max(0, (started - ready).TotalSeconds) : null,
        };
    }

    internal static string? Short(string? text) => text is null ? null : TextCut.Of(text, TextMax);
}

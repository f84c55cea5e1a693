using System.ComponentModel;
using System.Text.Json;
using Lovage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Quickstart;

internal sealed record TaskAccepted([property: Description("Ask for it at /task/{task_id}.")] string TaskId)
{
    public static Accepted<TaskAccepted> Of(JobHandle handle) =>
        TypedResults.Accepted($"/task/{handle.Id}", new TaskAccepted(handle.Id.Value));
}

internal sealed record TaskView
{
    public required string TaskId { get; init; }

    [Description("Celery's word: PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED.")]
    public required string Status { get; init; }

    [Description("What the job returned, any JSON; null until it has succeeded.")]
    public required JsonElement? Result { get; init; }

    [Description("Why it failed, last failed, or was cancelled; null when nothing is wrong.")]
    public required TaskError? Error { get; init; }

    [Description("Attempts so far, the running one included.")]
    public required int Attempts { get; init; }

    [Description("The job's newest report, 1 when it has succeeded; null when it made none.")]
    public required TaskProgress? Progress { get; init; }

    [Description("False for an id that nobody knows: never enqueued, or ended so long ago that it was removed.")]
    public required bool Known { get; init; }

    public static TaskView Of(JobStatus job) => new()
    {
        TaskId = job.Id.Value,
        Status = job.CeleryState,
        Result = job.State == JobState.Succeeded && !job.Result.IsEmpty ? JsonElement.Parse(job.Result.Span) : null,
        Error = ErrorOf(job),
        Attempts = job.Attempts,
        Progress = ProgressOf(job),
        Known = job.Known,
    };

    /// <summary>
    /// Reports between two writes are skipped, so the last one stored may be behind: a job that has succeeded is at 1.
    /// </summary>
    private static TaskProgress? ProgressOf(JobStatus job) => job switch
    {
        { Progress: null } => null,
        { State: JobState.Succeeded } => new TaskProgress(1, null),
        { Progress: { } fraction } => new TaskProgress(fraction, job.ProgressMessage),
    };

    private static TaskError? ErrorOf(JobStatus job) => job switch
    {
        { State: JobState.Succeeded } => null,
        { State: JobState.Cancelled or JobState.Expired } =>
            new TaskError(job.State.ToString()!, job.Reason ?? $"The job ended as {job.State}."),
        { Error: { } error } => new TaskError(error.Type, error.Message),
        { IsFinal: true } => new TaskError(job.State.ToString()!, job.Reason ?? $"The job ended as {job.State}."),
        _ => null,
    };
}

internal sealed record TaskError(
    [property: Description("The exception's type, or how the job ended when nothing was thrown.")] string Type,
    string Message);

internal sealed record TaskProgress([property: Description("0 to 1.")] double Fraction, string? Message);

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

    [Description("Starts so far, the running one and interrupted ones included.")]
    public required int Attempts { get; init; }

    [Description("The job's newest report, 1 when it has succeeded; null when it made none.")]
    public required TaskProgress? Progress { get; init; }

    [Description("False for an unknown id: its job was never enqueued, or was removed after its end.")]
    public required bool Known { get; init; }

    /// <summary>The view of a job that was found, or was not.</summary>
    public static TaskView Of(JobId id, JobRecord? job) => new()
    {
        TaskId = id.Value,
        Status = job.CeleryWord,
        Result = job is { State: JobState.Succeeded, Result.IsEmpty: false }
            ? JsonElement.Parse(job.Result.Span)
            : null,
        Error = job is null ? null : ErrorOf(job),
        Attempts = job?.Attempts ?? 0,
        Progress = job is null ? null : ProgressOf(job),
        Known = job is not null,
    };

    /// <summary>
    /// The storage skips reports that come fast, so the stored one may lag. A job that has succeeded is at 1.
    /// </summary>
    private static TaskProgress? ProgressOf(JobRecord job) => job switch
    {
        { Progress: null } => null,
        { State: JobState.Succeeded } => new TaskProgress(1, null),
        { Progress: { } fraction } => new TaskProgress(fraction, job.ProgressMessage),
    };

    private static TaskError? ErrorOf(JobRecord job) => job switch
    {
        { State: JobState.Succeeded } => null,
        { State: JobState.Cancelled or JobState.Expired } =>
            new TaskError(job.State.ToString(), job.Reason ?? $"The job ended as {job.State}."),
        { Error: { } error } => new TaskError(error.Type, error.Message),
        { IsFinal: true } => new TaskError(job.State.ToString(), job.Reason ?? $"The job ended as {job.State}."),
        _ => null,
    };
}

internal sealed record TaskError(
    [property: Description("The exception's type, or how the job ended when nothing was thrown.")] string Type,
    string Message);

internal sealed record TaskProgress([property: Description("0 to 1.")] double Fraction, string? Message);

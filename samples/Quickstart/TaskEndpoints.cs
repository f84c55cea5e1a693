using Lovage;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Quickstart;

internal static class TaskEndpoints
{
    public static void MapTasks(this IEndpointRouteBuilder app)
    {
        var task = app.MapGroup("/task/{task_id}")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        task.MapGet("", GetAsync)
            .WithName("GetTask")
            .WithSummary(
                "Where a job stands. As in Celery, an unknown id is PENDING; \"known\" tells the difference.");
        task.MapPost("/cancel", CancelAsync)
            .WithName("CancelTask")
            .WithSummary("Cancels a job: 200 when it is cancelled, 202 when it runs and its handler is asked to stop.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<TaskView>, ProblemHttpResult>> GetAsync(
        [FromRoute(Name = "task_id")] string taskId, JobClient jobs, CancellationToken cancellationToken)
    {
        if (!JobId.TryParse(taskId, out var id))
        {
            return BadId;
        }

        return TypedResults.Ok(TaskView.Of(id, await jobs.FindAsync(id, cancellationToken)));
    }

    private static async Task<Results<Ok<TaskView>, Accepted<TaskView>, ProblemHttpResult>> CancelAsync(
        [FromRoute(Name = "task_id")] string taskId, JobClient jobs, CancellationToken cancellationToken)
    {
        if (!JobId.TryParse(taskId, out var id))
        {
            return BadId;
        }

        var (status, state) = await jobs.CancelAsync(id, "Cancelled over HTTP.", cancellationToken);
        if (status == CancelStatus.Unknown)
        {
            return BadRequests.Problem($"The storage knows no job with the id '{id}'.", StatusCodes.Status404NotFound);
        }

        var view = TaskView.Of(id, await jobs.FindAsync(id, cancellationToken));
        return status switch
        {
            CancelStatus.Requested => TypedResults.Accepted($"/task/{id}", view),
            CancelStatus.AlreadyEnded when state?.CeleryWord != "REVOKED" => BadRequests.Problem(
                $"The job has already ended as {view.Status}; there is nothing left to cancel.",
                StatusCodes.Status409Conflict,
                new("task_id", id.Value),
                new("task_status", view.Status)),
            _ => TypedResults.Ok(view),
        };
    }

    private static ProblemHttpResult BadId =>
        BadRequests.Problem("The task id is not valid: 1 to 128 characters of A-Z a-z 0-9 . _ : - are expected.");
}

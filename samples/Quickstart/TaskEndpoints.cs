using Lovage;
using Lovage.Storage;
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
                "Where a job stands. As in Celery, an id that nobody knows is PENDING; \"known\" tells the "
                    + "difference.");
        task.MapPost("/cancel", CancelAsync)
            .WithName("CancelTask")
            .WithSummary("Cancels a job: 200 when it is cancelled, 202 when it runs and has been asked to stop.")
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

        return TypedResults.Ok(TaskView.Of(await jobs.GetHandle(id).GetStatusAsync(cancellationToken)));
    }

    private static async Task<Results<Ok<TaskView>, Accepted<TaskView>, ProblemHttpResult>> CancelAsync(
        [FromRoute(Name = "task_id")] string taskId, JobClient jobs, CancellationToken cancellationToken)
    {
        if (!JobId.TryParse(taskId, out var id))
        {
            return BadId;
        }

        var handle = jobs.GetHandle(id);
        var outcome = await handle.CancelAsync("Cancelled over HTTP.", cancellationToken);
        if (outcome == CancelStatus.Unknown)
        {
            return BadRequests.Problem($"No job with the id '{id}' is known.", StatusCodes.Status404NotFound);
        }

        var view = TaskView.Of(await handle.GetStatusAsync(cancellationToken));
        return outcome switch
        {
            CancelStatus.Requested => TypedResults.Accepted($"/task/{id}", view),
            CancelStatus.AlreadyEnded when view.Status != "REVOKED" => BadRequests.Problem(
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

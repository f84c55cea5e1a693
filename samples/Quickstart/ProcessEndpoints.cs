using System.Text.Json;
using Lovage;
using Microsoft.AspNetCore.Http.HttpResults;
using Quickstart.Jobs;
using Quickstart.Jobs.Statistics;

namespace Quickstart;

internal static class ProcessEndpoints
{
    public static void MapProcess(this IEndpointRouteBuilder app) => app.MapPost("/process/", ProcessAsync)
        .WithName("Process")
        .WithSummary("Computes the statistics of a JSON array, a JSON object or a CSV, as the job process_data.")
        .Accepts<JsonElement>("application/json", "text/csv", "application/csv")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Accepted<TaskAccepted>, ProblemHttpResult>> ProcessAsync(
        HttpRequest request, JobClient jobs, CancellationToken cancellationToken)
    {
        JsonElement data;
        if (request.IsCsv)
        {
            var csv = await request.ReadTextAsync(cancellationToken);
            if (string.IsNullOrWhiteSpace(csv))
            {
                return BadRequests.Problem("The CSV is empty. A first line with the names of the columns is expected.");
            }

            // A BadArgumentsException ends here; AddProblemDetails answers it with 400.
            Csv.Check(csv);
            data = JsonSerializer.SerializeToElement(csv);
        }
        else if (request.HasJsonContentType())
        {
            data = await request.ReadJsonAsync(cancellationToken);
            if (data.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object))
            {
                return BadRequests.Problem(data.ValueKind == JsonValueKind.Undefined
                    ? "The body is empty. A JSON array or object is expected."
                    : $"A JSON array or object is expected; this is a {data.ValueKind}.");
            }
        }
        else
        {
            return BadRequests.Problem(
                "Send a JSON array or object as application/json, or a table as text/csv.",
                StatusCodes.Status415UnsupportedMediaType);
        }

        var handle = await jobs.EnqueueAsync(DataJobs.ProcessData(data), cancellationToken);
        return TaskAccepted.Of(handle);
    }
}

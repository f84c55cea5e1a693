using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Lovage.Generated;
using Lovage;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Quickstart;

internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder app) => app.MapPost("/jobs/{name}", EnqueueAsync)
        .WithName("EnqueueJob")
        .WithSummary(
            "Enqueues any registered job by its name. The body is a JSON array (arguments by position), an object (by "
                + "name) or nothing.")
        .Accepts<JsonElement>(isOptional: true, "application/json")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Accepted<TaskAccepted>, ProblemHttpResult>> EnqueueAsync(
        string name,
        [AsParameters] JobOptions options,
        HttpRequest request,
        JobClient jobs,
        JobRegistry registry,
        CancellationToken cancellationToken)
    {
        if (!registry.TryFind(name, out var definition))
        {
            var hint = registry.Nearest(name) is { } nearest
                ? $" Did you mean '{nearest}'?"
                : $" There are: {string.Join(", ", registry.Jobs.Select(job => job.Name))}.";
            return BadRequests.Problem($"No job of this name is registered.{hint}", StatusCodes.Status404NotFound);
        }

        var arguments = await request.ReadJsonAsync(cancellationToken);
        if (arguments.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.Undefined))
        {
            return BadRequests.Problem(
                $"Arguments are a JSON array (by position) or object (by name); this is a {arguments.ValueKind}.");
        }

        Job job;
        try
        {
            job = options.Apply(Job.Create(
                definition.Name,
                arguments.ValueKind == JsonValueKind.Undefined ? JobArguments.None : JobArguments.FromJson(arguments)));
        }
        catch (ArgumentException refused)
        {
            return BadRequests.Problem(refused.Message.Split(" (Parameter", 2)[0]);
        }

        // Arguments that do not fit the handler end here in a BadArgumentsException, which AddProblemDetails answers
        // with 400.
        return TaskAccepted.Of(await jobs.EnqueueAsync(job, cancellationToken));
    }
}

internal sealed record JobOptions(
    [property: FromQuery(Name = "queue"), Description("The queue; the job's own by default.")] string? Queue,
    [property: FromQuery(
        Name = "delay"), Description("Seconds to wait before the job may run, as 1.5, up to 10 years.")] string? Delay,
    [property: FromQuery(Name = "priority"), Description("0 (first) to 9 (last).")] int? Priority,
    [property: FromQuery(
        Name = "max_attempts"), Description("1 to 1,000; the job's own number by default.")] int? MaxAttempts,
    [property: FromQuery(Name = "id"), Description("Your own id, which makes this call safe to repeat.")] string? Id)
{
    private const double DelayMax = 3_653 * 86_400.0;

    /// <exception cref="ArgumentException">A value is out of range; the message says which.</exception>
    public Job Apply(Job job) => job with
    {
        Queue = Queue,
        Priority = Priority,
        MaxAttempts = MaxAttempts,
        Id = Id is null ? null : JobId.Parse(Id),
        Delay = string.IsNullOrEmpty(Delay) ? null : Seconds(Delay),
    };

    /// <summary>Binding as a number would read 1,5 as 15.</summary>
    private static TimeSpan Seconds(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and <= DelayMax
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException($"A delay is 0 to 10 years, in seconds as 1.5; '{text}' is none.");
}

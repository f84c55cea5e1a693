using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Lovage.AspNetCore;

/// <summary>Errors of Lovage as RFC 9457 problem details, without a stack trace.</summary>
internal static class LovageProblem
{
    private static readonly TimeSpan StorageRetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The problem that an error is for the client; null for an error that is not the client's to know.
    /// </summary>
    internal static ProblemDetails? Of(Exception exception) => exception switch
    {
        BadArgumentsException bad => Problem(
            StatusCodes.Status400BadRequest,
            "The arguments do not fit the job.",
            bad.Message,
            ("job", bad.Job),
            ("parameter", bad.Parameter)),
        TriggerException trigger => Problem(
            StatusCodes.Status400BadRequest,
            "The trigger is not valid.",
            trigger.Message,
            ("field", trigger.Field),
            ("position", trigger.Position)),
        ScheduleException { IsMissing: true } schedule => Problem(
            StatusCodes.Status404NotFound, "There is no such schedule.", schedule.Message, ("schedule", schedule.Id)),
        ScheduleException schedule => Problem(
            StatusCodes.Status409Conflict,
            "The schedule cannot be changed in this way.",
            schedule.Message,
            ("schedule", schedule.Id)),
        PayloadTooLargeException large => Problem(
            StatusCodes.Status413PayloadTooLarge,
            "The arguments are too large.",
            large.Message,
            ("size_bytes_max", large.SizeBytesMax)),
        JobIdConflictException conflict => Problem(
            StatusCodes.Status409Conflict, "The job id is taken.", conflict.Message, ("task_id", conflict.Id.Value)),
        QueueFullException full =>
            Problem(StatusCodes.Status503ServiceUnavailable, "The queue is full.", full.Message, ("queue", full.Queue)),
        AppStoppingException => Problem(
            StatusCodes.Status503ServiceUnavailable,
            "The app is stopping.",
            "Nothing is known to be wrong with the request. Try again later."),

        // A storage's message may name its address, which a stranger must not see. The log has it: of an outage once,
        // and of a lasting fault with the trace id of each answer.
        StorageException { IsTransient: true } => Problem(
            StatusCodes.Status503ServiceUnavailable,
            "The job storage cannot be reached now.",
            "Nothing is known to be wrong with the request. Try again later."),
        StorageException => Problem(
            StatusCodes.Status500InternalServerError,
            "The job storage cannot be used.",
            "The server's log says why, with this answer's trace id. Trying again will not help."),
        _ => null,
    };

    /// <summary>Answers with a problem.</summary>
    /// <param name="context">The request, whose response has not started.</param>
    /// <param name="exception">What happened.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="service">Writes it; null in an app without problem details.</param>
    /// <param name="random">Jitter of Retry-After.</param>
    internal static async ValueTask WriteAsync(
        HttpContext context,
        Exception exception,
        ProblemDetails problem,
        IProblemDetailsService? service,
        Random random)
    {
        // ASP.NET Core adds the trace id, under the name that the app's naming policy gives it.
        var response = context.Response;
        response.StatusCode = problem.Status!.Value;
        if (RetryAfter(exception) is { } wait)
        {
            response.Headers.RetryAfter = Seconds(wait, random).ToString(CultureInfo.InvariantCulture);
        }

        if (service is null
            || !await service.TryWriteAsync(
                new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem, Exception = exception }))
        {
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync(
                $"{problem.Title} {problem.Detail} Trace id: {TraceId(context)}", context.RequestAborted);
        }
    }

    /// <summary>The id by which the answer and the log can be matched, as ASP.NET Core's own answers have it.</summary>
    internal static string TraceId(HttpContext context) => Activity.Current?.Id ?? context.TraceIdentifier;

    private static TimeSpan? RetryAfter(Exception exception) => exception switch
    {
        QueueFullException full => full.RetryAfter,
        StorageException { IsTransient: true } or AppStoppingException => StorageRetryAfter,
        _ => null,
    };

    /// <summary>
    /// 1 to 60 s, jittered by a fifth, so that callers that were refused together do not come back together.
    /// </summary>
    private static int Seconds(TimeSpan wait, Random random) =>
        Math.Max(1, (int)Math.Round(Math.Clamp(wait.TotalSeconds, 1, 60) * (0.8 + (0.4 * random.NextDouble()))));

    private static ProblemDetails Problem(
        int status, string title, string detail, params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail };
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                problem.Extensions[name] = value;
            }
        }

        return problem;
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Lovage.AspNetCore;

/// <summary>Answers a request that ended in an error of Lovage with the fitting status and RFC 9457 problem details, without a stack trace.</summary>
internal sealed class LovageExceptionHandler(IProblemDetailsService problems, Random random) : IExceptionHandler
{
    private static readonly TimeSpan StorageRetryAfter = TimeSpan.FromSeconds(5);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (Describe(exception) is not { } problem)
        {
            return false;
        }

        var response = httpContext.Response;
        response.StatusCode = problem.Status!.Value;
        if (RetryAfter(exception) is { } wait)
        {
            response.Headers.RetryAfter = Seconds(wait).ToString(CultureInfo.InvariantCulture);
        }

        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
        return true;
    }

    private static ProblemDetails? Describe(Exception exception) => exception switch
    {
        BadArgumentsException bad => Problem(StatusCodes.Status400BadRequest, "The arguments do not fit the job.", bad.Message, ("job", bad.Job), ("parameter", bad.Parameter)),
        PayloadTooLargeException large => Problem(StatusCodes.Status413PayloadTooLarge, "The arguments are too large.", large.Message, ("size_bytes_max", large.SizeBytesMax)),
        JobIdConflictException conflict => Problem(StatusCodes.Status409Conflict, "The job id is taken.", conflict.Message, ("task_id", conflict.Id.Value)),
        QueueFullException full => Problem(StatusCodes.Status503ServiceUnavailable, "The queue is full.", full.Message, ("queue", full.Queue)),

        // The message of a storage may name its place, which is nothing for a stranger: the log has it.
        StorageException { IsTransient: true } => Problem(StatusCodes.Status503ServiceUnavailable, "The job storage cannot be reached now.", "Nothing is known to be wrong with the request. Try again later."),
        StorageException => Problem(StatusCodes.Status500InternalServerError, "The job storage cannot be used.", "The server's log says why. Trying again will not help."),
        _ => null,
    };

    private static TimeSpan? RetryAfter(Exception exception) => exception switch
    {
        QueueFullException full => full.RetryAfter,
        StorageException { IsTransient: true } => StorageRetryAfter,
        _ => null,
    };

    /// <summary>1 to 60 s, give or take a fifth, so that callers refused together do not come back together.</summary>
    private int Seconds(TimeSpan wait) => Math.Max(1, (int)Math.Round(Math.Clamp(wait.TotalSeconds, 1, 60) * (0.8 + (0.4 * random.NextDouble()))));

    private static ProblemDetails Problem(int status, string title, string detail, params ReadOnlySpan<(string Name, object? Value)> facts)
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

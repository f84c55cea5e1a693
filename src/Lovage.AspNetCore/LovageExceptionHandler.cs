using Lovage.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lovage.AspNetCore;

/// <summary>Answers a request that ended in an error of Lovage with the fitting status and problem details.</summary>
/// <remarks>
/// ASP.NET Core logs nothing of an exception that a handler has answered. What the answer does not say, because it is
/// not the client's to know, goes into the log with the answer's trace id.
/// </remarks>
internal sealed partial class LovageExceptionHandler(
    IProblemDetailsService problems, Random random, GuardedLogger logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (LovageProblem.Of(exception) is not { } problem)
        {
            return false;
        }

        if (problem.Status >= StatusCodes.Status500InternalServerError && exception is StorageException fault)
        {
            var level = fault.IsTransient ? LogLevel.Debug : LogLevel.Error;
            var request = httpContext.Request;
            var traceId = LovageProblem.TraceId(httpContext);
            LogHidden(logger, level, fault, problem.Status.Value, request.Method, request.Path, traceId);
        }

        await LovageProblem.WriteAsync(httpContext, exception, problem, problems, random);
        return true;
    }

    [LoggerMessage(
        EventId = 3101,
        Message = "Answered {Status} to {Method} {Path}: the job storage cannot be used (trace id {TraceId})")]
    private static partial void LogHidden(
        ILogger logger, LogLevel level, Exception fault, int status, string method, PathString path, string traceId);
}

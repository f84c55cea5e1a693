using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.AspNetCore;

/// <summary>
/// Answers a request whose work was refused with 503 and Retry-After: a bound was reached, or the app stops. It is an
/// exception handler, stands before the developer's page, and is the last resort around the pipeline.
/// </summary>
internal sealed class Refusal(Random random, IServiceProvider services)
    : IExceptionHandler, IDeveloperPageExceptionFilter
{
    internal static bool IsOne(Exception error) => error is QueueFullException or AppStoppingException;

    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!IsOne(exception))
        {
            return false;
        }

        await LovageProblem.WriteAsync(
            httpContext,
            exception,
            LovageProblem.Of(exception)!,
            services.GetService<IProblemDetailsService>(),
            random);
        return true;
    }

    /// <summary>
    /// Drops the request's tasks here: the developer's page, unlike an exception handler, leaves no mark on a failed
    /// request.
    /// </summary>
    public Task HandleExceptionAsync(ErrorContext errorContext, Func<ErrorContext, Task> next)
    {
        errorContext.HttpContext.Features.Get<BackgroundTasks>()?.Tasks.DropFailed();
        return IsOne(errorContext.Exception)
            ? TryHandleAsync(errorContext.HttpContext, errorContext.Exception, default).AsTask()
            : next(errorContext);
    }
}

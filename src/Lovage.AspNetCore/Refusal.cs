using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.AspNetCore;

/// <summary>
/// Answers a request whose work was refused, because a bound was reached or because the app stops, with 503 and
/// Retry-After, in any app and any environment: as an exception handler, before the developer's page, and as the last
/// resort around the pipeline.
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
    /// The developer's page, unlike an exception handler, leaves no mark on the request by which its failure could be
    /// known later.
    /// </summary>
    public Task HandleExceptionAsync(ErrorContext errorContext, Func<ErrorContext, Task> next)
    {
        BackgroundTasks.Drop(errorContext.HttpContext);
        return IsOne(errorContext.Exception)
            ? TryHandleAsync(errorContext.HttpContext, errorContext.Exception, default).AsTask()
            : next(errorContext);
    }
}

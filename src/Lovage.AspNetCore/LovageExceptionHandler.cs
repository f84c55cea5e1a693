using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Lovage.AspNetCore;

/// <summary>Answers a request that ended in an error of Lovage with the fitting status and problem details.</summary>
internal sealed class LovageExceptionHandler(IProblemDetailsService problems, Random random) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (LovageProblem.Of(exception) is not { } problem)
        {
            return false;
        }

        await LovageProblem.WriteAsync(httpContext, exception, problem, problems, random);
        return true;
    }
}

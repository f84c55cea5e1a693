using Lovage.Spawning;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Lovage.AspNetCore;

/// <summary>Holds the scope of a request, by letting the request's completion wait.</summary>
internal sealed class RequestScopes(IHttpContextAccessor accessor) : ScopeHolds
{
    /// <remarks>
    /// The scope of an error page is none that can be held: the exception handler may have made it, and ends it before
    /// the request completes.
    /// </remarks>
    internal override bool CanHold(IServiceProvider scope) =>
        accessor.HttpContext is { } request
        && request.Features.Get<IExceptionHandlerFeature>() is null
        && ReferenceEquals(request.RequestServices, scope);

    /// <remarks>
    /// Callbacks run in reverse order. The one that ends the scope was added when the scope was made, so it comes after
    /// this one.
    /// </remarks>
    internal override void Hold(IServiceProvider scope, Task work) => accessor.HttpContext?.Response.OnCompleted(
        static work => ((Task)work).ContinueWith(
            static _ => { },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default),
        work);
}

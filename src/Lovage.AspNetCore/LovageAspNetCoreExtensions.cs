using Lovage;
using Lovage.AspNetCore;
using Lovage.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What ASP.NET Core adds to the set-up of Lovage.</summary>
public static class LovageAspNetCoreExtensions
{
    /// <summary>
    /// Answers requests that end in an error of Lovage with problem details (RFC 9457) instead of 500.
    /// <see cref="BadArgumentsException"/> and <see cref="TriggerException"/> give 400, an unknown schedule 404,
    /// <see cref="JobIdConflictException"/> 409, <see cref="PayloadTooLargeException"/> 413.
    /// <see cref="QueueFullException"/> and a transient <see cref="StorageException"/> give 503 with Retry-After. Any
    /// other <see cref="StorageException"/> gives 500 without its message, and the log gets it with the answer's trace
    /// id. A parameter that cannot be bound gives 400 in every environment. It takes effect in an app that calls
    /// <c>app.UseExceptionHandler()</c>.
    /// </summary>
    /// <param name="builder">The set-up.</param>
    public static LovageBuilder AddProblemDetails(this LovageBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddProblemDetails();

        // In Development ASP.NET Core throws for a parameter that it cannot bind, and would answer 500.
        builder.Services.Configure<ExceptionHandlerOptions>(static handler => handler.StatusCodeSelector ??=
            static error => error is BadHttpRequestException bad
                ? bad.StatusCode
                : StatusCodes.Status500InternalServerError);
        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IExceptionHandler, LovageExceptionHandler>(static provider =>
                new LovageExceptionHandler(
                    provider.GetRequiredService<IProblemDetailsService>(),
                    provider.GetRequiredService<Random>(),
                    provider.GetRequiredService<ILoggerFactory>().Guarded("Lovage.AspNetCore"))));
        return builder;
    }
}

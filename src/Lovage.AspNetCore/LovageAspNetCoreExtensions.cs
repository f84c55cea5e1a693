using Lovage;
using Lovage.AspNetCore;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What ASP.NET Core adds to the set-up of Lovage.</summary>
public static class LovageAspNetCoreExtensions
{
    /// <summary>
    /// Answers requests that end in an error of Lovage with problem details (RFC 9457) instead of 500.
    /// <see cref="BadArgumentsException"/> gives 400, <see cref="JobIdConflictException"/> 409,
    /// <see cref="PayloadTooLargeException"/> 413. <see cref="QueueFullException"/> and a transient
    /// <see cref="StorageException"/> give 503 with Retry-After. It takes effect in an app that calls
    /// <c>app.UseExceptionHandler()</c>.
    /// </summary>
    /// <param name="builder">The set-up.</param>
    public static LovageBuilder AddProblemDetails(this LovageBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddProblemDetails();
        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IExceptionHandler, LovageExceptionHandler>(static provider =>
                new LovageExceptionHandler(
                    provider.GetRequiredService<IProblemDetailsService>(), provider.GetRequiredService<Random>())));
        return builder;
    }
}

using Lovage;
using Lovage.AspNetCore;
using Lovage.Spawning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds Lovage to a web app.</summary>
public static class LovageWebApplicationBuilderExtensions
{
    /// <summary>
    /// Adds Lovage as to any app
    /// (<see
    /// cref="LovageHostApplicationBuilderExtensions.AddLovage(IHostApplicationBuilder, Action{LovageOptions}?)"/>)
    /// and <see cref="BackgroundTasks"/> for work after the response.
    /// </summary>
    /// <param name="builder">The web app's builder.</param>
    /// <param name="configure">Changes what the configuration says; null (the default) to change nothing.</param>
    /// <returns>A builder to add jobs and a worker.</returns>
    public static LovageBuilder AddLovage(
        this WebApplicationBuilder builder, Action<LovageOptions>? configure = null) =>
        ((IHostApplicationBuilder)builder).AddLovage(configure).AddBackgroundTasks();

    /// <summary>
    /// Adds <see cref="BackgroundTasks"/> to an app that serves HTTP without a <see cref="WebApplicationBuilder"/>,
    /// whose AddLovage adds them itself. A second call adds nothing.
    /// </summary>
    /// <param name="builder">The set-up.</param>
    public static LovageBuilder AddBackgroundTasks(this LovageBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddHttpContextAccessor();
        services.TryAddScoped(
            static provider => provider.GetRequiredService<IHttpContextAccessor>().HttpContext is { } context
                ? BackgroundTasks.Of(context)
                : throw new InvalidOperationException(
                    "BackgroundTasks belongs to a request, and this code runs outside of one. Use TaskSpawner for work "
                        + "beside this code, or JobClient for work that must happen."));
        services.TryAddSingleton<ScopeHolds>(
            static provider => new RequestScopes(provider.GetRequiredService<IHttpContextAccessor>()));
        services.TryAddSingleton(static provider => new Refusal(provider.GetRequiredService<Random>(), provider));
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IStartupFilter, RequestFailure>(static _ => new RequestFailure()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IExceptionHandler, Refusal>(
            static provider => provider.GetRequiredService<Refusal>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IDeveloperPageExceptionFilter, Refusal>(
            static provider => provider.GetRequiredService<Refusal>()));
        return builder;
    }
}

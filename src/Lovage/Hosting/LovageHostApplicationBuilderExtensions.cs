using Lovage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds Lovage to an app.</summary>
public static class LovageHostApplicationBuilderExtensions
{
    /// <summary>
    /// Adds Lovage: <see cref="JobClient"/> and <see cref="JobInspector"/>, the storage, health checks. Settings come
    /// from the section <c>Lovage</c>, the storage's address also from the connection string of that name; without an
    /// address it is SQLite in <c>lovage.db</c>. A second call adds nothing twice.
    /// </summary>
    /// <param name="builder">The app's builder: a web app's or any other.</param>
    /// <param name="configure">Changes what the configuration says; null (the default) to change nothing.</param>
    /// <returns>A builder to add jobs and a worker.</returns>
    public static LovageBuilder AddLovage(this IHostApplicationBuilder builder, Action<LovageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var configuration = builder.Configuration;
        if (LovageServices.TryMark(builder.Services))
        {
            builder.Services.Configure<LovageOptions>(options =>
            {
                configuration.GetSection("Lovage").Bind(options);
                options.Storage ??= configuration.GetConnectionString("Lovage");
            });
            LovageServices.Add(builder.Services);
        }

        if (configure is not null)
        {
            builder.Services.Configure(configure);
        }

        return new LovageBuilder(builder.Services);
    }
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>
/// How long the host lets the app stop: its HostOptions.ShutdownTimeout. That class is in the host's own package, which a library for hosts need not reference; it is
/// found by its constant name, as a storage's package is.
/// </summary>
internal static class ShutdownBudget
{
    /// <summary>The default of HostOptions.ShutdownTimeout since .NET 6.</summary>
    private static readonly TimeSpan HostDefault = TimeSpan.FromSeconds(30);

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "IOptions<> has no members that trimming could take away, and a host uses this very instance.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "IOptions<> over a class needs no code of its own.")]
    internal static TimeSpan Of(IServiceProvider services)
    {
        var type = Type.GetType("Microsoft.Extensions.Hosting.HostOptions, Microsoft.Extensions.Hosting");
        return type?.GetProperty("ShutdownTimeout")?.GetValue((services.GetService(typeof(IOptions<>).MakeGenericType(type)) as IOptions<object>)?.Value) as TimeSpan? ?? HostDefault;
    }
}

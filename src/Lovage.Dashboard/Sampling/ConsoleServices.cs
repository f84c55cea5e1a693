using System.Reflection;
using System.Runtime.CompilerServices;
using Lovage.Diagnostics;
using Lovage.Spawning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Lovage.Dashboard.Sampling;

/// <summary>What everything that the console maps in an app stands on: one for each app.</summary>
internal sealed class ConsoleServices
{
    private static readonly ConditionalWeakTable<JobInspector, ConsoleServices> Apps = [];

    private Func<CancellationToken, Task> _afterLook = static _ => Task.CompletedTask;

    private ConsoleServices(IServiceProvider services, JobInspector jobs)
    {
        App = services;
        Jobs = jobs;
        Client = services.GetRequiredService<JobClient>();
        Schedules = services.GetRequiredService<ScheduleClient>();
        Registry = services.GetRequiredService<JobRegistry>();
        Time = services.GetRequiredService<TimeProvider>();
        Environment = services.GetRequiredService<IHostEnvironment>();
        Lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        Lovage = services.GetRequiredService<IOptions<LovageOptions>>().Value;
        Loggers = services.GetRequiredService<ILoggerFactory>();
        Sampler = new ConsoleSampler(jobs, Time, Loggers.Guarded("Lovage.Dashboard"));
        Facts = new ConsoleFacts(jobs, Time);
        ScheduleWatch = new ScheduleWatch(jobs, Schedules, Time);
        LocalRunner = services.GetRequiredService<LocalRunner>();
        LocalHistory = services.GetRequiredService<LocalHistory>();
        LocalSettings = services.GetRequiredService<LocalSettings>();
        LocalHistory.Follow();
        Catalog = new KnownJobs(jobs, Registry, Time);
    }

    internal IServiceProvider App { get; }

    internal JobInspector Jobs { get; }

    internal JobClient Client { get; }

    internal ScheduleClient Schedules { get; }

    internal JobRegistry Registry { get; }

    internal TimeProvider Time { get; }

    internal IHostEnvironment Environment { get; }

    internal IHostApplicationLifetime Lifetime { get; }

    internal LovageOptions Lovage { get; }

    internal LimitOptions Limits => Lovage.Limits;

    internal ILoggerFactory Loggers { get; }

    internal ConsoleSampler Sampler { get; }

    internal ConsoleFacts Facts { get; }

    internal ScheduleWatch ScheduleWatch { get; }

    internal KnownJobs Catalog { get; }

    internal LocalRunner LocalRunner { get; }

    internal LocalHistory LocalHistory { get; }

    internal LocalSettings LocalSettings { get; }

    /// <summary>The version of the app's entry assembly; empty when there is none.</summary>
    internal static string Version { get; } =
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "";

    /// <summary>The one of an app; made at the first call.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="caller">The method that the app called, for the message.</param>
    /// <exception cref="InvalidOperationException">The app has not called AddLovage.</exception>
    internal static ConsoleServices Of(IServiceProvider services, string caller)
    {
        var jobs = services.GetService<JobInspector>() ?? throw new InvalidOperationException(
            $"{caller}() needs Lovage. Call builder.AddLovage() before the app is built.");
        return Apps.GetValue(jobs, key =>
        {
            var console = new ConsoleServices(services, key);
            console.Follow();
            return console;
        });
    }

    /// <summary>
    /// Called after each look of the sampler, beside others. Called while the app maps its endpoints.
    /// </summary>
    internal void AfterEachLook(Func<CancellationToken, Task> follow)
    {
        var before = _afterLook;
        _afterLook = async token =>
        {
            await before(token);
            await follow(token);
        };
    }

    /// <summary>The next pages read anew what a change may have changed.</summary>
    internal void Forget()
    {
        Facts.Forget();
        ScheduleWatch.Forget();
    }

    /// <summary>The sampler looks while the app runs.</summary>
    private void Follow()
    {
        Lifetime.ApplicationStarted.Register(() => Sampler.Start(token => _afterLook(token)));
        Lifetime.ApplicationStopping.Register(Sampler.Stop);
    }
}

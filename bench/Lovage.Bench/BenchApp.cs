using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Bench;

/// <summary>An app as a user would set it up: the storage by its address, the jobs by the generator, one worker unless told otherwise.</summary>
internal sealed class BenchApp : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly string? _folder;

    private BenchApp(IHost host, string? folder)
    {
        _host = host;
        _folder = folder;
        Client = host.Services.GetRequiredService<JobClient>();
        Inspector = host.Services.GetRequiredService<JobInspector>();
        Schedules = host.Services.GetRequiredService<ScheduleClient>();
    }

    internal JobClient Client { get; }

    internal JobInspector Inspector { get; }

    internal ScheduleClient Schedules { get; }

    internal static async Task<BenchApp> StartAsync(BenchOptions options, bool worker = true, int? schedulesMax = null)
    {
        var (address, folder) = Address(options.Storage);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        var lovage = builder.AddLovage(o =>
        {
            o.Storage = address;
            o.Limits.EnqueueTimeout = TimeSpan.FromSeconds(30);
            o.Limits.SchedulesMax = schedulesMax ?? o.Limits.SchedulesMax;
        }).AddJobs();
        if (worker)
        {
            lovage.AddWorker(w =>
            {
                w.Concurrency = options.Concurrency;
                w.PrefetchMax = options.Prefetch ?? w.PrefetchMax;
            });
        }

        var host = builder.Build();
        await host.StartAsync();
        return new BenchApp(host, folder);
    }

    /// <summary>The address of a storage of its own, and the folder that goes with it.</summary>
    internal static (string Address, string? Folder) Address(string storage)
    {
        if (storage != "sqlite")
        {
            return (storage == "memory" ? "memory:" : storage, null);
        }

        var folder = Directory.CreateTempSubdirectory("lovage-bench-").FullName;
        return ($"sqlite:{Path.Combine(folder, "lovage.db")}", folder);
    }

    /// <summary>Fills the default queue while it is paused, so that nothing runs before the clock does.</summary>
    internal async Task FillAsync(int jobs)
    {
        await Inspector.PauseAsync("default", "being filled");
        const int Part = 10_000;
        for (var from = 0; from < jobs; from += Part)
        {
            await Client.EnqueueAsync([.. Enumerable.Range(from, Math.Min(Part, jobs - from)).Select(i => (Job)BenchJobs.Noop(i))]);
        }
    }

    /// <summary>Waits until the storage has recorded an outcome for each.</summary>
    internal async Task RecordedAsync(long succeeded)
    {
        while ((await Inspector.CountersAsync()).Sum(counter => counter.Succeeded) < succeeded)
        {
            await Task.Delay(2);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

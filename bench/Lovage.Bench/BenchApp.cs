using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Bench;

/// <summary>
/// An app as a user would set it up: the storage by its address, the jobs by the generator, one worker unless told
/// otherwise.
/// </summary>
internal sealed class BenchApp : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly BenchStorage _storage;

    private BenchApp(IHost host, BenchStorage storage)
    {
        _host = host;
        _storage = storage;
        Client = host.Services.GetRequiredService<JobClient>();
        Inspector = host.Services.GetRequiredService<JobInspector>();
        Schedules = host.Services.GetRequiredService<ScheduleClient>();
    }

    internal JobClient Client { get; }

    internal JobInspector Inspector { get; }

    internal ScheduleClient Schedules { get; }

    internal static async Task<BenchApp> StartAsync(BenchOptions options, bool worker = true, int? schedulesMax = null)
    {
        var storage = BenchStorage.Create(options.Storage);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        var lovage = builder.AddLovage(o =>
        {
            o.Storage = storage.Address;
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
        return new BenchApp(host, storage);
    }

    /// <summary>Fills the default queue while it is paused, so that nothing runs before the clock does.</summary>
    internal async Task FillAsync(int jobs)
    {
        await Inspector.PauseAsync("default", "being filled");
        const int Part = 10_000;
        for (var from = 0; from < jobs; from += Part)
        {
            await Client.EnqueueAsync(
                [.. Enumerable.Range(from, Math.Min(Part, jobs - from)).Select(i => (Job)BenchJobs.Noop(i))]);
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
        await _storage.DisposeAsync();
    }
}

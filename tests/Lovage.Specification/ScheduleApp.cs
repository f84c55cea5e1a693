using Lovage.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.Specification;

/// <summary>One process of an app that has schedules in its code, over a storage that outlives it.</summary>
internal sealed class ScheduleApp : IAsyncDisposable
{
    private const int Compared = 5016;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly EventLog _lines = new();
    private readonly IHost _host;

    private ScheduleApp(JobStorage storage, TimeProvider time, string version, Action<LovageBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "shop", EnvironmentName = "Development" });
        builder.Configuration["Lovage:AppVersion"] = version;
        builder.Logging.AddProvider(_lines).SetMinimumLevel(LogLevel.Debug);
        configure(builder.AddLovage().UseTime(time).UseStorage(new SharedStorage(storage)));
        _host = builder.Build();
    }

    internal ScheduleClient Schedules => _host.Services.GetRequiredService<ScheduleClient>();

    /// <summary>Starts the app and waits until it has compared its schedules with the storage.</summary>
    internal static async Task<ScheduleApp> StartAsync(
        JobStorage storage, TimeProvider time, string version, Action<LovageBuilder> configure)
    {
        var app = new ScheduleApp(storage, time, version, configure);
        await app._host.StartAsync(TestContext.Current.CancellationToken);
        await app.FirstOfAsync(Compared);
        return app;
    }

    /// <summary>The lines of an event so far.</summary>
    internal string[] Logged(int id) =>
        [.. _lines.All.Where(line => line.Event == id).Select(static line => line.Text)];

    /// <summary>Waits for the first line of an event.</summary>
    internal Task FirstOfAsync(int id) =>
        _lines.FirstAsync(id).WaitAsync(Patience, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
        _lines.Dispose();
    }

    /// <summary>A storage that is open before the app starts, and stays open after it.</summary>
    private sealed class SharedStorage(JobStorage inner) : JobStorage
    {
        public override string Description => inner.Description;

        public override IReadOnlyList<string> Warnings => [];

        public override JobBroker Broker => inner.Broker;

        public override JobStore Store => inner.Store;

        public override JobHistory? History => inner.History;

        public override WorkerDirectory? Workers => inner.Workers;

        public override ScheduleStore? Schedules => inner.Schedules;

        public override SignalBus Signals => inner.Signals;

        public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

        public override ValueTask PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

        protected override ValueTask DisposeCoreAsync() => default;
    }
}

using System.Data.Common;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// An app whose jobs take part in transactions: a client that enqueues together with rows of the app's own, and a
/// worker whose handlers read and write such rows. The worker polls so seldom that only a hint wakes it in time, where
/// there are hints.
/// </summary>
public abstract class TransactionApp<TFixture> : IAsyncLifetime
    where TFixture : TransactionAppFixture, new()
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly EventLog _logs = new();
    private readonly List<IHost> _hosts = [];

    protected TFixture Fixture { get; } = new();

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What the app has logged, with the numbers of the events.</summary>
    protected IEnumerable<(int Event, string Text)> Logs => _logs.All;

    public ValueTask InitializeAsync() => Fixture.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        _logs.Dispose();
        await Fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts an app with a worker that knows these jobs.</summary>
    protected Task<JobClient> StartAsync(params JobDefinition[] definitions) => StartAsync([], definitions);

    /// <summary>Starts an app without a worker.</summary>
    protected Task<JobClient> StartAsync(Action<LovageBuilder> configure, params JobDefinition[] definitions) =>
        StartAsync([], configure, definitions);

    /// <summary>Starts an app with a worker and settings of its own.</summary>
    protected Task<JobClient> StartAsync((string Key, string Value)[] settings, params JobDefinition[] definitions) =>
        StartAsync(
            settings,
            lovage => lovage.AddWorker(worker =>
            {
                worker.PollInterval = Fixture.PollInterval;
                worker.Concurrency = 4;
            }),
            definitions);

    private async Task<JobClient> StartAsync(
        (string Key, string Value)[] settings, Action<LovageBuilder> configure, JobDefinition[] definitions)
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = "Development" });
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value;
        }

        builder.Logging.AddProvider(_logs);
        var lovage = builder.AddLovage().UseStorage(Storage);
        configure(lovage);
        foreach (var definition in definitions)
        {
            lovage.AddJob(definition with { Retry = new RetryPolicy { Delay = TimeSpan.Zero } });
        }

        _hosts.Add(builder.Build());
        await _hosts[^1].StartAsync(Stop);
        return Jobs;
    }

    /// <summary>A client of the app that was started last.</summary>
    protected JobClient Jobs => _hosts[^1].Services.GetRequiredService<JobClient>();

    /// <summary>The services of the app that was started last.</summary>
    protected IServiceProvider Services => _hosts[^1].Services;

    /// <summary>The storage of the app.</summary>
    protected JobStorage Storage => field ??= Fixture.NewStorage();

    protected async Task StopAsync() => await _hosts[^1].StopAsync(Stop);

    protected static JobDefinition Handler(string name, Func<JobInvocation, Task> run) =>
        new(name, async invocation => await run(invocation));

    /// <summary>
    /// The effect of a handler: a row with the job's id, in a transaction that is rolled back unless it is committed.
    /// </summary>
    protected async Task PayAsync(JobInvocation run, Func<AppTransaction, Task> complete)
    {
        await using var transaction = await Fixture.BeginAsync(Jobs);
        await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{run.Context.Id}')");
        await complete(transaction);
    }

    protected static async Task ExecuteAsync(DbTransaction transaction, string sql)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Stop);
    }

    /// <summary>How many were enqueued and have succeeded.</summary>
    protected async Task<(long Enqueued, long Succeeded)> CountersAsync(string name)
    {
        var counter = Assert.Single(
            await ReadAsync(static storage => storage.History!.CountersAsync(Stop)), counter => counter.Name == name);
        return (counter.Enqueued, counter.Succeeded);
    }

    /// <summary>Reads by a storage of its own: the app may have stopped.</summary>
    protected async Task<T> ReadAsync<T>(Func<JobStorage, ValueTask<T>> read)
    {
        await using var storage = Fixture.NewStorage();
        await storage.OpenAsync(Stop);
        return await read(storage);
    }
}

using System.Collections.Concurrent;
using Lovage.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Sqlite.Tests;

/// <summary>
/// An app that writes to the file which it shares with Lovage, and two hosts whose workers have short leases, as two
/// processes have them.
/// </summary>
public sealed class SharedApp : IAsyncDisposable
{
    internal static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    private readonly TempFolder _folder = new();
    private readonly List<IHost> _hosts = [];

    /// <summary>Attempts that have begun, by job.</summary>
    internal ConcurrentDictionary<JobId, int> Runs { get; } = [];

    /// <summary>Attempts whose handler was cancelled, with the reason.</summary>
    internal ConcurrentQueue<string> Cancelled { get; } = [];

    internal string File => _folder.File;

    internal JobClient Jobs => _hosts[0].Services.GetRequiredService<JobClient>();

    /// <summary>What ends the handlers of <c>hold</c>.</summary>
    internal TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal async Task StartAsync(CancellationToken stop, int hosts = 2)
    {
        await ExecuteAsync("CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT NOT NULL)", stop);
        for (var i = 0; i < hosts; i++)
        {
            _hosts.Add(Build());
            await _hosts[^1].StartAsync(stop);
        }
    }

    internal SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={File}");
        connection.Open();
        return connection;
    }

    internal async Task ExecuteAsync(string sql, CancellationToken stop)
    {
        await using var connection = Open();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>A write transaction of the app that takes its time.</summary>
    internal Task WriteForAsync(TimeSpan duration, CancellationToken stop) =>
        WriteAsync(() => Task.Delay(duration, TimeProvider.System, stop), stop);

    /// <summary>A write transaction of the app, with something in it.</summary>
    internal async Task WriteAsync(Func<Task> inside, CancellationToken stop)
    {
        await using var connection = Open();
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using var command = connection.CreateCommand();
        command.Transaction = (SqliteTransaction)transaction;
        command.CommandText = "INSERT INTO customer(name) VALUES ('slow')";
        await command.ExecuteNonQueryAsync(stop);
        await inside();
        await transaction.CommitAsync(stop);
    }

    /// <summary>The status of a health check of the first host, with its reason.</summary>
    internal async Task<(HealthStatus Status, string Reason)> HealthAsync(string check, CancellationToken stop)
    {
        var report = await _hosts[0].Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(it => it.Name == check, stop);
        var entry = report.Entries[check];
        return (entry.Status, entry.Description ?? "");
    }

    public async ValueTask DisposeAsync()
    {
        Released.TrySetResult();
        foreach (var host in _hosts)
        {
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "shop", EnvironmentName = "Development" });
        builder.Logging.ClearProviders();
        builder.AddLovage(options => options.Storage = $"sqlite:{File}?shared=true&synchronous=normal")
            .AddStorageProvider(new SqliteStorageProvider())
            .AddWorker(static worker =>
            {
                (worker.Concurrency, worker.Lease) = (8, Lease);
                (worker.SweepInterval, worker.PollInterval) =
                    (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));
            })
            .AddJob(new JobDefinition("hold", HoldAsync))
            .AddJob(new JobDefinition("quick", run =>
            {
                Runs.AddOrUpdate(run.Context.Id, 1, static (_, count) => count + 1);
                return default;
            }));
        builder.Services.Configure<LovageOptions>(static options => options.Worker.Lease = Lease);
        return builder.Build();
    }

    private async ValueTask HoldAsync(JobInvocation run)
    {
        Runs.AddOrUpdate(run.Context.Id, 1, static (_, count) => count + 1);
        try
        {
            await Released.Task.WaitAsync(run.Context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancelled.Enqueue(run.Context.CancellationReason.ToString());
            throw;
        }
    }
}

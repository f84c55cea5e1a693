using System.Collections.Concurrent;
using Lovage.Specification;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// An app whose server goes away and comes back, or can only be read for a while: the app goes on by itself, and says
/// once that it could not.
/// </summary>
public sealed class OutageTests
{
    private const int Began = 3030;
    private const int Over = 3031;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task App_ServerIsAwayForSeconds_LogsTwoLinesAndGoesOn()
    {
        SkipUnlessInstalled();
        var server = await PostgreSqlServer.CreateAsync("fsync=off");
        try
        {
            using var log = new LineLog();
            using var host = await StartAsync(server.ConnectionString, log);
            var jobs = host.Services.GetRequiredService<JobClient>();
            await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
            var waiting = await jobs.EnqueueAsync(Job.Create("look") with { Delay = TimeSpan.FromSeconds(6) }, Stop);
            log.Clear();

            await server.EndAsync(ServerEnd.Immediate);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(i * 200), Stop);
                await Assert.ThrowsAsync<StorageException>(
                    async () => await jobs.EnqueueAsync(Job.Create("look"), Stop));
            }));
            await server.StartAsync();

            await waiting.WaitAsync(Patience, Stop);
            await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
            await log.WaitForAsync(Over, Patience);
            int[] told = [.. log.Events.Where(static line => line != 2001)];
            Assert.Equal([Began, Over], told);
            await host.StopAsync(Stop);
        }
        finally
        {
            await server.StopAsync();
        }
    }

    [Fact]
    public async Task App_SessionsAreReadOnlyForAWhile_WorksAgainOnceTheServerCanBeWritten()
    {
        SkipUnlessInstalled();
        var server = await PostgreSqlServer.GetAsync();
        var database = $"readonly_{Guid.NewGuid():N}";
        await server.ExecuteAsync($"CREATE DATABASE {database}");
        try
        {
            var address = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database };
            using var log = new LineLog();
            using (var host = await StartAsync(address.ConnectionString, log))
            {
                var jobs = host.Services.GetRequiredService<JobClient>();
                await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
                var storage = (PostgreSqlStorage)host.Services.GetRequiredService<JobStorage>();

                // As after a fail-over: sockets stay open, and each new session finds a server that cannot be written.
                await server.ExecuteAsync(
                    $"ALTER DATABASE {database} SET default_transaction_read_only = on; SELECT "
                        + $"pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
                for (var i = 0; i < 6; i++)
                {
                    await Assert.ThrowsAsync<StorageException>(
                        async () => await jobs.EnqueueAsync(Job.Create("look"), Stop));
                    await Task.Delay(TimeSpan.FromMilliseconds(300), Stop);
                }

                var listening = storage.ListeningSession;
                await server.ExecuteAsync($"ALTER DATABASE {database} SET default_transaction_read_only = off");

                // The first call meets a session of the time before, and is made again in a new one.
                var handle = await jobs.EnqueueAsync(Job.Create("look"), Stop);
                await handle.WaitAsync(TimeSpan.FromSeconds(10), Stop);
                Assert.NotEqual(listening, storage.ListeningSession);
                await log.WaitForAsync(Over, Patience);
                Assert.Single(log.Events, static line => line == Began);
                await host.StopAsync(Stop);
            }
        }
        finally
        {
            await server.ExecuteAsync($"DROP DATABASE {database} WITH (FORCE)");
        }
    }

    private static void SkipUnlessInstalled() =>
        Assert.SkipUnless(PostgreSqlServer.IsInstalled, "PostgreSQL is not installed (apt-get install postgresql).");

    private static async Task<IHost> StartAsync(string connectionString, LineLog log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = "Production" });
        builder.Logging.AddProvider(log);
        builder.AddLovage().UseStorage($"postgres:{connectionString}")
            .AddJob(new JobDefinition("look", static _ => default))
            .AddWorker(static worker => worker.PollInterval = TimeSpan.FromSeconds(1));
        var host = builder.Build();
        await host.StartAsync(Stop);
        return host;
    }

    /// <summary>The events that a log at its default level shows.</summary>
    private sealed class LineLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<int> _events = new();
        private readonly WakeUp _came = new();

        internal IEnumerable<int> Events => _events;

        internal void Clear() => _events.Clear();

        internal async Task WaitForAsync(int line, TimeSpan patience)
        {
            while (true)
            {
                var seen = _came.Version;
                if (_events.Contains(line))
                {
                    return;
                }

                Assert.True(
                    await _came.WaitAsync(seen, patience, TimeProvider.System, Stop),
                    $"Event {line} was never logged.");
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && eventId.Id > 0)
            {
                _events.Enqueue(eventId.Id);
                _came.Pulse();
            }
        }

        public void Dispose()
        {
        }
    }
}

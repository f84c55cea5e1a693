using System.Globalization;
using System.Runtime.CompilerServices;
using Lovage.PostgreSql.Tests;
using Npgsql;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>A schema of its own on this run's server. Where PostgreSQL is not installed the test is skipped.</summary>
public sealed class PostgreSqlUnderTest : StorageUnderTest
{
    private static readonly StrongBox<int> Number = new();

    private readonly string _schema = NewSchema();
    private PostgreSqlServer? _server;

    public override string Address => AddressOf(_server!.Port, _schema);

    public override async ValueTask CreateAsync(string folder) => _server = await PostgreSqlServer.GetAsync();

    protected override async ValueTask DropAsync()
    {
        if (_server is not null)
        {
            await _server.ExecuteAsync($"DROP SCHEMA IF EXISTS {_schema} CASCADE");
        }
    }

    /// <summary>For what tries the worker more than its storage; the usual run has it on SQLite.</summary>
    internal static PostgreSqlUnderTest ForLongRuns()
    {
        Assert.SkipUnless(
            FaultLab.IsLong,
            "On PostgreSQL only in the long run (./test.sh --long): in the usual one it runs on SQLite.");
        return new PostgreSqlUnderTest();
    }

    internal static string NewSchema() =>
        string.Create(CultureInfo.InvariantCulture, $"faults_{Interlocked.Increment(ref Number.Value)}");

    internal static string AddressOf(int port, string schema) =>
        string.Create(CultureInfo.InvariantCulture, $"postgres://lovage@127.0.0.1:{port}/postgres?schema={schema}");
}

/// <summary>The same behind a proxy, on a server that can be killed.</summary>
public sealed class PostgreSqlServerUnderTest : ServerUnderTest
{
    private readonly string _schema = PostgreSqlUnderTest.NewSchema();
    private PostgreSqlServer? _server;

    public override string Address => PostgreSqlUnderTest.AddressOf(Proxy.Port, _schema);

    private PostgreSqlServer Server => _server!;

    internal override async Task<string?> EndSessionAsync(Random random)
    {
        await using var connection = new NpgsqlConnection(Server.ConnectionString);
        await connection.OpenAsync();
        var sessions = new List<(int Id, string Name)>();
        await using (var command = new NpgsqlCommand(
            "SELECT pid, application_name FROM pg_stat_activity WHERE application_name LIKE 'lovage%' ORDER BY pid",
            connection))
        await using (var rows = await command.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                sessions.Add((rows.GetInt32(0), rows.GetString(1)));
            }
        }

        if (sessions.Count == 0)
        {
            return null;
        }

        var victim = sessions[random.Next(sessions.Count)];
        await using var terminate = new NpgsqlCommand("SELECT pg_terminate_backend($1)", connection)
        {
            Parameters = { new() { Value = victim.Id } },
        };
        return (bool)(await terminate.ExecuteScalarAsync())! ? victim.Name : null;
    }

    internal override Task KillAsync(int round) =>
        Server.EndAsync(round % 2 == 0 ? ServerEnd.Kill : ServerEnd.Immediate);

    internal override Task StartAsync() => Server.StartAsync();

    internal override async Task<bool> IsRearmedAsync(DateTimeOffset since, int processes, int renewing)
    {
        var text = since.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        return await CountAsync("lovage hints") >= processes && await CountAsync("lovage renewals") >= renewing;

        Task<long> CountAsync(string name) =>
            Server.ScalarAsync<long>(
                $"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND backend_start > "
                    + $"'{text}'");
    }

    /// <summary>Grows with each call that changes something: each adds a line to what is counted.</summary>
    internal Task<long> WritesAsync() => Server.ScalarAsync<long>($"SELECT count(*) FROM {_schema}.tally");

    protected override async Task<int> StartOnceAsync()
    {
        _server = await PostgreSqlServer.GetAsync();
        return _server.Port;
    }

    protected override async ValueTask RemoveAsync() =>
        await Server.ExecuteAsync($"DROP SCHEMA IF EXISTS {_schema} CASCADE");
}

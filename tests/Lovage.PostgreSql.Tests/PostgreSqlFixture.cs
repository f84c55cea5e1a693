using System.Globalization;
using System.Runtime.CompilerServices;
using Lovage.Specification;
using Npgsql;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// An empty schema for each scope; the second handle is a second storage on the same schema, with connections of its
/// own.
/// </summary>
public class PostgreSqlFixture : StorageFixture
{
    private static readonly StrongBox<int> Number = new();

    public override async ValueTask<StorageScope> OpenAsync()
    {
        var server = await PostgreSqlServer.GetAsync();
        var connectionString = await ConnectionStringAsync();
        var time = new ManualTimeProvider();
        var schema = SchemaPool.Take();
        var options = Options(server, schema) with { ConnectionString = connectionString, Time = time, Clock = time };
        var storage = await OpenAsync(options);
        var other = new SecondHandle(async () => await OpenAsync(options));
        var connections = new List<NpgsqlConnection>();
        return new StorageScope(storage, other, time, async () =>
        {
            connections.ForEach(static connection => connection.Dispose());
            await SchemaPool.ReturnAsync(server, schema);
        })
        {
            BeginAsync = async () =>
            {
                connections.Add(new NpgsqlConnection(connectionString));
                await connections[^1].OpenAsync(CancellationToken.None);
                return await connections[^1].BeginTransactionAsync(CancellationToken.None);
            },
        };
    }

    /// <summary>A name that no other test of this run has.</summary>
    public static string NewSchema() =>
        string.Create(CultureInfo.InvariantCulture, $"lovage_{Interlocked.Increment(ref Number.Value)}");

    public static PostgreSqlStorageOptions Options(PostgreSqlServer server, string schema) =>
        new() { ConnectionString = server.ConnectionString, Schema = schema };

    private static async Task<PostgreSqlStorage> OpenAsync(PostgreSqlStorageOptions options)
    {
        var storage = new PostgreSqlStorage(options);
        await storage.OpenAsync(CancellationToken.None);
        return storage;
    }

    /// <summary>By which the storages and the transactions of their callers reach the server.</summary>
    protected virtual async Task<string> ConnectionStringAsync() =>
        (await PostgreSqlServer.GetAsync()).ConnectionString;
}

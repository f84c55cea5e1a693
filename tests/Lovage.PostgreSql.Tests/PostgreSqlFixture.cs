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
        var warm = WarmStorages.Take(server, connectionString);
        var connections = new List<NpgsqlConnection>();
        return warm.Begin(
            async () =>
            {
                connections.Add(new NpgsqlConnection(connectionString));
                await connections[^1].OpenAsync(CancellationToken.None);
                return await connections[^1].BeginTransactionAsync(CancellationToken.None);
            },
            async () =>
            {
                connections.ForEach(static connection => connection.Dispose());
                await warm.ReturnAsync();
            });
    }

    /// <summary>A name that no other test of this run has.</summary>
    public static string NewSchema() =>
        string.Create(CultureInfo.InvariantCulture, $"lovage_{Interlocked.Increment(ref Number.Value)}");

    public static PostgreSqlStorageOptions Options(PostgreSqlServer server, string schema) =>
        new() { ConnectionString = server.ConnectionString, Schema = schema };

    /// <summary>By which the storages and the transactions of their callers reach the server.</summary>
    protected virtual async Task<string> ConnectionStringAsync() =>
        (await PostgreSqlServer.GetAsync()).ConnectionString;
}

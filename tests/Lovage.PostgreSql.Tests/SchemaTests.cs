using Lovage.Specification;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// A schema of the test's own on this run's server. Where PostgreSQL is not installed the test is skipped.
/// </summary>
public abstract class SchemaTests : IAsyncLifetime
{
    /// <summary>For what comes at once, or never.</summary>
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected string Schema { get; } = PostgreSqlFixture.NewSchema();

    private protected TestData Data { get; } = new(TimeProvider.System);

    private protected PostgreSqlServer Server { get; private set; } = null!;

    private protected PostgreSqlStorageOptions Options => PostgreSqlFixture.Options(Server, Schema);

    public async ValueTask InitializeAsync() => Server = await PostgreSqlServer.GetAsync();

    public async ValueTask DisposeAsync()
    {
        await Server.ExecuteAsync($"DROP SCHEMA IF EXISTS {Schema} CASCADE");
        GC.SuppressFinalize(this);
    }

    private protected static async Task<PostgreSqlStorage> OpenAsync(PostgreSqlStorageOptions options)
    {
        var storage = new PostgreSqlStorage(options);
        await storage.OpenAsync(Stop);
        return storage;
    }

    private protected async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(Server.ConnectionString);
        await connection.OpenAsync(Stop);
        return connection;
    }
}

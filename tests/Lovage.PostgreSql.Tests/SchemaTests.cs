using System.Collections.Concurrent;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// An empty schema of this run's server. Where PostgreSQL is not installed the test is skipped.
/// </summary>
public abstract class SchemaTests : IAsyncLifetime
{
    /// <summary>For what comes at once, or never.</summary>
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(PostgreSqlStorage Storage, string Owner), JobReceiver> _receivers = new();

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected string Schema { get; } = SchemaPool.Take();

    private protected TestData Data { get; } = new(TimeProvider.System);

    private protected PostgreSqlServer Server { get; private set; } = null!;

    private protected PostgreSqlStorageOptions Options => PostgreSqlFixture.Options(Server, Schema);

    public async ValueTask InitializeAsync() => Server = await PostgreSqlServer.GetAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var receiver in _receivers.Values)
        {
            await receiver.DisposeAsync();
        }

        await SchemaPool.ReturnAsync(Server, Schema);
        GC.SuppressFinalize(this);
    }

    private protected static async Task<PostgreSqlStorage> OpenAsync(PostgreSqlStorageOptions options)
    {
        var storage = new PostgreSqlStorage(options);
        await storage.OpenAsync(Stop);
        return storage;
    }

    /// <summary>
    /// Jobs that a storage's receiver claims: the same receiver at each call, without waiting by default.
    /// </summary>
    private protected async Task<IReadOnlyList<Delivery>> ReceiveAsync(
        PostgreSqlStorage storage, int max = 100, string owner = "one", TimeSpan wait = default)
    {
        var receiver = _receivers.GetOrAdd(
            (storage, owner),
            static key => key.Storage.Broker.OpenReceiver(TestData.Owner(key.Owner), [TestData.Queue], Lease));
        return (await receiver.ReceiveAsync(max, wait, Stop)).Deliveries;
    }

    /// <summary>The same, for longer than any test lasts.</summary>
    private protected Task<IReadOnlyList<Delivery>> WaitForJobsAsync(PostgreSqlStorage storage, int max = 100) =>
        ReceiveAsync(storage, max, wait: TimeSpan.FromHours(1));

    private protected async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(Server.ConnectionString);
        await connection.OpenAsync(Stop);
        return connection;
    }
}

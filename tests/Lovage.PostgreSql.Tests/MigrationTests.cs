using System.Globalization;
using Lovage.PostgreSql.Schema;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

public sealed class MigrationTests : IAsyncLifetime
{
    private readonly string _schema = PostgreSqlFixture.NewSchema();
    private PostgreSqlServer _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await PostgreSqlServer.GetAsync();

    public async ValueTask DisposeAsync() => await _server.ExecuteAsync($"DROP SCHEMA IF EXISTS {_schema} CASCADE");

    [Fact]
    public async Task Open_NoTables_MakesThemAndOpeningAgainChangesNothing()
    {
        await using (var first = await OpenAsync())
        {
            await first.Broker.PublishAsync([new TestData(TimeProvider.System).Message()], Stop);
        }

        var made = await StepsAsync();
        await using var second = await OpenAsync();

        Assert.Equal(made, await StepsAsync());
        Assert.Equal(1, Assert.Single(await second.Broker.QueuesAsync(Stop)).Ready);
        Assert.Contains(_schema, second.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ByManyAtOnce_MakesTheTablesOnce()
    {
        var storages = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OpenAsync()));

        Assert.Equal(
            PostgreSqlSchema.Version, await _server.ScalarAsync<long>($"SELECT count(*) FROM {_schema}.version"));
        foreach (var storage in storages)
        {
            await storage.PingAsync(Stop);
            await storage.DisposeAsync();
        }
    }

    [Fact]
    public async Task Open_ChangedStep_IsRefused()
    {
        await (await OpenAsync()).DisposeAsync();
        await _server.ExecuteAsync($"UPDATE {_schema}.version SET checksum = 'another' WHERE version = 1");

        var fault = await RefusedAsync(PostgreSqlMigration.Always);

        Assert.Contains("checksum differs", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NewerTablesThatNeedALaterVersion_IsRefusedAndLeavesThemAlone()
    {
        await (await OpenAsync()).DisposeAsync();
        await AddStepAsync(readableFrom: PostgreSqlSchema.Version + 1);
        var before = await StepsAsync();

        var fault = await RefusedAsync(PostgreSqlMigration.Always);

        Assert.Contains("cannot work with", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, await StepsAsync());
    }

    [Theory]
    [InlineData(PostgreSqlMigration.Create)]
    [InlineData(PostgreSqlMigration.Always)]
    [InlineData(PostgreSqlMigration.Never)]
    public async Task Open_NewerTablesThatThisVersionCanRead_WorksAndLeavesThemAlone(PostgreSqlMigration migration)
    {
        await (await OpenAsync()).DisposeAsync();
        await AddStepAsync(readableFrom: PostgreSqlSchema.Version);
        var before = await StepsAsync();

        await using var storage = await OpenAsync(migration);
        await storage.Broker.PublishAsync([new TestData(TimeProvider.System).Message()], Stop);

        Assert.Equal(before, await StepsAsync());
    }

    [Theory]
    [InlineData(PostgreSqlMigration.Create)]
    [InlineData(PostgreSqlMigration.Always)]
    [InlineData(PostgreSqlMigration.Never)]
    public async Task Open_TablesOfAPreview_IsRefusedAndSaysWhatToDo(PostgreSqlMigration migration)
    {
        await _server.ExecuteAsync($"""
            CREATE SCHEMA {_schema};
            CREATE TABLE {_schema}.migration(version integer PRIMARY KEY, checksum text NOT NULL);
            INSERT INTO {_schema}.migration VALUES (1, 'of a preview');
            CREATE TABLE {_schema}.course(job bigint PRIMARY KEY)
            """);

        var fault = await RefusedAsync(migration);

        Assert.Contains(
            $"made by a preview: drain it with the old build, or drop the schema (DROP SCHEMA \"{_schema}\" CASCADE)",
            fault.Message,
            StringComparison.Ordinal);
        Assert.Equal(
            2,
            await _server.ScalarAsync<long>(
                $"SELECT count(*) FROM pg_tables WHERE schemaname = '{_schema}'"));
    }

    [Fact]
    public async Task Open_SchemaWithTablesOfAnApp_MakesOursBesideThem()
    {
        await _server.ExecuteAsync($"CREATE SCHEMA {_schema}; CREATE TABLE {_schema}.migration(name text)");

        await using var storage = await OpenAsync();

        Assert.Equal(0, await _server.ScalarAsync<long>($"SELECT count(*) FROM {_schema}.message"));
    }

    [Fact]
    public async Task Open_NoTablesAndNever_SaysWhatToDo()
    {
        var fault = await RefusedAsync(PostgreSqlMigration.Never);

        Assert.Contains("has no tables", fault.Message, StringComparison.Ordinal);
        Assert.Contains("PostgreSqlSchema.MigrateAsync", fault.Message, StringComparison.Ordinal);
        await PostgreSqlSchema.MigrateAsync(Options(), Stop);
        await PostgreSqlSchema.MigrateAsync(Options(), Stop);
        await (await OpenAsync(PostgreSqlMigration.Never)).DisposeAsync();
    }

    [Fact]
    public async Task Open_NotUtf8_IsRefused()
    {
        var name = $"{_schema}_latin";
        await _server.ExecuteAsync(
            $"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        var builder = new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name, Pooling = false };
        await using var storage = new PostgreSqlStorage(
            new PostgreSqlStorageOptions { ConnectionString = builder.ConnectionString });

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));

        Assert.Contains("LATIN1", fault.Message, StringComparison.Ordinal);
        Assert.False(fault.IsTransient);
    }

    [Fact]
    public async Task Script_RunByHand_IsWhatOpeningMakes()
    {
        await _server.ExecuteAsync(PostgreSqlSchema.Script(_schema));

        await using var storage = await OpenAsync(PostgreSqlMigration.Never);

        Assert.Equal(
            Migration.Checksum(0),
            await _server.ScalarAsync<string>($"SELECT checksum FROM {_schema}.version WHERE version = 1"));
        Assert.DoesNotContain("lovage.", PostgreSqlSchema.Script(_schema), StringComparison.Ordinal);
        Assert.Empty(PostgreSqlSchema.Script(_schema, PostgreSqlSchema.Version));
    }

    [Fact]
    public async Task Grants_UserWithNothingElse_CanWorkAndCannotChangeTables()
    {
        var user = $"{_schema}_user";
        await PostgreSqlSchema.MigrateAsync(Options(), Stop);
        await _server.ExecuteAsync($"CREATE ROLE {user} LOGIN; {PostgreSqlSchema.Grants(user, _schema)}");
        try
        {
            var options = Options() with
            {
                ConnectionString =
                    new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Username = user }.ConnectionString,
            };
            await using (var storage = new PostgreSqlStorage(options))
            {
                await storage.OpenAsync(Stop);
                var data = new TestData(TimeProvider.System);
                await storage.Broker.PublishAsync([data.Message()], Stop);
                await using var receiver = storage.Broker.OpenReceiver(
                    TestData.Owner(), [TestData.Queue], TimeSpan.FromSeconds(30));
                var delivery = Assert.Single((await receiver.ReceiveAsync(1, TimeSpan.Zero, Stop)).Deliveries);
                Assert.Equal(
                    SettleStatus.Applied,
                    Assert.Single(await storage.Store.SettleAsync([data.Outcome(delivery)], Stop)).Status);
                await storage.Workers!.BeatAsync(
                    new WorkerBeat
                    {
                        Owner = TestData.Owner(),
                        Host = "host",
                        Version = "1",
                        StartedAt = TimeProvider.System.GetUtcNow(),
                        Queues = [TestData.Queue],
                        Slots = 1,
                        Running = 0,
                        Names = new JobNameSet(["tasks.add"]),
                    },
                    Stop);
                Assert.Single(await storage.Workers.ListAsync(Stop));
                await storage.Broker.ReclaimAsync([], 10, Stop);
                Assert.Equal(
                    1, await storage.Store.PruneAsync(new RetentionPolicy(TimeSpan.Zero, TimeSpan.Zero, 0), 10, Stop));
                Assert.NotNull(await storage.Schedules!.SaveAsync(data.Schedule(), Stop));
                Assert.True(await storage.Schedules.TryLeadAsync("one", TimeSpan.FromSeconds(10), Stop));
            }

            await using var connection = new NpgsqlConnection(options.ConnectionString + ";Pooling=false");
            await connection.OpenAsync(Stop);
            await using var command = new NpgsqlCommand(
                $"ALTER TABLE {_schema}.ready ADD COLUMN x integer", connection);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Stop));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        finally
        {
            await _server.ExecuteAsync($"DROP OWNED BY {user}; DROP ROLE {user}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Lovage")]
    [InlineData("1st")]
    [InlineData("a b")]
    [InlineData("a\"; DROP TABLE x; --")]
    [InlineData("a_name_that_is_longer_than_it_may_be_for_a_schema")]
    public void Schema_NameThatIsNotPlain_IsRefused(string name) =>
        Assert.Throws<ArgumentException>(() => new PostgreSqlStorage(
            new PostgreSqlStorageOptions { ConnectionString = "Host=db;Database=jobs", Schema = name }));

    private PostgreSqlStorageOptions Options(PostgreSqlMigration migration = PostgreSqlMigration.Create) =>
        PostgreSqlFixture.Options(_server, _schema) with { Migration = migration };

    private async Task<PostgreSqlStorage> OpenAsync(PostgreSqlMigration migration = PostgreSqlMigration.Create)
    {
        var storage = new PostgreSqlStorage(Options(migration));
        await storage.OpenAsync(Stop);
        return storage;
    }

    private async Task<StorageException> RefusedAsync(PostgreSqlMigration migration)
    {
        await using var storage = new PostgreSqlStorage(Options(migration));
        var fault = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));
        Assert.False(fault.IsTransient);
        return fault;
    }

    private Task AddStepAsync(int readableFrom) => _server.ExecuteAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"INSERT INTO {_schema}.version(version, readable_from, checksum) VALUES ({PostgreSqlSchema.Version + 1}, "
            + $"{readableFrom}, 'of the future')"));

    private Task<string> StepsAsync() =>
        _server.ScalarAsync<string>(
            string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT string_agg(version || ' ' || checksum || ' ' || applied_at, ';' ORDER BY version) FROM "
                    + $"{_schema}.version"));
}

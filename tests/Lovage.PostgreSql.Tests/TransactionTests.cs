using System.Data;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>A schema of its own with a table of the app's beside Lovage's.</summary>
public class PostgreSqlTransactionAppFixture : TransactionAppFixture
{
    private NpgsqlDataSource _source = null!;
    private PostgreSqlServer _server = null!;
    private string _connectionString = "";

    public string Schema { get; } = PostgreSqlFixture.NewSchema();

    public override string Table => $"{Schema}.effect";

    public PostgreSqlServer Server => _server;

    public override async ValueTask StartAsync()
    {
        _server = await PostgreSqlServer.GetAsync();
        _connectionString = await ConnectionStringAsync();
        _source = NpgsqlDataSource.Create(_connectionString);
        await _server.ExecuteAsync($"CREATE SCHEMA {Schema}; CREATE TABLE {Table}(id text NOT NULL)");
    }

    public override JobStorage NewStorage() =>
        new PostgreSqlStorage(PostgreSqlFixture.Options(_server, Schema) with { ConnectionString = _connectionString });

    public override ValueTask<AppTransaction> BeginAsync(JobClient jobs) => BeginAsync(IsolationLevel.ReadCommitted);

    public async ValueTask<AppTransaction> BeginAsync(IsolationLevel level, string? connectionString = null)
    {
        var connection = connectionString is null ? _source.CreateConnection() : new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return new AppTransaction(await connection.BeginTransactionAsync(level), connection);
    }

    public override ValueTask<long> CountAsync(string condition = "true") =>
        new(_server.ScalarAsync<long>($"SELECT count(*) FROM {Table} WHERE {condition}"));

    public override async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _server.ExecuteAsync($"DROP SCHEMA IF EXISTS {Schema} CASCADE");
        GC.SuppressFinalize(this);
    }

    /// <summary>By which the storage and the app reach the server.</summary>
    protected virtual async Task<string> ConnectionStringAsync() =>
        (await PostgreSqlServer.GetAsync()).ConnectionString;
}

/// <summary>
/// Transactions of an app on PostgreSQL, and what only a server with sessions of its own can get wrong.
/// </summary>
public sealed class TransactionTests : TransactionAppSpecification<PostgreSqlTransactionAppFixture>
{
    [Fact]
    public async Task Enqueue_LongOpenTransaction_IsNotClaimableBeforeItsCommit()
    {
        var runs = 0;
        var jobs = await StartAsync(Handler("look", _ =>
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        }));

        await using var transaction = await Fixture.BeginAsync(jobs);
        var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
        for (var i = 0; i < 20; i++)
        {
            // Jobs that come later overtake it, whatever its number.
            await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        }

        Assert.Equal(20, Volatile.Read(ref runs));
        Assert.Null(await handle.FindAsync(Stop));
        await transaction.CommitAsync(Stop);
        await handle.WaitAsync(Patience, Stop);
        Assert.Equal(21, Volatile.Read(ref runs));
    }

    [Theory]
    [InlineData(IsolationLevel.ReadCommitted)]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public async Task Transaction_OfAnotherLevelAndSession_WorksAllTheSame(IsolationLevel level)
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await using var own = await Fixture.BeginAsync(level);
            await ExecuteAsync(
                own,
                "SET search_path TO 'nowhere'; SET statement_timeout = '9s'; SET plan_cache_mode = auto; SET "
                    + "bytea_output = 'escape'; SET timezone = 'Asia/Tokyo'");
            await ExecuteAsync(own, $"INSERT INTO {Fixture.Table} VALUES ('{run.Context.Id}')");
            await run.Context.CompleteInTransactionAsync(own, "done", Stop);
            await own.CommitAsync(Stop);
        }));

        JobHandle<string> handle;
        await using (var transaction = await Fixture.BeginAsync(level))
        {
            await ExecuteAsync(transaction, "SET LOCAL search_path TO ''; SET LOCAL statement_timeout = '9s'");
            handle = await jobs.EnqueueAsync(Job.Create<string>("pay"), transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal("done", await handle.WaitAsync(Patience, Stop));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Transaction_OfAUserWithTheGrantedRights_IsEnough()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        var user = $"user_{Fixture.Schema}";
        await Fixture.Server.ExecuteAsync($"CREATE USER {user}");
        var connectionString = new NpgsqlConnectionStringBuilder(Fixture.Server.ConnectionString)
        {
            Username = user,
            Pooling = false,
        }.ConnectionString;
        try
        {
            await using (var refused = await Fixture.BeginAsync(IsolationLevel.ReadCommitted, connectionString))
            {
                var fault = await Assert.ThrowsAsync<StorageException>(
                    async () => await jobs.EnqueueAsync(Job.Create("look"), refused, Stop));
                Assert.Contains("PostgreSqlSchema.Grants", fault.Message, StringComparison.Ordinal);
            }

            await Fixture.Server.ExecuteAsync(PostgreSqlSchema.Grants(user, Fixture.Schema));
            await using var transaction = await Fixture.BeginAsync(IsolationLevel.ReadCommitted, connectionString);
            var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await transaction.CommitAsync(Stop);
            await handle.WaitAsync(Patience, Stop);
        }
        finally
        {
            await Fixture.Server.ExecuteAsync($"DROP OWNED BY {user}; DROP USER {user}");
        }
    }

    [Fact]
    public async Task Transaction_OfAnotherDatabase_IsRefusedAndStaysGood()
    {
        var jobs = await StartAsync();
        await Fixture.Server.ExecuteAsync($"CREATE DATABASE other_{Fixture.Schema}");
        var elsewhere = new NpgsqlConnectionStringBuilder(Fixture.Server.ConnectionString)
        {
            Database = $"other_{Fixture.Schema}",
            Pooling = false,
        }.ConnectionString;
        try
        {
            // With tables of the same name, into which the job would fit.
            await PostgreSqlSchema.MigrateAsync(
                new PostgreSqlStorageOptions { ConnectionString = elsewhere, Schema = Fixture.Schema }, Stop);
            await using (var transaction = await Fixture.BeginAsync(IsolationLevel.ReadCommitted, elsewhere))
            {
                var fault = await Assert.ThrowsAsync<ArgumentException>(
                    async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));
                Assert.Contains($"other_{Fixture.Schema}", fault.Message, StringComparison.Ordinal);
                await ExecuteAsync(transaction, "SELECT 1");
                await transaction.CommitAsync(Stop);
            }

            // The same database by another name of the same server is no other one.
            var alias = new NpgsqlConnectionStringBuilder(Fixture.Server.ConnectionString)
            {
                Host = "localhost",
                Pooling = false,
            }.ConnectionString;
            await using var own = await Fixture.BeginAsync(IsolationLevel.ReadCommitted, alias);
            await jobs.EnqueueAsync(Job.Create("look"), own, Stop);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await Fixture.Server.ExecuteAsync($"DROP DATABASE IF EXISTS other_{Fixture.Schema} WITH (FORCE)");
        }
    }

    [Fact]
    public async Task Transaction_WithAnOpenReader_IsRefusedAndStaysGood()
    {
        var jobs = await StartAsync();
        await using var transaction = await Fixture.BeginAsync(jobs);
        await using (var command = transaction.Transaction.Connection!.CreateCommand())
        {
            command.CommandText = "SELECT generate_series(1, 3)";
            await using var rows = await command.ExecuteReaderAsync(Stop);
            await rows.ReadAsync(Stop);
            await Assert.ThrowsAsync<InvalidOperationException>(
                async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));
        }

        await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
    }

    [Fact]
    public async Task Transaction_ThatIsAborted_SaysToRollBack()
    {
        var jobs = await StartAsync();
        await using var transaction = await Fixture.BeginAsync(jobs);
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(transaction, "SELECT 1/0"));

        var fault = await Assert.ThrowsAsync<StorageException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));

        Assert.Contains("roll it back", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Begin_OnThisStorage_SaysWhatToDo()
    {
        var jobs = await StartAsync();

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await jobs.BeginTransactionAsync(Stop));

        Assert.Contains("your own connections", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Complete_TransactionLeftOpen_HoldsUpNobodyAndItsCommitCounts()
    {
        AppTransaction? left = null;
        var jobs = await StartAsync(
            Handler("look", static _ => Task.CompletedTask),
            Handler("pay", async run =>
            {
                left = await Fixture.BeginAsync(IsolationLevel.ReadCommitted);
                await ExecuteAsync(left, $"INSERT INTO {Fixture.Table} VALUES ('{run.Context.Id}')");
                await run.Context.CompleteInTransactionAsync(left, Stop);
            }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await UntilLoggedAsync(2017);
        await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        Assert.NotEqual(JobState.Succeeded, (await handle.FindAsync(Stop))?.State);
        await left!.CommitAsync(Stop);
        await left.DisposeAsync();

        await handle.WaitAsync(Patience, Stop);
        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_TimeLimitWhileTheTransactionIsOpen_HoldsUpNobodyAndItsCommitCounts()
    {
        var go = new TaskCompletionSource();
        var pay = Handler("pay", async run => await PayAsync(run, async transaction =>
        {
            await run.Context.CompleteInTransactionAsync(transaction, Stop);
            await go.Task.WaitAsync(Patience, Stop);
            await transaction.CommitAsync(Stop);
        }));
        var jobs = await StartAsync(
            Handler("look", static _ => Task.CompletedTask), pay with { TimeLimit = TimeSpan.FromSeconds(1) });

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await UntilLoggedAsync(2017);
        await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        go.SetResult();

        await handle.WaitAsync(Patience, Stop);
        Assert.Contains(Logs, static line => line.Event == 2011);
        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_TimeLimitAfterTheCommit_TheSuccessStands()
    {
        var go = new TaskCompletionSource();
        var pay = Handler("pay", async run =>
        {
            await PayAsync(run, async transaction =>
            {
                await run.Context.CompleteInTransactionAsync(transaction, Stop);
                await transaction.CommitAsync(Stop);
            });
            await go.Task.WaitAsync(Patience, Stop);
        });
        var jobs = await StartAsync(pay with { TimeLimit = TimeSpan.FromSeconds(1) });

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);
        await UntilLoggedAsync(2016);
        go.SetResult();

        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Single(await handle.GetAttemptsAsync(Stop));
    }

    [Fact]
    public async Task Complete_LongTransaction_KeepsNoOtherLeaseFromBeingRenewed()
    {
        var (open, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var jobs = await StartAsync(
            [("Lovage:Worker:Lease", "00:00:03")],
            Handler("pay", async run => await PayAsync(run, async transaction =>
            {
                await run.Context.CompleteInTransactionAsync(transaction, Stop);
                open.SetResult();
                await go.Task.WaitAsync(Patience, Stop);
                await transaction.CommitAsync(Stop);
            })),
            Handler("wait", async run => await go.Task.WaitAsync(Patience, run.Context.CancellationToken)));
        var paying = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await open.Task.WaitAsync(Patience, Stop);
        var waiting = await jobs.EnqueueAsync(Job.Create("wait"), Stop);

        // Several leases long; the transaction holds its claim all the while.
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System, Stop);
        go.SetResult();

        await waiting.WaitAsync(Patience, Stop);
        await paying.WaitAsync(Patience, Stop);
        Assert.Single(await waiting.GetAttemptsAsync(Stop));
        Assert.Single(await paying.GetAttemptsAsync(Stop));
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.DoesNotContain(Logs, static line => line.Event is 2005 or 2006 or 2009);
    }

    /// <summary>Waits for a line of the log.</summary>
    private async Task UntilLoggedAsync(int number)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!Logs.Any(line => line.Event == number))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"event {number} was not logged in time");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
        }
    }
}

using System.Globalization;
using Lovage.Specification;
using Lovage.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>A file of the app's with a table of its own, to which Lovage has added its tables.</summary>
public sealed class SharedTransactionAppFixture : TransactionAppFixture
{
    private readonly TempFolder _folder = new();

    public override string Table => "effect";

    public override async ValueTask StartAsync()
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE effect(id TEXT NOT NULL)";
        await command.ExecuteNonQueryAsync();
    }

    public override JobStorage NewStorage() =>
        new SqliteStorage(new SqliteStorageOptions
        {
            Path = _folder.File,
            IsShared = true,
            Synchronous = SqliteSynchronous.Normal,
        });

    public override async ValueTask<AppTransaction> BeginAsync(JobClient jobs)
    {
        var connection = await OpenAsync();
        return new AppTransaction(await connection.BeginTransactionAsync(), connection);
    }

    public override async ValueTask<long> CountAsync(string condition = "true")
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM effect WHERE {condition}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>A connection as an app opens it: from the pool, with the library's defaults.</summary>
    public async Task<SqliteConnection> OpenAsync()
    {
        var connection = new SqliteConnection($"Data Source={_folder.File}");
        await connection.OpenAsync();
        return connection;
    }

    public static SqliteTransaction BeginDeferred(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.BeginTransaction(deferred: true);
    }

    public override ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
        return default;
    }
}

/// <summary>Jobs in transactions of the app's own connections to a file that it shares with Lovage.</summary>
public sealed class SharedTransactionTests : TransactionAppSpecification<SharedTransactionAppFixture>
{
    [Fact]
    public async Task Begin_OfLovages_WorksBesideTheAppsOwn()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        JobHandle handle;
        await using (var transaction = await jobs.BeginTransactionAsync(Stop))
        {
            await ExecuteAsync(transaction, "INSERT INTO effect VALUES ('lent')");
            handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        await handle.WaitAsync(Patience, Stop);
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Begin_OfLovagesWhileTheAppWrites_FailsAsTransient()
    {
        var jobs = await StartAsync();
        await using var transaction = await Fixture.BeginAsync(jobs);

        var fault = await Assert.ThrowsAsync<StorageException>(
            async () => await jobs.BeginTransactionAsync(Stop));

        Assert.True(fault.IsTransient);
    }

    [Fact]
    public async Task Enqueue_OutsideTheOpenTransaction_FailsAndSaysToPassIt()
    {
        var jobs = await StartAsync();
        await using var transaction = await Fixture.BeginAsync(jobs);

        var fault = await Assert.ThrowsAsync<StorageException>(
            async () => await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, Stop));

        Assert.True(fault.IsTransient);
        Assert.Contains("end it, or pass it to the call", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_BoundOfAQueueWithDueJobs_DoesNotWaitForTheEndOfItsOwnTransaction()
    {
        await ReadAsync(static async storage => await storage.Broker.PublishAsync(
            [new TestData(TimeProvider.System).Message(queue: "elsewhere") with { Delay = TimeSpan.FromTicks(1) }],
            Stop));
        var jobs = await StartAsync([("Lovage:Limits:PendingMax", "1")]);
        await using var transaction = await Fixture.BeginAsync(jobs);

        await Assert.ThrowsAsync<QueueFullException>(async () =>
            await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, transaction, Stop));
    }

    [Fact]
    public async Task Enqueue_DeferredTransaction_IsRefusedUntilItWrites()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await using var connection = await Fixture.OpenAsync();
        await using var transaction = SharedTransactionAppFixture.BeginDeferred(connection);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));
        await ExecuteAsync(transaction, "INSERT INTO effect VALUES ('first')");
        var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
        await transaction.CommitAsync(Stop);

        Assert.Contains("deferred", fault.Message, StringComparison.Ordinal);
        await handle.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Enqueue_TransactionOfAnotherFile_IsRefused()
    {
        var jobs = await StartAsync();
        await using var connection = new SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);

        var fault = await Assert.ThrowsAsync<ArgumentException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));

        Assert.Contains("another connection", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_RolledBackToASavepoint_LosesWhatCameAfterIt()
    {
        var jobs = await StartAsync(Handler("kept", static _ => Task.CompletedTask));
        JobHandle kept;
        JobHandle undone;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            kept = await jobs.EnqueueAsync(Job.Create("kept"), transaction, Stop);
            await transaction.Transaction.SaveAsync("before", Stop);
            undone = await jobs.EnqueueAsync(Job.Create("undone"), transaction, Stop);
            await transaction.Transaction.RollbackAsync("before", Stop);
            await transaction.CommitAsync(Stop);
        }

        await kept.WaitAsync(Patience, Stop);
        Assert.Null(await undone.FindAsync(Stop));
    }

    [Fact]
    public async Task Connection_AfterTheEnqueue_CanBeClosedAndItsFileDeleted()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await using var connection = await Fixture.OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
        {
            await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
        }

        Assert.True(SQLitePCL.raw.sqlite3_next_stmt(connection.Handle, null) is null or { IsInvalid: true });
    }
}

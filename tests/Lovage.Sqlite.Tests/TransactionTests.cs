using System.Globalization;
using Lovage.Specification;
using Lovage.Storage;
using Lovage.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>A file of its own with a table of the app's beside Lovage's.</summary>
public sealed class SqliteTransactionAppFixture : TransactionAppFixture
{
    private readonly TempFolder _folder = new();

    public override string Table => "effect";

    /// <summary>How long a transaction may last.</summary>
    public TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(5);

    public override async ValueTask StartAsync()
    {
        await using var storage = _folder.Storage();
        await storage.OpenAsync(CancellationToken.None);
        await using var transaction = await storage.Transactions!.BeginAsync(CancellationToken.None);
        await using var command = transaction.Connection!.CreateCommand();
        command.CommandText = "CREATE TABLE effect(id TEXT NOT NULL)";
        await command.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    public override JobStorage NewStorage() =>
        new SqliteStorage(new SqliteStorageOptions
        {
            Path = _folder.File,
            Synchronous = SqliteSynchronous.Normal,
            TransactionLimit = Limit,
        });

    public override async ValueTask<AppTransaction> BeginAsync(JobClient jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return new AppTransaction(await jobs.BeginTransactionAsync(), null);
    }

    public override async ValueTask<long> CountAsync(string condition = "true")
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _folder.File,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM effect WHERE {condition}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return default;
    }
}

/// <summary>
/// Transactions of an app on SQLite, which Lovage begins on its own file, and what only one writer at a time brings.
/// </summary>
public sealed class TransactionTests : TransactionAppSpecification<SqliteTransactionAppFixture>
{
    [Fact]
    public async Task Begin_WhileAnotherIsOpen_WaitsForItsEnd()
    {
        var jobs = await StartAsync();
        var first = await jobs.BeginTransactionAsync(Stop);
        var second = jobs.BeginTransactionAsync(Stop).AsTask();
        var ordinary = jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, Stop).AsTask();

        Assert.False(second.IsCompleted);
        Assert.False(ordinary.IsCompleted);
        await ExecuteAsync(first, "INSERT INTO effect VALUES ('first')");
        await first.DisposeAsync();

        await using (var transaction = await second)
        {
            await ExecuteAsync(transaction, "INSERT INTO effect VALUES ('second')");
            await transaction.CommitAsync(Stop);
        }

        await ordinary;
        Assert.Equal(0, await Fixture.CountAsync("id = 'first'"));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Begin_GivenUpWhileItWaits_LendsNothing()
    {
        var jobs = await StartAsync();
        await using (await jobs.BeginTransactionAsync(Stop))
        {
            using var cancelled = new CancellationTokenSource();
            var waiting = jobs.BeginTransactionAsync(cancelled.Token).AsTask();
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, Stop);
    }

    [Fact]
    public async Task Transaction_OpenForTooLong_IsRolledBackAndSaysSo()
    {
        Fixture.Limit = TimeSpan.FromMilliseconds(200);
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await using var transaction = await jobs.BeginTransactionAsync(Stop);
        var lost = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
        await ExecuteAsync(transaction, "INSERT INTO effect VALUES ('late')");

        // What waits for the writer goes on when the time is over.
        await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));
        Assert.Contains("TransactionLimit", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => ExecuteAsync(transaction, "INSERT INTO effect VALUES ('later')"));
        await Assert.ThrowsAnyAsync<Exception>(() => transaction.CommitAsync(Stop));
        Assert.Equal(0, await Fixture.CountAsync());
        Assert.Null(await lost.FindAsync(Stop));
    }

    [Fact]
    public async Task Transaction_TimeOverInALongStatement_IsRolledBack()
    {
        Fixture.Limit = TimeSpan.FromMilliseconds(200);
        var jobs = await StartAsync();
        await using var transaction = await jobs.BeginTransactionAsync(Stop);

        await Assert.ThrowsAnyAsync<Exception>(() => ExecuteAsync(
            transaction,
            "INSERT INTO effect WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) "
                + "SELECT max(i) FROM n"));

        await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, Stop);
        Assert.Equal(0, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Transaction_TimeOverWithAnOpenReader_IsRolledBackAndTheConnectionWritesNoMore()
    {
        Fixture.Limit = TimeSpan.FromMilliseconds(200);
        var jobs = await StartAsync();
        var transaction = await jobs.BeginTransactionAsync(Stop);
        var connection = transaction.Connection!;
        await ExecuteAsync(transaction, "INSERT INTO effect VALUES ('late')");
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 'a' UNION ALL SELECT id FROM effect UNION ALL SELECT 'z'";
        var rows = await command.ExecuteReaderAsync(Stop);
        await rows.ReadAsync(Stop);

        await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, Stop);

        await rows.DisposeAsync();
        await transaction.DisposeAsync();
        await using var again = connection.CreateCommand();
        again.CommandText = "INSERT INTO effect VALUES ('outside')";
        await Assert.ThrowsAnyAsync<Exception>(() => again.ExecuteNonQueryAsync(Stop));
        Assert.Equal(0, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Connection_AfterTheCommit_IsClosed()
    {
        var jobs = await StartAsync();
        var transaction = await jobs.BeginTransactionAsync(Stop);
        var connection = transaction.Connection!;
        await transaction.CommitAsync(Stop);

        // The writer has seen the end of it before it does anything else.
        await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, Stop);

        Assert.Equal(System.Data.ConnectionState.Closed, connection.State);
    }

    [Fact]
    public async Task Transaction_RolledBackToASavepoint_LosesWhatCameAfterIt()
    {
        var jobs = await StartAsync(
            Handler("kept", static _ => Task.CompletedTask),
            Handler("undone", static _ => Task.CompletedTask),
            Handler("after", static _ => Task.CompletedTask));
        JobHandle kept;
        JobHandle undone;
        JobHandle after;
        await using (var transaction = await jobs.BeginTransactionAsync(Stop))
        {
            kept = await jobs.EnqueueAsync(Job.Create("kept"), transaction, Stop);
            await transaction.SaveAsync("before", Stop);
            undone = await jobs.EnqueueAsync(Job.Create("undone"), transaction, Stop);
            await transaction.RollbackAsync("before", Stop);
            after = await jobs.EnqueueAsync(Job.Create("after"), transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        await kept.WaitAsync(Patience, Stop);
        Assert.Equal("after", (await after.WaitAsync(Patience, Stop)).Name);
        Assert.Null(await undone.FindAsync(Stop));
        var again = await jobs.EnqueueAsync(Job.Create("undone"), Stop);
        Assert.Equal("undone", (await again.WaitAsync(Patience, Stop)).Name);
        Assert.Equal(
            [("after", 1L), ("kept", 1L), ("undone", 1L)],
            (await ReadAsync(static storage => storage.History!.CountersAsync(Stop)))
                .Select(static c => (c.Name, c.Succeeded))
                .Order());
    }

    [Fact]
    public async Task Transaction_OfAConnectionOfTheApps_IsRefused()
    {
        var jobs = await StartAsync();
        await using var connection = new SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);

        var fault = await Assert.ThrowsAsync<ArgumentException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));

        Assert.Contains("BeginTransactionAsync", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transaction_OfAnotherProcess_WakesTheWorkerHere()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        var data = new TestData(TimeProvider.System);
        var message = data.Message("look");
        await using (var elsewhere = Fixture.NewStorage())
        {
            await elsewhere.OpenAsync(Stop);
            await using var transaction = await elsewhere.Transactions!.BeginAsync(Stop);
            await elsewhere.Transactions.PublishAsync(transaction, [message], Stop);
            await transaction.CommitAsync(Stop);
            await jobs.GetHandle(message.Id).WaitAsync(Patience, Stop);
        }
    }

    [Fact]
    public Task Complete_TransactionLeftOpen_FailsWhenItsTimeIsOver()
    {
        Fixture.Limit = TimeSpan.FromMilliseconds(300);
        return CommitAtTheSecondAttemptAsync(leavesOpen: true);
    }

    [Fact]
    public async Task Complete_InTheHarness_IsTheOutcome()
    {
        var jobs = await StartAsync(static lovage => lovage.UseInlineJobs(), Handler("pay", async run =>
        {
            await using var transaction = await Fixture.BeginAsync(Jobs);
            await ExecuteAsync(transaction, $"INSERT INTO effect VALUES ('{run.Context.Id}')");
            await run.Context.CompleteInTransactionAsync(transaction, run.Context.Attempt, Stop);
            if (run.Context.Attempt == 2)
            {
                await transaction.CommitAsync(Stop);
            }
        }));

        var handle = await jobs.EnqueueAsync(Job.Create<int>("pay"), Stop);

        Assert.Equal(2, await handle.GetResultAsync(Stop));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Theory]
    [InlineData(99)]
    [InlineData(10_001)]
    public void Limit_OutOfRange_IsRefused(int milliseconds) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new SqliteStorage(new SqliteStorageOptions
        {
            Path = "unused.db",
            TransactionLimit = TimeSpan.FromMilliseconds(milliseconds),
        }));
}

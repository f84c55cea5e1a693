using System.Collections.Concurrent;
using Lovage.PostgreSql.Commands;
using Lovage.Protocol;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// What is otherwise behind a pooler, and what a pooler alone can do to a storage. Nothing here has a clock of the
/// test's own.
/// </summary>
public sealed class PooledTests : SchemaTests
{
    [Theory]
    [InlineData(PoolMode.Transaction)]
    [InlineData(PoolMode.Session)]
    public async Task Open_ThroughAPooler_IsNoticedWhateverItsMode(PoolMode mode)
    {
        await using var bouncer = await PgBouncer.CreateAsync(Server, mode);
        await using var storage = await OpenAsync(bouncer);
        await using var direct = new PostgreSqlStorage(Options);
        await direct.OpenAsync(Stop);

        Assert.False(storage.Database.IsDirect);
        Assert.Equal(0, storage.ListeningSession);
        Assert.Contains(storage.Warnings, static warning => warning.Contains("pooler", StringComparison.Ordinal));
        Assert.True(direct.Database.IsDirect);
        Assert.DoesNotContain(direct.Warnings, static warning => warning.Contains("pooler", StringComparison.Ordinal));
        await RunOneAsync(storage, direct);
    }

    [Fact]
    public async Task Open_PoolerOfSingleStatements_IsRefusedAndSaysWhatToDo()
    {
        await using var bouncer = await PgBouncer.CreateAsync(Server, PoolMode.Statement);
        await using var storage = new PostgreSqlStorage(Through(bouncer));

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));

        Assert.False(fault.IsTransient, fault.Message);
        Assert.Contains("pool_mode", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ByManyAtOnceThroughAPooler_MakesTheTablesOnce()
    {
        var bouncer = await PgBouncer.GetAsync();
        var schema = PostgreSqlFixture.NewSchema();

        var storages = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(_ => OpenAsync(Through(bouncer) with { Schema = schema })));

        Assert.Equal(
            PostgreSqlSchema.Version, await Server.ScalarAsync<long>($"SELECT count(*) FROM {schema}.version"));
        foreach (var storage in storages)
        {
            await storage.PingAsync(Stop);
            await storage.DisposeAsync();
        }
    }

    [Fact]
    public async Task Calls_OfManyCallersThatSwapSessions_LeaveNothingInThem()
    {
        const int Callers = 24;
        const int Each = 40;
        await using var bouncer = await PgBouncer.CreateAsync(Server, PoolMode.Transaction);
        var storages = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OpenAsync(bouncer)));
        var sessions = new ConcurrentDictionary<int, string>();
        var settled = new ConcurrentBag<JobId>();

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(WorkAsync));

        Assert.Equal(Callers * Each, settled.Distinct().Count());
        Assert.Equal(Callers * Each, settled.Count);
        Assert.InRange(sessions.Count, 2, PgBouncer.PoolSize);
        Assert.All(sessions.Values, static left => Assert.Equal("0 on 0 0", left));
        Assert.Equal(0, await Server.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.claim"));
        foreach (var storage in storages)
        {
            await storage.DisposeAsync();
        }

        async Task WorkAsync(int caller)
        {
            var storage = storages[caller % storages.Length];
            var left = Each;
            for (var i = 0; i < Each; i++)
            {
                await storage.Broker.PublishAsync([NewMessage()], Stop);
            }

            while (left > 0)
            {
                var deliveries = await ReceiveAsync(storage, Math.Min(left, 7), $"worker{caller}");
                Assert.All(
                    await storage.Broker.RenewAsync(
                        [.. deliveries.Select(static delivery => delivery.Token)], Lease, Stop),
                    static status => Assert.Equal(LeaseStatus.Held, status));
                Assert.All(
                    await storage.Store.SettleAsync([.. deliveries.Select(delivery => Data.Outcome(delivery))], Stop),
                    static result => Assert.Equal(SettleStatus.Applied, result.Status));
                deliveries.ToList().ForEach(delivery => settled.Add(delivery.Message.Id));
                left -= deliveries.Count;
                await AskAsync(storage);
            }
        }

        // Statements that were prepared in the session that the caller happens to get, and settings that Lovage changes
        // in its own.
        async Task AskAsync(PostgreSqlStorage storage)
        {
            const string Left = """
                SELECT concat_ws(' ', (SELECT count(*) FROM pg_prepared_statements), current_setting('enable_seqscan'),
                  current_setting('lock_timeout'),
                  (SELECT count(*) FROM pg_listening_channels()))
                """;
            var (session, left) = await storage.Database.CallAsync(
                async connection =>
                {
                    await using var batch = connection.Batch(
                        new Statement("SELECT pg_backend_pid()"), new Statement(Left));
                    await using var rows = await batch.ExecuteReaderAsync(Stop);
                    await rows.ReadAsync(Stop);
                    var pid = rows.GetInt32(0);
                    await rows.NextResultAsync(Stop);
                    await rows.ReadAsync(Stop);
                    return (pid, rows.GetString(0));
                },
                Stop);
            sessions[session] = left;
        }
    }

    [Fact]
    public async Task Publish_OpenTransactionsHoldAllSessions_WaitsForNoOther()
    {
        await using var bouncer = await PgBouncer.CreateAsync(Server, PoolMode.Transaction);
        await using var direct = new PostgreSqlStorage(Options);
        await direct.OpenAsync(Stop);
        await direct.Broker.PublishAsync([NewMessage()], Stop);
        await using var storage = await OpenAsync(bouncer);
        var connections = new List<NpgsqlConnection>();
        var transactions = new List<NpgsqlTransaction>();
        for (var i = 0; i < PgBouncer.PoolSize; i++)
        {
            connections.Add(new NpgsqlConnection($"{bouncer.ConnectionString};Pooling=false"));
            await connections[i].OpenAsync(Stop);
            transactions.Add(await connections[i].BeginTransactionAsync(Stop));
            await using var command = new NpgsqlCommand("SELECT 1", connections[i], transactions[i]);
            await command.ExecuteScalarAsync(Stop);
        }

        foreach (var transaction in transactions)
        {
            var result = await storage.Transactions!.PublishAsync(transaction, [NewMessage()], Stop);
            Assert.Equal(PublishStatus.Accepted, Assert.Single(result).Status);
        }

        transactions.ForEach(static transaction => transaction.Commit());
        connections.ForEach(static connection => connection.Dispose());
        Assert.Equal(1 + PgBouncer.PoolSize, Assert.Single(await storage.Broker.QueuesAsync(Stop)).Ready);
    }

    [Fact]
    public async Task Receive_OfAJobThatAnotherProcessPublished_IsFoundByTheNextLook()
    {
        var bouncer = await PgBouncer.GetAsync();
        await using var here = await OpenAsync(bouncer);
        await using var there = await OpenAsync(bouncer);
        var published = TimeProvider.System.GetTimestamp();
        var first = ReceiveAsync(here, 1, wait: TimeSpan.FromSeconds(1));

        var message = NewMessage();
        await there.Broker.PublishAsync([message], Stop);
        var found = await first;
        while (found.Count == 0)
        {
            found = await ReceiveAsync(here, 1, wait: TimeSpan.FromSeconds(1));
        }

        Assert.Equal(message.Id, Assert.Single(found).Message.Id);
        Assert.True(
            TimeProvider.System.GetElapsedTime(published) < TimeSpan.FromSeconds(5),
            $"found after {TimeProvider.System.GetElapsedTime(published)}");
    }

    [Fact]
    public async Task Calls_SessionsBehindThePoolerAreTerminated_GoOn()
    {
        await using var bouncer = await PgBouncer.CreateAsync(Server, PoolMode.Transaction);
        await using var storage = await OpenAsync(bouncer);
        var faults = 0;
        for (var i = 0; i < 20; i++)
        {
            await storage.Broker.PublishAsync([NewMessage()], Stop);
            await Server.ExecuteAsync(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lovage%' AND "
                    + $"query LIKE '%\"{Schema}\"%'");
            await TryAsync(async () => await ReceiveAsync(storage));
        }

        Assert.Equal(20, await Server.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.message"));

        async Task TryAsync(Func<Task> call)
        {
            while (true)
            {
                try
                {
                    await call();
                    return;
                }
                catch (StorageException fault) when (faults++ < 100)
                {
                    // Most often PgBouncer has noticed, and no caller is told.
                    Assert.True(fault.IsTransient, fault.Message);
                }
            }
        }
    }

    private JobMessage NewMessage()
    {
        lock (Data)
        {
            return Data.Message();
        }
    }

    private async Task RunOneAsync(PostgreSqlStorage storage, PostgreSqlStorage other)
    {
        var message = NewMessage();
        await storage.Broker.PublishAsync([message], Stop);
        var delivery = Assert.Single(await ReceiveAsync(storage, 10));
        Assert.Equal([LeaseStatus.Held], await storage.Broker.RenewAsync([delivery.Token], Lease, Stop));
        Assert.Equal(
            new SettleResult(SettleStatus.Applied, JobState.Succeeded),
            Assert.Single(await storage.Store.SettleAsync([Data.Outcome(delivery)], Stop)));
        Assert.Equal(JobState.Succeeded, (await other.History!.FindAsync([message.Id], Stop))[0]!.State);
    }

    private PostgreSqlStorageOptions Through(PgBouncer bouncer) =>
        Options with { ConnectionString = bouncer.ConnectionString };

    private Task<PostgreSqlStorage> OpenAsync(PgBouncer bouncer) => OpenAsync(Through(bouncer));
}

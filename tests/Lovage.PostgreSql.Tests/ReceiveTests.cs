using Lovage.PostgreSql.Writing;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>Looks for jobs that meet those of others, or lose their connection half-way.</summary>
public sealed class ReceiveTests : SchemaTests
{
    [Fact]
    public async Task Receive_DueJobThatAnotherIsMakingReady_IsLookedForAgainWithoutAHint()
    {
        var clock = new ManualTimeProvider();
        await using var storage = await OpenAsync(Options with { Clock = clock });
        var message = Data.Message() with { Delay = TimeSpan.FromSeconds(1) };
        await storage.Broker.PublishAsync([message], Stop);
        clock.Advance(TimeSpan.FromSeconds(1));
        await using var connection = await ConnectAsync();
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
        {
            await ExecuteAsync(connection, $"SELECT 1 FROM {Schema}.delayed FOR UPDATE");
            Assert.Empty(await ReceiveAsync(storage));
        }

        Assert.Equal(message.Id, Assert.Single(await WaitForJobsAsync(storage).WaitAsync(Patience, Stop)).Message.Id);
    }

    [Fact]
    public async Task Receive_NewNameOfAKnownOrigin_HasBoth()
    {
        await using var here = await OpenAsync(Options);
        await using var there = await OpenAsync(Options);
        var (first, second) = (
            Data.Message("tasks.first") with { Origin = "gen1@web" },
            Data.Message("tasks.second") with { Origin = "gen1@web" });
        foreach (var message in new[] { first, second })
        {
            await there.Broker.PublishAsync([message], Stop);

            var received = Assert.Single(await ReceiveAsync(here)).Message;

            Assert.Equal(
                (message.Name, message.Queue, message.Origin), (received.Name, received.Queue, received.Origin));
        }
    }

    [Fact]
    public async Task Receive_SessionEndsBetweenTheClaimAndItsWords_ComesWithWhatWasClaimed()
    {
        await using var here = await OpenAsync(Options);
        await using var there = await OpenAsync(Options);
        await here.Broker.PublishAsync([Data.Message()], Stop);
        Assert.Single(await ReceiveAsync(here));
        var message = Data.Message("tasks.unheard");
        await there.Broker.PublishAsync([message], Stop);
        await using var connection = await ConnectAsync();
        Task<IReadOnlyList<Delivery>> waiting;
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
        {
            await ExecuteAsync(connection, $"LOCK TABLE {Schema}.word IN ACCESS EXCLUSIVE MODE");
            waiting = WaitForJobsAsync(here);
            const string WaitsForWords =
                "FROM pg_stat_activity WHERE application_name = 'lovage' AND wait_event_type = 'Lock' AND query LIKE "
                    + "'%.word WHERE id = ANY%'";
            await UntilAsync($"SELECT count(*) = 1 {WaitsForWords}");
            await Server.ExecuteAsync($"SELECT pg_terminate_backend(pid) {WaitsForWords}");
        }

        Assert.Equal(message.Id, Assert.Single(await waiting.WaitAsync(Patience, Stop)).Message.Id);
    }

    [Fact]
    public async Task ReleaseLooks_OfOneLook_LeavesTheClaimsOfOthersHeld()
    {
        await using var storage = await OpenAsync(Options);
        await storage.Broker.PublishAsync(Data.Messages(2), Stop);
        var first = Assert.Single(await ReceiveAsync(storage, 1));
        var second = Assert.Single(await ReceiveAsync(storage, 1));
        var claim = $"FROM {Schema}.claim WHERE stamp = {second.Token.Stamp}";
        var (owner, look) = (
            await Server.ScalarAsync<int>($"SELECT owner {claim}"),
            await Server.ScalarAsync<long>($"SELECT look {claim}"));
        var lost = new LostLooks(new LostClaimStatements(storage.Database.Schema));

        Assert.Null(await storage.Database.CallAsync(connection => lost.ReleaseAsync(connection, owner, null), Stop));
        lost.Add(look);
        var released = await storage.Database.CallAsync(
            connection => lost.ReleaseAsync(connection, owner, null), Stop);

        Assert.Equal(1, released!.Count);
        Assert.Empty(released.Ended);
        Assert.Equal(
            [LeaseStatus.Held, LeaseStatus.Lost],
            await storage.Broker.RenewAsync([first.Token, second.Token], Lease, Stop));
        Assert.Equal(second.Message.Id, Assert.Single(await ReceiveAsync(storage, owner: "two")).Message.Id);
        Assert.Null(await storage.Database.CallAsync(connection => lost.ReleaseAsync(connection, owner, null), Stop));
    }

    [Fact]
    public async Task Receive_TheFirst_OpensTheConnectionForRenewals()
    {
        var sessions = $"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{Schema}'";
        await using var storage = await OpenAsync(Options with
        {
            ConnectionString = $"{Server.ConnectionString};Application Name={Schema}",
            Hints = PostgreSqlHints.Poll,
        });
        await storage.Broker.PublishAsync([Data.Message()], Stop);
        Assert.Equal(1, await Server.ScalarAsync<long>(sessions));

        for (var look = 0; look < 2; look++)
        {
            await ReceiveAsync(storage);
            Assert.Equal(2, await Server.ScalarAsync<long>(sessions));
        }
    }

    [Fact]
    public async Task Words_NewConnectionLeadsToAnotherServer_AreForgotten()
    {
        await using var storage = await OpenAsync(Options);
        var words = storage.Database.Words;
        await storage.Broker.PublishAsync([Data.Message("tasks.known")], Stop);
        var id = await Server.ScalarAsync<int>($"SELECT id FROM {Schema}.word WHERE text = 'tasks.known'");
        await using var connection = await ConnectAsync();
        await words.TextsAsync(connection, [id], Stop);
        Assert.True(words.TryText(id, out _));

        words.Meets("another server");

        Assert.False(words.TryText(id, out _));
        await words.TextsAsync(connection, [id], Stop);
        words.Meets("another server");
        Assert.True(words.TryText(id, out _));

        // The first renewal opens a connection, to the server that it was before.
        await storage.Broker.RenewAsync([new LeaseToken(1, 1)], TimeSpan.FromMinutes(1), Stop);
        Assert.False(words.TryText(id, out _));
    }

    [Fact]
    public async Task Receive_NobodyTells_LooksAtOnceAfterAllThereWas()
    {
        await using var here = await OpenAsync(Options with { Hints = PostgreSqlHints.Poll });
        await using var there = await OpenAsync(Options with { Hints = PostgreSqlHints.Poll });
        await there.Broker.PublishAsync([Data.Message()], Stop);
        Assert.Single(await ReceiveAsync(here));
        await there.Broker.PublishAsync([Data.Message()], Stop);

        Assert.Single(await WaitForJobsAsync(here).WaitAsync(Patience, Stop));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Stop);
    }

    private async Task UntilAsync(string question)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await Server.ScalarAsync<bool>(question))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"It never came to this: {question}");
            await Task.Delay(5, Stop);
        }
    }
}

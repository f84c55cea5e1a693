using Lovage.Specification;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// What only a server shared by several processes has: its clock, its notifications, its faults. Nothing here has a
/// clock of the test's own.
/// </summary>
public sealed class ServerTests : SchemaTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Clock_OfAWorkerAnHourOff_ChangesNothing(int hours)
    {
        await using var right = await OpenAsync();
        await using var wrong = await OpenAsync(new ShiftedTimeProvider(TimeSpan.FromHours(hours)));
        var (now, soon) = (Data.Message(), Data.Message() with { Delay = TimeSpan.FromMinutes(30) });
        var before = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(2);

        await wrong.Broker.PublishAsync([now, soon], Stop);
        var delivery = Assert.Single(await ReceiveAsync(wrong, owner: "wrong"));

        var after = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(2);
        Assert.Equal(now.Id, delivery.Message.Id);
        Assert.InRange(delivery.EnqueuedAt, before, after);
        Assert.InRange(delivery.ClaimedAt, before, after);
        Assert.InRange(
            (await right.History!.FindAsync([soon.Id], Stop))[0]!.DueAt!.Value,
            before + soon.Delay,
            after + soon.Delay);
        Assert.Equal(0, (await right.Broker.ReclaimAsync([], 100, Stop)).Count);
        Assert.Equal(0, (await wrong.Broker.ReclaimAsync([], 100, Stop)).Count);
        Assert.Equal([LeaseStatus.Held], await right.Broker.RenewAsync([delivery.Token], Lease, Stop));
        Assert.Empty(await ReceiveAsync(right, owner: "right"));
        Assert.Equal(
            SettleStatus.Applied, (await wrong.Store.SettleAsync([Data.Outcome(delivery)], Stop))[0].Status);
        Assert.InRange((await right.History!.FindAsync([now.Id], Stop))[0]!.FinishedAt!.Value, before, after);
        Assert.True(await wrong.Schedules!.TryLeadAsync("wrong", Lease, Stop));
        Assert.False(await right.Schedules!.TryLeadAsync("right", Lease, Stop));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Expires_OfAClientAnHourOff_CountsByTheServersClock(int hours)
    {
        await using var storage = await OpenAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddLovage().UseStorage(new PostgreSqlStorage(Options))
            .UseTime(new ShiftedTimeProvider(TimeSpan.FromHours(hours)));
        using var host = builder.Build();
        await host.StartAsync(Stop);
        var jobs = host.Services.GetRequiredService<JobClient>();

        var kept = await jobs.EnqueueAsync(Job.Create("n") with { Expires = TimeSpan.FromMinutes(5) }, Stop);
        var gone = await jobs.EnqueueAsync(Job.Create("n") with { Expires = TimeSpan.FromMilliseconds(1) }, Stop);
        await Task.Delay(TimeSpan.FromMilliseconds(20), Stop);
        await using var receiver = storage.Broker.OpenReceiver(TestData.Owner("one"), ["default"], Lease);
        var deliveries = (await receiver.ReceiveAsync(10, TimeSpan.Zero, Stop)).Deliveries;

        Assert.Equal(
            [(kept.Id, false), (gone.Id, true)],
            deliveries.Select(static delivery => (delivery.Message.Id, delivery.IsExpired)));
        await host.StopAsync(Stop);
    }

    [Fact]
    public async Task Publish_SequenceIsBehindTheTables_SaysWhatToRun()
    {
        await using var storage = await OpenAsync();
        await storage.Broker.PublishAsync([.. Enumerable.Range(0, 5).Select(_ => Data.Message())], Stop);
        await Server.ExecuteAsync($"SELECT setval('{Schema}.ticket', (SELECT min(key) FROM {Schema}.message), false)");

        var fault = await Assert.ThrowsAsync<StorageException>(
            async () => await storage.Broker.PublishAsync([Data.Message()], Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains("SELECT setval('SCHEMA.ticket'", fault.Message, StringComparison.Ordinal);
        await Server.ExecuteAsync(
            $"SELECT setval('{Schema}.ticket', (SELECT max(key) FROM {Schema}.message) + 1000000)");
        await storage.Broker.PublishAsync([Data.Message()], Stop);
    }

    [Fact]
    public async Task Signals_OfAnotherProcess_AreHeard()
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        var waiting = WaitForJobsAsync(here);
        var ended = HearAsync(there, SignalKind.JobEnded);

        var message = Data.Message();
        await there.Broker.PublishAsync([message], Stop);
        var delivery = Assert.Single(await waiting.WaitAsync(Patience, Stop));
        await here.Store.SettleAsync([Data.Outcome(delivery)], Stop);

        Assert.Equal(message.Id, (await ended).Id);
    }

    [Fact]
    public async Task Signals_CancellationFromAnotherProcess_IsHeard()
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        var message = Data.Message();
        await here.Broker.PublishAsync([message], Stop);
        Assert.Single(await ReceiveAsync(here, owner: "here"));
        var asked = HearAsync(here, SignalKind.CancelRequested);

        await there.Store.CancelAsync([message.Id], null, Stop);

        Assert.Equal(new Signal(SignalKind.CancelRequested, null, message.Id), await asked);
    }

    [Fact]
    public async Task Signals_OfCommandsAndOperations_AreHeardByAnotherProcess()
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        var command = HearAsync(there, SignalKind.Control);
        var number = await here.Control!.SendAsync(new ControlCommand { Name = ControlCommands.Ping }, Stop);
        await command;
        var reply = HearAsync(here, SignalKind.Control);
        await there.Control!.ReplyAsync(number, new ControlReply("worker", true, "here"), Stop);
        await reply;
        var operation = HearAsync(there, SignalKind.OperationsChanged);
        await here.Operations!.AddAsync(
            new BulkOperation { Id = "op", Action = BulkAction.Cancel, Filter = new JobQuery() }, Stop);
        await operation;
    }

    [Fact]
    public async Task Signals_ListeningSessionIsTerminated_AreHeardAgain()
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        var first = here.ListeningSession;
        Assert.NotEqual(0, first);
        var changed = HearAsync(here, SignalKind.Changed);

        Assert.True(await Server.ScalarAsync<bool>($"SELECT pg_terminate_backend({first})"));

        // The storage missed all signals meanwhile: it tells each waiting caller to look.
        Assert.Equal(SignalKind.Changed, (await changed).Kind);
        Assert.NotEqual(first, here.ListeningSession);
        var waiting = WaitForJobsAsync(here);
        await there.Broker.PublishAsync([Data.Message()], Stop);
        Assert.Single(await waiting.WaitAsync(Patience, Stop));
    }

    [Fact]
    public async Task Calls_SessionsAreTerminated_FailAsTransientAndThenWork()
    {
        await using var storage = await OpenAsync();
        await storage.Broker.PublishAsync([Data.Message()], Stop);
        await Server.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lovage%' AND query "
                + "LIKE '%"
                + Schema
                + "%' AND pid <> pg_backend_pid()");
        var faults = 0;
        while (true)
        {
            try
            {
                Assert.Single(await ReceiveAsync(storage, owner: "one"));
                break;
            }
            catch (StorageException fault) when (faults++ < 10)
            {
                Assert.True(fault.IsTransient, fault.Message);
            }
        }
    }

    [Fact]
    public async Task Open_NobodyThere_IsTransientAndNamesNoPassword()
    {
        await using var storage = new PostgreSqlStorage(new PostgreSqlStorageOptions
        {
            ConnectionString = "Host=127.0.0.1;Port=1;Username=app;Password=s3cret;Database=jobs",
        });

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));

        Assert.True(fault.IsTransient);
        Assert.DoesNotContain("s3cret", fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", storage.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DatabaseIsMissing_SaysSoForGood()
    {
        var builder = new NpgsqlConnectionStringBuilder(Server.ConnectionString)
        {
            Database = "nowhere",
            Pooling = false,
        };
        await using var storage = new PostgreSqlStorage(
            new PostgreSqlStorageOptions { ConnectionString = builder.ConnectionString });

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains("no such database", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_PollingOnly_ListensToNobody()
    {
        await using var storage = new PostgreSqlStorage(Options with { Hints = PostgreSqlHints.Poll });
        await storage.OpenAsync(Stop);

        await storage.Broker.PublishAsync([Data.Message()], Stop);

        Assert.Equal(0, storage.ListeningSession);
        Assert.Single(await ReceiveAsync(storage, owner: "one"));
        Assert.Equal(
            0,
            await Server.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lovage hints' AND query LIKE "
                    + $"'%{Schema}\"%'"));
    }

    [Fact]
    public async Task Text_ThatPostgreSqlCannotHold_IsToldAllTheSame()
    {
        await using var storage = await OpenAsync();
        var message = Data.Message();
        await storage.Broker.PublishAsync([message], Stop);
        await storage.Store.CancelAsync([message.Id], "zero \0 half \ud800 end", Stop);

        Assert.Equal("zero \uFFFD half \uFFFD end", (await storage.History!.FindAsync([message.Id], Stop))[0]!.Reason);
    }

    [Fact]
    public async Task Settle_RareFieldsAndAnAttempt_AreWrittenAsInOldDatabases()
    {
        await using var storage = await OpenAsync();
        var message = StoredSample.Message(Data.Message());
        await storage.Broker.PublishAsync([message], Stop);
        var outcome = Data.Outcome(
            Assert.Single(await ReceiveAsync(storage, owner: "one")), JobDecision.Fail);
        await storage.Store.SettleAsync([outcome with { Attempt = StoredSample.Attempt(outcome.Attempt) }], Stop);

        Assert.Equal(
            $"{StoredSample.Flags} {StoredSample.More}",
            await Server.ScalarAsync<string>(
                $"SELECT flags || ' ' || convert_from(more, 'UTF8') FROM {Schema}.message"));
        Assert.Equal(
            $"{StoredSample.Error} {StoredSample.Logs}",
            await Server.ScalarAsync<string>(
                $"SELECT convert_from(error, 'UTF8') || ' ' || convert_from(logs, 'UTF8') FROM {Schema}.course"));
    }

    [Fact]
    public async Task Publish_OriginTooLongForAWord_StandsAmongTheRareFields()
    {
        await using var storage = await OpenAsync();
        var (word, more) = (
            Data.Message() with { Origin = new string('w', 512) },
            Data.Message() with { Origin = new string('m', 513), ReplyTo = "r" });
        await storage.Broker.PublishAsync([word, more], Stop);

        Assert.Equal(
            $$"""{"reply":"r","origin":"{{more.Origin}}"}""",
            await Server.ScalarAsync<string>(
                $"SELECT string_agg(convert_from(more, 'UTF8'), '') FROM {Schema}.message WHERE origin IS NULL OR "
                    + "more IS NOT NULL"));
        Assert.Equal(
            [word.Origin, more.Origin],
            (await storage.History!.FindAsync([word.Id, more.Id], Stop)).Select(static job => job!.Message.Origin));
    }

    [Fact]
    public async Task Counters_SummedUp_StayTheSame()
    {
        await using var storage = await OpenAsync();
        for (var i = 0; i < 20; i++)
        {
            await storage.Broker.PublishAsync([Data.Message()], Stop);
        }

        var before = await storage.History!.CountersAsync(Stop);
        Assert.True(await Server.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.tally") >= 20);
        await storage.Broker.ReclaimAsync([], 1, Stop);

        Assert.Equal(0, await Server.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.tally"));
        Assert.Equal(before, await storage.History!.CountersAsync(Stop));
        Assert.Equal(20, Assert.Single(await storage.Broker.QueuesAsync(Stop)).Ready);
    }

    private static async Task<Signal> HearAsync(PostgreSqlStorage storage, SignalKind kind)
    {
        var heard = new TaskCompletionSource<Signal>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = storage.Signals.Subscribe(
            signal =>
            {
                if (signal.Kind == kind)
                {
                    heard.TrySetResult(signal);
                }
            },
            kind);
        return await heard.Task.WaitAsync(Patience, Stop);
    }

    private Task<PostgreSqlStorage> OpenAsync(TimeProvider? time = null) =>
        OpenAsync(Options with { Time = time ?? TimeProvider.System });

    private sealed class ShiftedTimeProvider(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}

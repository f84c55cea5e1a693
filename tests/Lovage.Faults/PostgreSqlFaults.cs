using Lovage.Faults.Harness;
using Lovage.PostgreSql;
using Lovage.Specification;
using Lovage.Storage;
using Xunit;

namespace Lovage.Faults;

public sealed class PostgreSqlKillFaults : KillFaults
{
    protected override (int Jobs, int Kills) Long => (20_000, 40);

    protected override (int Jobs, int Kills) Usual => (4_000, 8);

    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlPauseFaults : PauseFaults
{
    protected override int Long => 50;

    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlHandlerFaults : HandlerFaults
{
    protected override StorageUnderTest NewStorage() => new PostgreSqlUnderTest();
}

public sealed class PostgreSqlShutdownFaults : ShutdownFaults
{
    protected override StorageUnderTest NewStorage() => PostgreSqlUnderTest.ForLongRuns();
}

public sealed class PostgreSqlBlockingFaults : BlockingFaults
{
    protected override StorageUnderTest NewStorage() => PostgreSqlUnderTest.ForLongRuns();
}

public sealed class PostgreSqlScheduleFaults : ScheduleFaults
{
    protected override StorageUnderTest NewStorage() => PostgreSqlUnderTest.ForLongRuns();
}

public sealed class PostgreSqlServerFaults : ServerFaults
{
    protected override ServerUnderTest NewServer() => new PostgreSqlServerUnderTest();
}

/// <summary>A call whose reply is lost after the server has done it, and its repetition.</summary>
public sealed class PostgreSqlReplyFaults : IAsyncLifetime
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(15);

    private readonly TestData _data = new(TimeProvider.System);
    private readonly PostgreSqlServerUnderTest _server = new();
    private JobStorage _storage = null!;
    private JobReceiver? _receiver;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.CreateAsync("");
        _storage = new PostgreSqlStorageProvider().Create(_server.Address, TimeProvider.System);
        await _storage.OpenAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
        }

        await _storage.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Publish_ReplyIsLost_IsKnownWhenItIsRepeated()
    {
        // The first call asks for more than to be written.
        await _storage.Broker.PublishAsync(_data.Messages(1), Cancel);
        var messages = _data.Messages(10);
        await LoseReplyAsync(async () => await _storage.Broker.PublishAsync(messages, Cancel));

        var results = await _storage.Broker.PublishAsync(messages, Cancel);

        Assert.All(results, static result => Assert.Equal(PublishStatus.AlreadyKnown, result.Status));
        Assert.Equal(11, Assert.Single(await _storage.Broker.QueuesAsync(Cancel)).Ready);
    }

    [Fact]
    public async Task Settle_ReplyIsLost_IsAppliedOnce()
    {
        await _storage.Broker.PublishAsync(_data.Messages(10), Cancel);
        var outcomes = (await ReceiveAsync()).Select(delivery => _data.Outcome(delivery)).ToArray();
        await LoseReplyAsync(async () => await _storage.Store.SettleAsync(outcomes, Cancel));

        var results = await _storage.Store.SettleAsync(outcomes, Cancel);

        Assert.All(
            results,
            static result => Assert.Equal(new SettleResult(SettleStatus.Applied, JobState.Succeeded), result));
        Assert.Equal(
            (10, 10),
            (Assert.Single(await _storage.History!.CountersAsync(Cancel)) is var counter
                ? (counter.Enqueued, counter.Succeeded)
                : default));
        Assert.Single(await _storage.History!.AttemptsAsync(outcomes[0].Id, Cancel));
    }

    [Fact]
    public async Task Receive_ReplyIsLost_GivesTheSameJobsAtOnce()
    {
        await _storage.Broker.PublishAsync(_data.Messages(30), Cancel);
        var before = await ReceiveAsync();
        await LoseReplyAsync(async () => await ReceiveAsync());
        Assert.Equal(20, Assert.Single(await _storage.Broker.QueuesAsync(Cancel)).Claimed);

        var after = await ReceiveAsync();

        // Those of the lost reply, unpenalised, before the rest; what was known before is still held.
        Assert.Equal(10, after.Count);
        Assert.All(after, static delivery => Assert.False(delivery.IsOrphan));
        Assert.Empty(after.Select(static delivery => delivery.Message.Id)
            .Intersect(before.Select(static delivery => delivery.Message.Id)));
        Assert.All(
            await _storage.Broker.RenewAsync([.. before.Select(static delivery => delivery.Token)], Hour, Cancel),
            static status => Assert.Equal(LeaseStatus.Held, status));
        Assert.Equal((10, 20), Assert.Single(await _storage.Broker.QueuesAsync(Cancel)) is var queue
            ? (queue.Ready, queue.Claimed)
            : default);
    }

    private async Task<IReadOnlyList<Delivery>> ReceiveAsync()
    {
        _receiver ??= _storage.Broker.OpenReceiver(TestData.Owner(), [TestData.Queue], Hour);
        return (await _receiver.ReceiveAsync(10, TimeSpan.Zero, Cancel)).Deliveries;
    }

    /// <summary>
    /// Lets a call's requests through until the server has nothing more to do for it, and none of the answers.
    /// </summary>
    private async Task LoseReplyAsync(Func<Task> call)
    {
        // Connections enough: a new one would get no further than its greeting.
        Assert.True(await AnswersAsync());
        var before = await _server.WritesAsync();
        _server.Proxy.Mode = ProxyMode.DropReplies;
        var lost = call();
        await Eventually.BecomesTrueAsync(
            "the server has done it", Long, async () => await _server.WritesAsync() > before);
        _server.Proxy.Reset();
        _server.Proxy.Mode = ProxyMode.Normal;
        Assert.True((await Assert.ThrowsAsync<StorageException>(() => lost)).IsTransient);

        // A hint that was under way may have given a broken connection back since.
        await Eventually.BecomesTrueAsync("all connections answer again", Long, AnswersAsync);
    }

    private async ValueTask<bool> AnswersAsync()
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await _storage.PingAsync(Cancel)));
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }
}

using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>How a receiver waits, and what ends its waits.</summary>
public abstract class ReceiverSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Receive_SeveralDelayedJobs_LooksAgainWhenTheFirstIsDue()
    {
        var (late, early) = (A.Message() with { Delay = Ten * 3 }, A.Message(queue: "other") with { Delay = Ten });
        await PublishAsync(late, early);
        var due = Time.GetUtcNow() + Ten;

        var deliveries = await RunAsync(
            new ValueTask<IReadOnlyList<Delivery>>(WaitForJobsAsync(100, "one", TestData.Queue, "other")), Second);

        Assert.Equal([early.Id], Ids(deliveries));
        Assert.InRange(deliveries[0].ClaimedAt, due, due + Ten);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receive_JobThatComesBackWithADelay_LooksAgainWhenItIsDue(bool declined)
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        var waiting = WaitForJobsAsync();
        await Time.TimerSetAsync();
        var waitsAgain = Time.NextTimerSetAsync();
        if (declined)
        {
            await DeclineAsync(delivery, Ten);
        }
        else
        {
            await SettleAsync(A.Outcome(delivery, JobDecision.Retry) with { RetryDelay = Ten });
        }

        // The clock must not run before the receiver has heard the signal and waits until the job is due.
        await waitsAgain.WaitAsync(Patience, Stop);
        var due = Time.GetUtcNow() + Ten;

        var deliveries = await RunAsync(new ValueTask<IReadOnlyList<Delivery>>(waiting), Second);

        Assert.Equal([message.Id], Ids(deliveries));
        Assert.InRange(deliveries[0].ClaimedAt, due, due + Ten);
    }

    [Theory]
    [InlineData("run now")]
    [InlineData("move")]
    [InlineData("requeue")]
    [InlineData("resume")]
    [InlineData("release")]
    [InlineData("follow-up")]
    public async Task Receive_AfterItDrainedTheQueue_IsWokenByASignal(string signal)
    {
        var (first, held) = (A.Message(), A.Message(queue: "held"));
        await PublishAsync(first, held);
        var claimed = Assert.Single(await ReceiveAsync(1, "two", "held"));
        if (signal == "resume")
        {
            await Broker.PauseAsync("held", "repairs", Stop);
            await ReleaseAsync([claimed.Token]);
        }

        JobId expected = held.Id;
        Assert.Equal([first.Id], Ids(await ReceiveAsync(100, "one", TestData.Queue, "held")));
        var waiting = WaitForJobsAsync(100, "one", TestData.Queue, "held");
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        switch (signal)
        {
            case "run now":
                await SettleAsync(A.Outcome(claimed, JobDecision.Retry) with { RetryDelay = Hour * 2 });
                await Store.RunNowAsync([held.Id], Stop);
                break;
            case "move":
                var moved = A.Message(queue: "far");
                expected = moved.Id;
                await PublishAsync(moved);
                await Store.MoveAsync([moved.Id], new JobMove("held"), Stop);
                break;
            case "requeue":
                await SettleAsync(claimed);
                await RequeueAsync([held.Id]);
                break;
            case "resume":
                await Broker.ResumeAsync("held", Stop);
                break;
            case "release":
                await ReleaseAsync([claimed.Token]);
                break;
            default:
                var next = A.Message();
                expected = next.Id;
                await SettleAsync(A.Outcome(claimed) with { FollowUps = [next] });
                break;
        }

        Assert.Equal([expected], Ids(await waiting.WaitAsync(Patience, Stop)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wake_WhileReceiveWaits_EndsTheWaitWithNothing(bool drained)
    {
        if (drained)
        {
            await PublishOneAsync();
            await ReceiveOneAsync();
            Assert.Empty(await ReceiveAsync());
            await PublishOneAsync();
            Assert.Single(await ReceiveAsync());
        }

        var waiting = WaitForJobsAsync();
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        Receiver().Wake();

        Assert.Empty(await waiting.WaitAsync(Patience, Stop));
        var message = await PublishOneAsync();
        Assert.Equal([message.Id], Ids(await WaitForJobsAsync().WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Wake_WhileReceiveOrphanWaits_EndsTheWaitWithNothing()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        var waiting = WaitForOrphanAsync("two");
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        Receiver("two").Wake();

        Assert.Empty(await waiting.WaitAsync(Patience, Stop));
        await KillAsync();
        Assert.Single(await WaitForOrphanAsync("two").WaitAsync(Patience, Stop));
    }

    [Fact]
    public async Task Wake_OfOneReceiver_LeavesAnotherWaiting()
    {
        var waiting = WaitForJobsAsync(1, "two");
        await Time.TimerSetAsync();

        Receiver("one").Wake();
        Assert.Empty(await ReceiveAsync());
        Assert.False(waiting.IsCompleted);

        var message = await PublishOneAsync();
        Assert.Equal([message.Id], Ids(await waiting.WaitAsync(Patience, Stop)));
    }

    [Theory]
    [InlineData("reclaim")]
    [InlineData("release")]
    [InlineData("resume")]
    [InlineData("move")]
    public async Task ReceiveOrphan_Waiting_IsWokenByASignal(string signal)
    {
        var message = A.Message(queue: signal == "move" ? "far" : TestData.Queue);
        await PublishAsync(message);
        await ReceiveAsync(1, "killed", message.Queue);
        Delivery? orphan = null;
        if (signal != "reclaim")
        {
            await KillAsync("killed");
            orphan = signal == "release" ? await ReceiveOneOrphanAsync("three") : null;
        }

        if (signal == "resume")
        {
            await Broker.PauseAsync(TestData.Queue, "repairs", Stop);
        }

        var waiting = WaitForOrphanAsync("two");
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        switch (signal)
        {
            case "reclaim":
                await KillAsync("killed");
                break;
            case "release":
                await ReleaseAsync([orphan!.Token]);
                break;
            case "resume":
                await Broker.ResumeAsync(TestData.Queue, Stop);
                break;
            default:
                await Store.MoveAsync([message.Id], new JobMove(TestData.Queue), Stop);
                break;
        }

        var delivery = Assert.Single(await waiting.WaitAsync(Patience, Stop));
        Assert.Equal((message.Id, true), (delivery.Message.Id, delivery.IsOrphan));
    }

    [Fact]
    public async Task ReceiveOrphan_WaitInVain_GivesNothingWhenTheTimeIsUp()
    {
        await PublishOneAsync();
        var start = Time.GetUtcNow();

        var received = await RunAsync(Receiver().ReceiveOrphanAsync(Ten, Stop), Second);

        Assert.Empty(received.Deliveries);
        Assert.True(Time.GetUtcNow() - start >= Ten);
        Assert.Single(await ReceiveAsync());
    }

    [Fact]
    public async Task ReceiveOrphan_Cancelled_Stops()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Receiver().ReceiveOrphanAsync(Hour, stop.Token).AsTask();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience, Stop));
    }

    [Fact]
    public async Task ReceiveAndReceiveOrphan_AtTheSameTime_EachHearsItsOwn()
    {
        var (jobs, orphans) = (WaitForJobsAsync(1, "two"), WaitForOrphanAsync("two"));
        await Time.TimerSetAsync();
        var message = await PublishOneAsync();
        Assert.Equal([message.Id], Ids(await jobs.WaitAsync(Patience, Stop)));
        Assert.False(orphans.IsCompleted);

        await KillAsync("two");

        Assert.Equal([message.Id], Ids(await orphans.WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Receive_AskedTimestamp_IsNoLaterThanTheClaims()
    {
        var waiting = Receiver().ReceiveAsync(100, Hour, Stop).AsTask();
        await Time.TimerSetAsync();
        Time.Advance(Ten);
        var published = Time.GetTimestamp();
        await PublishOneAsync();

        var received = await waiting.WaitAsync(Patience, Stop);

        Assert.InRange(received.AskedTimestamp, published, received.Deliveries[0].ClaimedAt.UtcTicks);
    }

    [Fact]
    public async Task Receive_QueueNamedTwice_GivesEachJobOnce()
    {
        var message = await PublishOneAsync();

        Assert.Equal([message.Id], Ids(await ReceiveAsync(100, "one", TestData.Queue, TestData.Queue)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public async Task Receive_MaxOutOfRange_IsRefused(int max) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ReceiveAsync(max));

    [Fact]
    public void OpenReceiver_WithoutQueuesOrLease_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Broker.OpenReceiver(TestData.Owner(), [], Lease));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Broker.OpenReceiver(TestData.Owner(), [TestData.Queue], TimeSpan.Zero));
    }

    [Fact]
    public async Task Dispose_Receiver_LeavesItsClaimsAlone()
    {
        await PublishOneAsync();
        var receiver = Broker.OpenReceiver(TestData.Owner(), [TestData.Queue], Lease);
        var delivery = Assert.Single((await receiver.ReceiveAsync(1, TimeSpan.Zero, Stop)).Deliveries);

        await receiver.DisposeAsync();

        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
        Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery));
    }
}

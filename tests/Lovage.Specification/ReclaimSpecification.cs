using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Dead owners, and jobs that kill their process.</summary>
public abstract class ReclaimSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Reclaim_LeaseRunsOut_GivesTheJobBack()
    {
        var message = await PublishOneAsync();
        await ReceiveOneAsync();
        Time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(new ReclaimResult(0, 0), await Broker.ReclaimAsync([], 100, Stop));
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(new ReclaimResult(1, 0), await Broker.ReclaimAsync([], 100, Stop));

        var again = await ReceiveOneAsync("two");
        Assert.Equal(message.Id, again.Message.Id);
        Assert.True(again.StartFirst);
        Assert.Equal(0, again.Message.Retries);
    }

    [Fact]
    public async Task Reclaim_DeadOwner_GivesBackAtOnceAndSparesTheLiving()
    {
        await PublishAsync(A.Messages(4));
        await ReceiveAsync(2, "one");
        var living = await ReceiveAsync(2, "two");

        Assert.Equal(new ReclaimResult(2, 0), await KillAsync("one"));
        Assert.Equal(
            [LeaseStatus.Held, LeaseStatus.Held],
            await Broker.RenewAsync([living[0].Token, living[1].Token], Lease, Stop));
        Assert.Equal([TestData.Owner("two").Key], await Broker.OwnersAsync(Stop));
    }

    [Fact]
    public async Task Reclaim_Max_IsNotExceeded()
    {
        await PublishAsync(A.Messages(5));
        await ReceiveAsync();
        string[] dead = [TestData.Owner().Key];

        Assert.Equal(new ReclaimResult(3, 0), await Broker.ReclaimAsync(dead, 3, Stop));
        Assert.Equal(new ReclaimResult(2, 0), await Broker.ReclaimAsync(dead, 3, Stop));
    }

    [Fact]
    public async Task Receive_ReclaimedJobs_ComeFirstAndEachAlone()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await ReceiveAsync(2);
        await KillAsync();

        var first = Assert.Single(await ReceiveAsync());
        var second = Assert.Single(await ReceiveAsync());
        var third = Assert.Single(await ReceiveAsync());

        Assert.Equal(Ids(messages), Ids([first, second, third]));
        Assert.Equal([true, true, false], new[] { first.StartFirst, second.StartFirst, third.StartFirst });
    }

    [Fact]
    public async Task Receive_WithoutReclaimed_GivesOrdinaryJobsOnly()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await ReceiveAsync(1);
        await KillAsync();

        Assert.Equal(
            Ids(messages[1..]), Ids(await Broker.ReceiveAsync(Request() with { WithReclaimed = false }, Stop)));
        Assert.Equal([messages[0].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Receive_ReclaimedInALaterQueue_IsNotStarvedByAnEarlierOne()
    {
        var reclaimed = A.Message(queue: "late");
        await PublishAsync(reclaimed);
        await ReceiveAsync(1, "one", "late");
        await KillAsync();
        var ordinary = A.Message(queue: "early");
        await PublishAsync(ordinary);

        var first = await ReceiveAsync(100, "two", "early", "late");
        var second = await ReceiveAsync(100, "two", "early", "late");

        Assert.Equal(new[] { reclaimed.Id, ordinary.Id }.ToHashSet(), Ids([.. first, .. second]).ToHashSet());
    }

    [Fact]
    public async Task Reclaim_ClaimsWithoutRecordedStart_NeverBury()
    {
        var message = await PublishOneAsync();
        for (var i = 0; i < 5; i++)
        {
            await ReceiveOneAsync();
            Assert.Equal(new ReclaimResult(1, 0), await KillAsync());
        }

        Assert.Equal(JobState.Queued, await StateAsync(message));
        Assert.Empty(await Store.AttemptsAsync(message.Id, Stop));
    }

    [Fact]
    public async Task Reclaim_StartsNotWrittenAhead_NeverBury()
    {
        var message = await PublishOneAsync();
        for (var i = 0; i < 3; i++)
        {
            await StartAsync(await ReceiveOneAsync(), ahead: false);
            Assert.Equal(new ReclaimResult(1, 0), await KillAsync());
        }

        Assert.Equal(3, (await Store.AttemptsAsync(message.Id, Stop)).Count);
    }

    [Fact]
    public async Task Reclaim_SecondStartWrittenAhead_BuriesWithPayloadAndReason()
    {
        var message = await PublishOneAsync();
        await StartAsync(await ReceiveOneAsync());
        Assert.Equal(new ReclaimResult(1, 0), await KillAsync());
        await StartAsync(await ReceiveOneAsync());

        Assert.Equal(new ReclaimResult(0, 1), await KillAsync());

        var record = await FindAsync(message.Id);
        Assert.Equal(JobState.Dead, record.State);
        Assert.False(string.IsNullOrWhiteSpace(record.Reason));
        Assert.Equal(Time.GetUtcNow(), record.FinishedAt);
        AssertSame(message, record.Message);
        var attempts = await Store.AttemptsAsync(message.Id, Stop);
        Assert.Equal([1, 2], attempts.Select(a => a.Number));
        Assert.All(attempts, a => Assert.Equal((AttemptEnd.OwnerDied, TestData.Owner().Key), (a.End, a.Worker)));
        Assert.Equal(2, record.Attempts);
        Assert.Empty(await ReceiveAsync());
        Assert.Equal(1, Assert.Single(await Store.CountersAsync(Stop)).Dead);
    }

    [Fact]
    public async Task Reclaim_Killer_DoesNotCondemnItsNeighbours()
    {
        var messages = A.Messages(10);
        await PublishAsync(messages);
        var killer = messages[0].Id;
        var deaths = 0;
        var done = new List<JobId>();
        await ReceiveAsync();
        await KillAsync();
        while (await ReceiveAsync() is { Count: > 0 } deliveries)
        {
            foreach (var delivery in deliveries)
            {
                Assert.True(await StartAsync(delivery, delivery.StartFirst));
                if (delivery.Message.Id == killer)
                {
                    deaths++;
                    await KillAsync();
                    break;
                }

                Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery));
                done.Add(delivery.Message.Id);
            }
        }

        Assert.Equal(JobLifecycle.DeathsMax, deaths);
        Assert.Equal(Ids(messages[1..]), done);
        Assert.Equal(JobState.Dead, await StateAsync(messages[0]));
    }

    [Fact]
    public async Task Release_ReclaimedJob_StaysReclaimed()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        var watched = await ReceiveOneAsync();
        await Broker.ReleaseAsync([watched.Token], Stop);

        Assert.True((await ReceiveOneAsync()).StartFirst);
    }

    [Fact]
    public async Task Settle_ReclaimedJobForRetry_IsOrdinaryAgain()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);

        Assert.False((await ReceiveOneAsync()).StartFirst);
    }

    [Fact]
    public async Task Reclaim_JobThatIsToBeCancelled_IsCancelled()
    {
        var message = await PublishOneAsync();
        await ReceiveOneAsync();
        await CancelAsync(message.Id, "not wanted");

        Assert.Equal(new ReclaimResult(0, 0, 1), await KillAsync());

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Cancelled, "not wanted"), (record.State, record.Reason));
        Assert.Empty(await ReceiveAsync());
    }
}

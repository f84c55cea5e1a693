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
        Assert.Equal((0, 0), Counts(await Broker.ReclaimAsync([], 100, Stop)));
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((1, 0), Counts(await Broker.ReclaimAsync([], 100, Stop)));

        Assert.Empty(await ReceiveAsync(owner: "two"));
        var again = await ReceiveOneOrphanAsync("two");
        Assert.Equal(message.Id, again.Message.Id);
        Assert.True(again.IsOrphan);
        Assert.Equal(0, again.Message.Retries);
    }

    [Fact]
    public async Task Reclaim_DeadOwner_GivesBackAtOnceAndSparesTheLiving()
    {
        await PublishAsync(A.Messages(4));
        await ReceiveAsync(2, "one");
        var living = await ReceiveAsync(2, "two");

        Assert.Equal((2, 0), Counts(await KillAsync("one")));
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

        Assert.Equal((3, 0), Counts(await Broker.ReclaimAsync(dead, 3, Stop)));
        Assert.Equal((2, 0), Counts(await Broker.ReclaimAsync(dead, 3, Stop)));
    }

    [Fact]
    public async Task ReceiveOrphan_SeveralOrphans_ComeInOrderAndEachAlone()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await ReceiveAsync(2);
        await KillAsync();

        var first = await ReceiveOneOrphanAsync();
        var second = await ReceiveOneOrphanAsync();
        Assert.Null(await ReceiveOrphanAsync());
        var third = Assert.Single(await ReceiveAsync());

        Assert.Equal(Ids(messages), Ids([first, second, third]));
        Assert.Equal([true, true, false], new[] { first.IsOrphan, second.IsOrphan, third.IsOrphan });
    }

    [Fact]
    public async Task Receive_WhileThereIsAnOrphan_GivesOrdinaryJobsOnly()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await ReceiveAsync(1);
        await KillAsync();

        Assert.Equal(Ids(messages[1..]), Ids(await ReceiveAsync()));
        Assert.Empty(await ReceiveAsync());
        Assert.Equal(messages[0].Id, (await ReceiveOneOrphanAsync()).Message.Id);
    }

    [Fact]
    public async Task ReceiveOrphan_InALaterQueue_IsNotStarvedByAnEarlierOne()
    {
        var orphan = A.Message(queue: "late");
        await PublishAsync(orphan);
        await ReceiveAsync(1, "one", "late");
        await KillAsync();
        var ordinary = A.Message(queue: "early");
        await PublishAsync(ordinary);

        Assert.Equal(orphan.Id, (await ReceiveOneOrphanAsync("two", "early", "late")).Message.Id);
        Assert.Equal([ordinary.Id], Ids(await ReceiveAsync(100, "two", "early", "late")));
    }

    [Fact]
    public async Task Reclaim_ClaimsWithoutRecordedStart_NeverBury()
    {
        var message = await PublishOneAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(i == 0 ? await ReceiveOneAsync() : await ReceiveOrphanAsync());
            Assert.Equal((1, 0), Counts(await KillAsync()));
        }

        Assert.Equal(JobState.Queued, await StateAsync(message));
        Assert.Empty(await History.AttemptsAsync(message.Id, Stop));
    }

    [Fact]
    public async Task Reclaim_StartsNotWrittenAhead_NeverBury()
    {
        var message = await PublishOneAsync();
        for (var i = 0; i < 3; i++)
        {
            await StartAsync(i == 0 ? await ReceiveOneAsync() : await ReceiveOneOrphanAsync(), ahead: false);
            Assert.Equal((1, 0), Counts(await KillAsync()));
        }

        Assert.Equal(3, (await History.AttemptsAsync(message.Id, Stop)).Count);
    }

    [Fact]
    public async Task Reclaim_SecondStartWrittenAhead_BuriesWithPayloadAndReason()
    {
        var message = await PublishOneAsync();
        await StartAsync(await ReceiveOneAsync());
        Assert.Equal((1, 0), Counts(await KillAsync()));
        await StartAsync(await ReceiveOneOrphanAsync());

        Assert.Equal((0, 1), Counts(await KillAsync()));

        var record = await FindAsync(message.Id);
        Assert.Equal(JobState.Dead, record.State);
        Assert.False(string.IsNullOrWhiteSpace(record.Reason));
        Assert.Equal(Time.GetUtcNow(), record.FinishedAt);
        AssertSame(message, record.Message);
        var attempts = await History.AttemptsAsync(message.Id, Stop);
        Assert.Equal([1, 2], attempts.Select(a => a.Number));
        Assert.All(attempts, a => Assert.Equal((AttemptEnd.OwnerDied, TestData.Owner().Key), (a.End, a.Worker)));
        Assert.Equal(2, record.Attempts);
        Assert.Empty(await ReceiveAsync());
        Assert.Null(await ReceiveOrphanAsync());
        Assert.Equal(1, Assert.Single(await History.CountersAsync(Stop)).Dead);
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
        while (await ReceiveOrphanAsync() is { } delivery)
        {
            Assert.True(await StartAsync(delivery, delivery.IsOrphan));
            if (delivery.Message.Id == killer)
            {
                deaths++;
                await KillAsync();
                continue;
            }

            Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery));
            done.Add(delivery.Message.Id);
        }

        Assert.Equal(JobLifecycle.DeathsMax, deaths);
        Assert.Equal(Ids(messages[1..]), done);
        Assert.Equal(JobState.Dead, await StateAsync(messages[0]));
    }

    [Fact]
    public async Task Release_Orphan_StaysAnOrphan()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        var watched = await ReceiveOneOrphanAsync();
        await ReleaseAsync([watched.Token]);

        Assert.Empty(await ReceiveAsync());
        Assert.True((await ReceiveOneOrphanAsync()).IsOrphan);
    }

    [Fact]
    public async Task Settle_OrphanForRetry_IsOrdinaryAgain()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        await SettleAsync(await ReceiveOneOrphanAsync(), JobDecision.Retry);

        Assert.Null(await ReceiveOrphanAsync());
        Assert.False((await ReceiveOneAsync()).IsOrphan);
    }

    [Fact]
    public async Task Reclaim_JobThatIsToBeCancelled_IsCancelled()
    {
        var message = await PublishOneAsync();
        await ReceiveOneAsync();
        await CancelAsync(message.Id, "not wanted");

        Assert.Equal((0, 1), Counts(await KillAsync()));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Cancelled, "not wanted"), (record.State, record.Reason));
        Assert.Empty(await ReceiveAsync());
        Assert.Null(await ReceiveOrphanAsync());
    }
}

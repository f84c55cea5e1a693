using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Requeue and prune.</summary>
public abstract class RetentionSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly RetentionPolicy Policy = new(TimeSpan.FromDays(1), TimeSpan.FromDays(7), 1_000);

    [Theory]
    [InlineData(JobDecision.Succeed)]
    [InlineData(JobDecision.Fail)]
    [InlineData(JobDecision.Bury)]
    public async Task Requeue_EndedJob_IsLikeNewWithItsHistory(JobDecision decision)
    {
        var message = await PublishOneAsync();
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);
        var last = await ReceiveOneAsync();
        await SettleAsync(A.Outcome(last, decision) with { Reason = "because" });

        Assert.Equal(1, await RequeueAsync([message.Id]));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Queued, 0, 2), (record.State, record.Message.Retries, record.Attempts));
        Assert.Null(record.FinishedAt);
        Assert.Null(record.Error);
        Assert.Null(record.Reason);
        Assert.True(record.Result.IsEmpty);
        var delivery = await ReceiveOneAsync();
        Assert.Equal((message.Id, 2, false), (delivery.Message.Id, delivery.AttemptsSoFar, delivery.IsOrphan));
        AssertSame(message, delivery.Message);
        Assert.True(delivery.Token.Stamp > last.Token.Stamp);
        Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery));
        Assert.Equal(3, (await History.AttemptsAsync(message.Id, Stop)).Count);
    }

    [Fact]
    public async Task Requeue_ExpiredJob_DoesNotExpireAgain()
    {
        var message = A.Message() with { Expires = Time.GetUtcNow() + TimeSpan.FromSeconds(1) };
        await PublishAsync(message);
        Time.Advance(TimeSpan.FromSeconds(2));
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Expire);
        await RequeueAsync([message.Id]);

        Assert.False((await ReceiveOneAsync()).IsExpired);
    }

    [Fact]
    public async Task Requeue_BuriedKiller_MayDieTwiceAgain()
    {
        var message = await PublishOneAsync();
        for (var round = 0; round < 2; round++)
        {
            await StartAsync(await ReceiveOneAsync());
            Assert.Equal((1, 0), Counts(await KillAsync()));
            await StartAsync(await ReceiveOneOrphanAsync());
            Assert.Equal((0, 1), Counts(await KillAsync()));
            Assert.Equal(1, await RequeueAsync([message.Id]));
        }

        Assert.False((await ReceiveOneAsync()).IsOrphan);
    }

    [Fact]
    public async Task Requeue_JobsThatHaveNotEnded_ArePassedOver()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await ReceiveOneAsync();
        await CancelAsync(messages[2].Id);

        Assert.Equal(
            [ChangeStatus.NotPossible, ChangeStatus.NotPossible, ChangeStatus.Changed, ChangeStatus.Unknown],
            Statuses(
                await Store.RequeueAsync([messages[0].Id, messages[1].Id, messages[2].Id, A.Id()], Stop)));
        Assert.Equal([messages[1].Id, messages[2].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Prune_EndedJobs_GoByTheirAgeWithTheirHistory()
    {
        var messages = A.Messages(4);
        await PublishAsync(messages);
        var deliveries = await ReceiveAsync(3);
        await Store.SettleAsync([A.Outcome(deliveries[0]), A.Outcome(deliveries[1], JobDecision.Bury)], Stop);
        Assert.Equal(0, await Store.PruneAsync(Policy, 100, Stop));
        Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));

        Assert.Equal(1, await Store.PruneAsync(Policy, 100, Stop));

        Assert.Null((await History.FindAsync([messages[0].Id], Stop))[0]);
        Assert.Empty(await History.AttemptsAsync(messages[0].Id, Stop));
        Assert.Equal(JobState.Dead, await StateAsync(messages[1]));
        Time.Advance(TimeSpan.FromDays(6));
        Assert.Equal(1, await Store.PruneAsync(Policy, 100, Stop));
        Assert.Equal(
            [messages[3].Id, messages[2].Id],
            (await History.QueryAsync(new JobQuery(), Stop)).Jobs.Select(job => job.Message.Id));
    }

    [Fact]
    public async Task Prune_TooManyRows_TheOldestGoFirst()
    {
        var messages = A.Messages(5);
        await PublishAsync(messages);
        foreach (var delivery in await ReceiveAsync())
        {
            await SettleAsync(delivery);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2, await Store.PruneAsync(Policy with { RowsMax = 2 }, 2, Stop));
        Assert.Equal(1, await Store.PruneAsync(Policy with { RowsMax = 2 }, 2, Stop));
        Assert.Equal(
            [messages[4].Id, messages[3].Id],
            (await History.QueryAsync(new JobQuery(), Stop)).Jobs.Select(job => job.Message.Id));
    }

    [Fact]
    public async Task Prune_ChosenIdOfAPrunedJob_IsNewAgain()
    {
        var message = A.Message() with { HasChosenId = true };
        await PublishAsync(message);
        await SettleAsync(await ReceiveOneAsync());
        Time.Advance(TimeSpan.FromDays(2));
        await Store.PruneAsync(Policy, 100, Stop);

        Assert.Equal([PublishStatus.Accepted], await PublishAsync(message));
    }

    [Fact]
    public async Task Prune_Counters_KeepWhatHappened()
    {
        await PublishOneAsync();
        await SettleAsync(await ReceiveOneAsync());
        Time.Advance(TimeSpan.FromDays(2));
        await Store.PruneAsync(Policy, 100, Stop);

        Assert.Equal(
            new JobCounter
            {
                Queue = TestData.Queue,
                Name = "tasks.add",
                Enqueued = 1,
                Succeeded = 1,
            },
            Assert.Single(await History.CountersAsync(Stop)));
    }
}

using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>A call whose answer was lost is made again: that must be harmless.</summary>
public abstract class RepetitionSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Publish_Repeated_StoresOneJob()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await PublishAsync(messages);

        Assert.Equal(Ids(messages), Ids(await ReceiveAsync()));
        Assert.Equal(3, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
    }

    [Theory]
    [InlineData(JobDecision.Succeed)]
    [InlineData(JobDecision.Fail)]
    [InlineData(JobDecision.Retry)]
    public async Task Settle_Repeated_IsAppliedOnceAndSaysApplied(JobDecision decision)
    {
        var message = await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync(), decision) with
        {
            RetryDelay = TimeSpan.FromSeconds(5),
            FollowUps = [A.Message(queue: "other")],
        };

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));
        }

        Assert.Single(await History.AttemptsAsync(message.Id, Stop));
        Assert.Equal(decision == JobDecision.Retry ? 1 : 0, (await FindAsync(message.Id)).Message.Retries);
        Assert.Single(await ReceiveAsync(10, "one", "other"));
        var counter = Assert.Single(await History.CountersAsync(Stop), c => c.Queue == TestData.Queue);
        Assert.Equal(1, counter.Succeeded + counter.Failed + counter.Retried);
    }

    [Fact]
    public async Task Settle_TwiceInOneBatch_IsAppliedOnce()
    {
        var message = await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync());

        Assert.Equal(
            [SettleStatus.Applied, SettleStatus.Applied],
            Statuses(await Store.SettleAsync([outcome, outcome], Stop)));
        Assert.Single(await History.AttemptsAsync(message.Id, Stop));
    }

    [Fact]
    public async Task Settle_RepeatedAfterTheRetryWasClaimed_DoesNotTouchTheNewClaim()
    {
        await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync(), JobDecision.Retry);
        await SettleAsync(outcome);
        var held = await ReceiveOneAsync("two");

        Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(held));
        Assert.Equal(1, (await FindAsync(held.Message.Id)).Message.Retries);
    }

    [Fact]
    public async Task RecordStarts_Repeated_CountsOneAttempt()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        Assert.True(await StartAsync(delivery));
        Assert.True(await StartAsync(delivery));

        Assert.Equal(1, (await FindAsync(message.Id)).Attempts);
        Assert.Equal((1, 0), Counts(await KillAsync()));
        Assert.Single(await History.AttemptsAsync(message.Id, Stop));
    }

    [Fact]
    public async Task ReleaseReclaimCancelRequeueAndPrune_Repeated_FindNothingMore()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        Assert.Equal(1, await ReleaseAsync([delivery.Token]));
        Assert.Equal(0, await ReleaseAsync([delivery.Token]));
        await ReceiveOneAsync();
        Assert.Equal((1, 0), Counts(await KillAsync()));
        Assert.Equal((0, 0), Counts(await KillAsync()));
        Assert.Equal(CancelStatus.Cancelled, await CancelAsync(message.Id));
        Assert.Equal(CancelStatus.AlreadyEnded, await CancelAsync(message.Id));
        Assert.Equal(1, await RequeueAsync([message.Id]));
        Assert.Equal(0, await RequeueAsync([message.Id]));
        Assert.Single(await ReceiveAsync());
    }
}

using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Delays, instants, retries and expiry.</summary>
public abstract class TimeSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Twenty = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Receive_DelayedJob_ComesWhenItIsDue()
    {
        var message = A.Message() with { Delay = Ten };
        await PublishAsync(message);
        var due = Time.GetUtcNow() + Ten;

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Scheduled, due), (record.State, record.DueAt));
        Time.Advance(Ten - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await ReceiveAsync());
        Time.Advance(TimeSpan.FromMilliseconds(1));

        var delivery = await ReceiveOneAsync();
        Assert.Equal(message.Id, delivery.Message.Id);
        Assert.Equal(due, delivery.ReadyAt);
        Assert.Equal(JobState.Queued, await StateAsync(message));
    }

    [Fact]
    public async Task Receive_Eta_ComesAtTheInstant()
    {
        await PublishAsync(A.Message() with { Eta = Time.GetUtcNow() + Ten });

        Assert.Empty(await ReceiveAsync());
        Time.Advance(Ten);
        Assert.Single(await ReceiveAsync());
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(20, 10)]
    public async Task Receive_DelayAndEta_TheLaterHolds(int delay, int eta)
    {
        await PublishAsync(A.Message() with
        {
            Delay = TimeSpan.FromSeconds(delay),
            Eta = Time.GetUtcNow() + TimeSpan.FromSeconds(eta),
        });

        Time.Advance(Ten);
        Assert.Empty(await ReceiveAsync());
        Time.Advance(Ten);
        Assert.Single(await ReceiveAsync());
    }

    [Fact]
    public async Task Receive_EtaInThePast_IsReadyAtOnce()
    {
        var message = A.Message() with { Eta = Time.GetUtcNow() - Ten };
        await PublishAsync(message);

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Queued, null), (record.State, record.DueAt));
        Assert.Equal(Time.GetUtcNow(), (await ReceiveOneAsync()).ReadyAt);
    }

    [Fact]
    public async Task Receive_WaitingForADelayedJob_WakesWhenItIsDue()
    {
        await PublishAsync(A.Message() with { Delay = Twenty });
        var due = Time.GetUtcNow() + Twenty;

        var deliveries = await RunAsync(
            new ValueTask<IReadOnlyList<Delivery>>(WaitForJobsAsync()), TimeSpan.FromSeconds(1));

        var delivery = Assert.Single(deliveries);
        Assert.InRange(delivery.ClaimedAt, due, due + Ten);
    }

    [Fact]
    public async Task Receive_WaitInVain_GivesNothingWhenTheTimeIsUp()
    {
        var start = Time.GetUtcNow();

        Assert.Empty(
            await RunAsync(new ValueTask<IReadOnlyList<Delivery>>(WaitForJobsAsync(Ten)), TimeSpan.FromSeconds(1)));
        Assert.True(Time.GetUtcNow() - start >= Ten);
    }

    [Fact]
    public async Task Settle_Retry_WaitsAndCountsOneFailure()
    {
        var message = await PublishOneAsync();
        var first = await ReceiveOneAsync();
        var outcome = A.Outcome(first, JobDecision.Retry) with { RetryDelay = Ten };
        Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Retrying, 1, 1), (record.State, record.Message.Retries, record.Attempts));
        Assert.Equal(Time.GetUtcNow() + Ten, record.DueAt);
        Assert.Equal(outcome.Attempt.Error, record.Error);
        Assert.Null(record.FinishedAt);
        Assert.Empty(await ReceiveAsync());
        Time.Advance(Ten);

        var second = await ReceiveOneAsync("two");
        Assert.Equal((message.Id, 1, 1), (second.Message.Id, second.Message.Retries, second.AttemptsSoFar));
        Assert.True(second.Token.Stamp > first.Token.Stamp);
        AssertSame(message with { Retries = 1 }, second.Message);
    }

    [Fact]
    public async Task Settle_RetryWithoutDelay_IsReadyAgainAtOnce()
    {
        await PublishOneAsync();
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);

        Assert.Equal(1, (await ReceiveOneAsync()).Message.Retries);
    }

    [Fact]
    public async Task Settle_FollowUpWithDelay_WaitsForItsTime()
    {
        await PublishOneAsync();
        await SettleAsync(A.Outcome(await ReceiveOneAsync()) with { FollowUps = [A.Message() with { Delay = Ten }] });

        Assert.Empty(await ReceiveAsync());
        Time.Advance(Ten);
        Assert.Single(await ReceiveAsync());
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(11, true)]
    public async Task Receive_Expiry_IsFlaggedFromItsInstantOn(int seconds, bool expired)
    {
        await PublishAsync(A.Message() with { Expires = Time.GetUtcNow() + Ten });
        Time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expired, (await ReceiveOneAsync()).IsExpired);
    }

    [Fact]
    public async Task Release_DelayedJobOnceDue_DoesNotWaitAgain()
    {
        await PublishAsync(A.Message() with { Delay = Ten });
        Time.Advance(Ten);
        var delivery = await ReceiveOneAsync();
        await ReleaseAsync([delivery.Token]);

        Assert.Equal(delivery.ReadyAt, (await ReceiveOneAsync()).ReadyAt);
    }
}

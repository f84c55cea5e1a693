using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Receive, settle, renew, release.</summary>
public abstract class LeaseSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Receive_ReadyJob_IsClaimed()
    {
        var message = await PublishOneAsync();
        var published = Time.GetUtcNow();
        Time.Advance(TimeSpan.FromSeconds(3));

        var delivery = await ReceiveOneAsync();

        Assert.Equal(message.Id, delivery.Message.Id);
        Assert.Equal(published, delivery.EnqueuedAt);
        Assert.Equal(published, delivery.ReadyAt);
        Assert.Equal(Time.GetUtcNow(), delivery.ClaimedAt);
        Assert.False(delivery.IsOrphan);
        Assert.False(delivery.IsExpired);
        Assert.Equal(0, delivery.AttemptsSoFar);
        Assert.Equal(JobState.Queued, await StateAsync(message));
        Assert.Equal([TestData.Owner().Key], await Broker.OwnersAsync(Stop));
    }

    [Fact]
    public async Task Receive_ClaimedJob_IsNotGivenAgain()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();

        Assert.Empty(await ReceiveAsync(owner: "two"));
        Assert.Empty(await ReceiveFromAsync(Other));
    }

    [Fact]
    public async Task Receive_Max_IsNotExceeded()
    {
        await PublishAsync(A.Messages(5));

        Assert.Equal(3, (await ReceiveAsync(3)).Count);
        Assert.Equal(2, (await ReceiveAsync(3)).Count);
        Assert.Empty(await ReceiveAsync(3));
    }

    [Fact]
    public async Task Receive_UnknownQueue_GivesNothing() =>
        Assert.Empty(await ReceiveAsync(1, "one", "never-published-to"));

    [Fact]
    public async Task Receive_EachClaim_HasAGreaterStamp()
    {
        await PublishAsync(A.Messages(3));
        var first = await ReceiveAsync();
        await ReleaseAsync([.. first.Select(d => d.Token)]);
        var second = await ReceiveAsync();

        long[] stamps = [.. first.Concat(second).Select(d => d.Token.Stamp)];
        Assert.Equal(stamps.Distinct().Order(), stamps);
    }

    [Theory]
    [InlineData(JobDecision.Succeed, JobState.Succeeded)]
    [InlineData(JobDecision.Fail, JobState.Failed)]
    [InlineData(JobDecision.Cancel, JobState.Cancelled)]
    [InlineData(JobDecision.Expire, JobState.Expired)]
    [InlineData(JobDecision.Bury, JobState.Dead)]
    public async Task Settle_FinalDecision_EndsTheJob(JobDecision decision, JobState state)
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        Time.Advance(TimeSpan.FromSeconds(1));
        var outcome = A.Outcome(delivery, decision) with { Reason = "because" };

        Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));

        var record = await FindAsync(message.Id);
        Assert.Equal(state, record.State);
        Assert.Equal("because", record.Reason);
        Assert.Equal(Time.GetUtcNow(), record.FinishedAt);
        Assert.Equal(outcome.Attempt.StartedAt, record.StartedAt);
        Assert.Equal(outcome.Attempt.Worker, record.Worker);
        Assert.Equal(1, record.Attempts);
        Assert.Equal(outcome.Attempt.Error, record.Error);
        Assert.Equal(outcome.Result.ToArray(), record.Result.ToArray());
        AssertSame(message, record.Message);
        Assert.Empty(await ReceiveAsync());
        Assert.Empty(await Broker.OwnersAsync(Stop));
    }

    [Theory]
    [InlineData(JobDecision.Ignore)]
    [InlineData(JobDecision.Release)]
    public async Task Settle_DecisionThatIsNoOutcome_IsRefused(JobDecision decision)
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => SettleAsync(delivery, decision));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
    }

    [Fact]
    public async Task Settle_WithFollowUps_PublishesThemInTheSameStep()
    {
        await PublishOneAsync();
        var followUps = new[] { A.Message("tasks.next"), A.Message("tasks.last", "other") };

        await SettleAsync(A.Outcome(await ReceiveOneAsync()) with { FollowUps = followUps });

        Assert.Equal([followUps[0].Id], Ids(await ReceiveAsync()));
        Assert.Equal([followUps[1].Id], Ids(await ReceiveAsync(1, "one", "other")));
    }

    [Fact]
    public async Task Settle_LeaseRunOutButNotTakenBack_IsStillApplied()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        Time.Advance(Lease * 2);

        Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery));
        Assert.Equal(JobState.Succeeded, await StateAsync(message));
    }

    [Fact]
    public async Task Renew_EachToken_IsRenewedByItself()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        Time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(deliveries[1]));
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((1, 0), Counts(await Broker.ReclaimAsync([], 100, Stop)));

        Assert.Equal(
            [LeaseStatus.Lost, LeaseStatus.Held],
            await Broker.RenewAsync([deliveries[0].Token, deliveries[1].Token], Lease, Stop));
    }

    [Fact]
    public async Task Renew_RunOutButNotTakenBack_HoldsAgain()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        Time.Advance(Lease * 2);

        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
        Assert.Equal((0, 0), Counts(await Broker.ReclaimAsync([], 100, Stop)));
    }

    [Fact]
    public async Task Release_HeldClaims_GoBackUnpenalised()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();

        Assert.Equal(1, await ReleaseAsync([delivery.Token]));

        var again = await ReceiveOneAsync("two");
        Assert.Equal(message.Id, again.Message.Id);
        Assert.Equal(0, again.Message.Retries);
        Assert.False(again.IsOrphan);
        Assert.Equal(delivery.ReadyAt, again.ReadyAt);
    }

    [Fact]
    public async Task Release_StartedJob_IsQueuedAgainAndItsAttemptKept()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await StartAsync(delivery, ahead: false);
        await ReleaseAsync([delivery.Token]);

        Assert.Equal(JobState.Queued, await StateAsync(message));
        Assert.Equal(AttemptEnd.Interrupted, Assert.Single(await History.AttemptsAsync(message.Id, Stop)).End);
        var again = await ReceiveOneAsync();
        Assert.Equal(1, again.AttemptsSoFar);
        Assert.Equal(0, again.Message.Retries);
    }

    [Fact]
    public async Task Owners_SeveralClaims_AreNamedOnce()
    {
        await PublishAsync(A.Messages(3));
        await ReceiveAsync(2, "one");
        await ReceiveAsync(1, "two");

        Assert.Equal(
            [TestData.Owner("one").Key, TestData.Owner("two").Key],
            (await Broker.OwnersAsync(Stop)).Order(StringComparer.Ordinal));
    }
}

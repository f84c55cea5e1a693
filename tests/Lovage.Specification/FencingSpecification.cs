using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>A worker that has lost the lease changes nothing.</summary>
public abstract class FencingSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Settle_AfterTheJobPassedToAnother_IsStale()
    {
        var (stale, held) = await PassOnAsync();

        Assert.Equal(
            SettleStatus.Stale,
            await SettleAsync(A.Outcome(stale) with { FollowUps = [A.Message("tasks.next", "other")] }));

        Assert.False((await FindAsync(stale.Message.Id)).State.IsFinal);
        Assert.Empty(await ReceiveAsync(1, "one", "other"));
        Assert.Equal(SettleStatus.Applied, await SettleAsync(held, JobDecision.Fail));
        Assert.Equal(SettleStatus.Stale, await SettleAsync(stale));
        Assert.Equal(JobState.Failed, await StateAsync(held.Message));
    }

    [Fact]
    public async Task Settle_TakenBackButNotYetClaimed_IsStale()
    {
        var message = await PublishOneAsync();
        var stale = await ReceiveOneAsync();
        await KillAsync();

        Assert.Equal(SettleStatus.Stale, await SettleAsync(stale));
        Assert.Equal(JobState.Queued, await StateAsync(message));
    }

    [Fact]
    public async Task Settle_AfterRelease_IsStale()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await ReleaseAsync([delivery.Token]);

        Assert.Equal(SettleStatus.Stale, await SettleAsync(delivery));
    }

    [Fact]
    public async Task Settle_TokenOfAnotherJob_IsStale()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();

        Assert.Equal(
            SettleStatus.Stale, await SettleAsync(A.Outcome(deliveries[0]) with { Id = deliveries[1].Message.Id }));
        Assert.Equal(
            [LeaseStatus.Held, LeaseStatus.Held],
            await Broker.RenewAsync([deliveries[0].Token, deliveries[1].Token], Lease, Stop));
    }

    [Fact]
    public async Task Settle_StaleAmongGood_DoesNotHurtThem()
    {
        var (stale, held) = await PassOnAsync();
        var neighbour = await PublishOneAsync();
        var other = await ReceiveOneAsync();

        var results = await Store.SettleAsync([A.Outcome(stale), A.Outcome(other), A.Outcome(held)], Stop);

        Assert.Equal([SettleStatus.Stale, SettleStatus.Applied, SettleStatus.Applied], Statuses(results));
        Assert.Equal(JobState.Succeeded, await StateAsync(neighbour));
    }

    [Fact]
    public async Task Renew_AfterTheJobPassedToAnother_IsLostAndDoesNotRenewTheOther()
    {
        var (stale, held) = await PassOnAsync();
        Time.Advance(Lease - TimeSpan.FromSeconds(1));

        Assert.Equal(LeaseStatus.Lost, await RenewAsync(stale));

        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, (await Broker.ReclaimAsync([], 100, Stop)).Orphaned);
        Assert.Equal(LeaseStatus.Lost, await RenewAsync(held));
    }

    [Fact]
    public async Task Release_AfterTheJobPassedToAnother_DoesNothing()
    {
        var (stale, held) = await PassOnAsync();

        Assert.Equal(0, await ReleaseAsync([stale.Token]));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(held));
        Assert.Empty(await ReceiveAsync(owner: "three"));
        Assert.Null(await ReceiveOrphanAsync("three"));
    }

    [Fact]
    public async Task Progress_AfterTheJobPassedToAnother_DoesNothing()
    {
        var (stale, held) = await PassOnAsync();

        await Store.ReportProgressAsync(
            [new(held.Token, held.Message.Id, 0.25, "mine"), new(stale.Token, stale.Message.Id, 0.9, "late")], Stop);

        var record = await FindAsync(held.Message.Id);
        Assert.Equal(0.25, record.Progress);
        Assert.Equal("mine", record.ProgressMessage);
    }

    [Fact]
    public async Task RecordStarts_AfterTheJobPassedToAnother_SaysNo()
    {
        var (stale, held) = await PassOnAsync();

        Assert.False(await StartAsync(stale));
        Assert.Equal(JobState.Queued, await StateAsync(stale.Message));
        Assert.True(await StartAsync(held));
        Assert.Equal(JobState.Running, await StateAsync(held.Message));
    }

    [Fact]
    public async Task EveryCall_AfterTheJobEnded_ChangesNothing()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await SettleAsync(delivery);
        var before = await FindAsync(delivery.Message.Id);

        Assert.Equal(LeaseStatus.Lost, await RenewAsync(delivery));
        Assert.Equal(0, await ReleaseAsync([delivery.Token]));
        Assert.False(await StartAsync(delivery));
        await Store.ReportProgressAsync([new(delivery.Token, delivery.Message.Id, 0.5, null)], Stop);

        var after = await FindAsync(delivery.Message.Id);
        Assert.Equal((before.State, before.Attempts, before.Progress), (after.State, after.Attempts, after.Progress));
    }

    [Fact]
    public async Task EveryCall_TokenNobodyMinted_IsLost()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        var forged = delivery with { Token = new LeaseToken(delivery.Token.Claim, delivery.Token.Stamp + 1_000) };

        Assert.Equal(LeaseStatus.Lost, await RenewAsync(forged));
        Assert.Equal(SettleStatus.Stale, await SettleAsync(forged));
        Assert.Equal(0, await ReleaseAsync([forged.Token, default]));
        Assert.False(await StartAsync(forged));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
    }

    private async Task<(Delivery Stale, Delivery Held)> PassOnAsync()
    {
        await PublishOneAsync();
        var stale = await ReceiveOneAsync("one");
        Time.Advance(Lease + TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await Broker.ReclaimAsync([], 100, Stop)).Orphaned);
        return (stale, await ReceiveOneOrphanAsync("two"));
    }
}

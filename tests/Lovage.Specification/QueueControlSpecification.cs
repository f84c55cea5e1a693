using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Pause and resume.</summary>
public abstract class QueueControlSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Pause_Queue_GivesNothingUntilItIsResumed()
    {
        var message = await PublishOneAsync();
        await Broker.PauseAsync(TestData.Queue, "repairs", Stop);

        Assert.Empty(await ReceiveAsync());
        Assert.Empty(await ReceiveFromAsync(Other));
        var status = await QueueAsync();
        Assert.Equal((true, "repairs", 1L), (status.Paused, status.PauseReason, status.Ready));

        await Broker.ResumeAsync(TestData.Queue, Stop);
        await Broker.ResumeAsync(TestData.Queue, Stop);
        Assert.Equal([message.Id], Ids(await ReceiveAsync()));
        Assert.Equal((false, null), ((await QueueAsync()).Paused, (await QueueAsync()).PauseReason));
    }

    [Fact]
    public async Task Pause_Queue_LeavesOthersAndTheClaimedAlone()
    {
        await PublishAsync(A.Message(), A.Message(queue: "other"));
        var claimed = await ReceiveOneAsync();
        await Broker.PauseAsync(TestData.Queue, "repairs", Stop);

        Assert.Single(await ReceiveAsync(10, "one", TestData.Queue, "other"));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(claimed));
        Assert.Equal(SettleStatus.Applied, await SettleAsync(claimed));
        Assert.Equal([PublishStatus.Accepted], await PublishAsync(A.Message()));
    }

    [Fact]
    public async Task Pause_DelayedJobsAndOrphans_AreHeldBackToo()
    {
        await PublishAsync(A.Message(), A.Message() with { Delay = TimeSpan.FromSeconds(5) });
        await ReceiveOneAsync();
        await Broker.PauseAsync(TestData.Queue, "repairs", Stop);
        await KillAsync();
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Empty(await ReceiveAsync());
        Assert.Null(await ReceiveOrphanAsync());
        await Broker.ResumeAsync(TestData.Queue, Stop);
        Assert.NotNull(await ReceiveOrphanAsync());
        Assert.Single(await ReceiveAsync());
    }

    [Fact]
    public async Task Pause_QueueNobodyUsedYet_IsShown()
    {
        await Broker.PauseAsync("fresh", "not yet", Stop);

        Assert.Equal(new QueueStatus("fresh", 0, 0, 0, null, true, "not yet"), await QueueAsync("fresh"));
    }

    [Fact]
    public async Task Pause_WaitingReceive_IsWokenByResume()
    {
        var message = await PublishOneAsync();
        await Broker.PauseAsync(TestData.Queue, "repairs", Stop);
        var waiting = WaitForJobsAsync();
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        await Broker.ResumeAsync(TestData.Queue, Stop);

        Assert.Equal([message.Id], Ids(await waiting));
    }

    [Fact]
    public async Task Purge_Max_IsNotExceeded()
    {
        await PublishAsync(A.Messages(5));
        await Broker.PauseAsync(TestData.Queue, "repairs", Stop);

        Assert.Equal(3, (await Broker.PurgeAsync(TestData.Queue, 3, Stop)).Count);
        Assert.Equal(2, (await QueueAsync()).Ready);
        Assert.Equal(2, (await Broker.PurgeAsync(TestData.Queue, 3, Stop)).Count);
        Assert.Empty(await Broker.PurgeAsync(TestData.Queue, 3, Stop));
        Assert.Empty(await Broker.PurgeAsync("unused", 3, Stop));
        Assert.Equal(5, Assert.Single(await History.CountersAsync(Stop)).Cancelled);
    }
}

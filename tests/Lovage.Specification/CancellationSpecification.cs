using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Cancelling at each stage of a job's life.</summary>
public abstract class CancellationSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task Cancel_QueuedOrDelayedJob_EndsAtOnce(int delay)
    {
        var message = A.Message() with { Delay = TimeSpan.FromSeconds(delay) };
        await PublishAsync(message);

        Assert.Equal(CancelStatus.Cancelled, await CancelAsync(message.Id, "not wanted"));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Cancelled, "not wanted"), (record.State, record.Reason));
        Assert.Equal(Time.GetUtcNow(), record.FinishedAt);
        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(await ReceiveAsync());
        var queue = await QueueAsync();
        Assert.Equal((0L, 0L, 0L), (queue.Ready, queue.Scheduled, queue.Claimed));
    }

    [Fact]
    public async Task Cancel_RetryingJob_EndsAtOnce()
    {
        var message = await PublishOneAsync();
        await SettleAsync(
            A.Outcome(await ReceiveOneAsync(), JobDecision.Retry) with { RetryDelay = TimeSpan.FromSeconds(5) });

        Assert.Equal(CancelStatus.Cancelled, await CancelAsync(message.Id));
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await ReceiveAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_ClaimedJob_IsReportedByRenewal(bool started)
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        if (started)
        {
            await StartAsync(delivery, ahead: false);
        }

        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
        Assert.Equal(CancelStatus.Requested, await CancelAsync(message.Id));
        Assert.Equal(CancelStatus.Requested, await CancelAsync(message.Id));
        Assert.True((await FindAsync(message.Id)).CancelRequested);
        Assert.Equal(LeaseStatus.CancelRequested, await RenewAsync(delivery));
        Assert.Equal(LeaseStatus.CancelRequested, await RenewAsync(delivery));
        Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery, JobDecision.Cancel));
        Assert.Equal(JobState.Cancelled, await StateAsync(message));
    }

    [Fact]
    public async Task Cancel_ClaimedJobThatSucceeds_ItsOwnOutcomeWins()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await CancelAsync(message.Id);
        await SettleAsync(delivery);

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Succeeded, false), (record.State, record.CancelRequested));
    }

    [Fact]
    public async Task Cancel_ClaimedJobThatIsReleased_IsCancelledThen()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await CancelAsync(message.Id, "not wanted");
        await ReleaseAsync([delivery.Token]);

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Cancelled, "not wanted"), (record.State, record.Reason));
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Cancel_ClaimedJobThatIsToBeRetried_IsCancelledThen()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await CancelAsync(message.Id, "not wanted");
        Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery, JobDecision.Retry));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Cancelled, "not wanted"), (record.State, record.Reason));
        Assert.Equal(AttemptEnd.Failed, Assert.Single(await History.AttemptsAsync(message.Id, Stop)).End);
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Cancel_EndedOrUnknownJobs_ChangesNothing()
    {
        var message = await PublishOneAsync();
        await SettleAsync(await ReceiveOneAsync());

        Assert.Equal(
            [CancelStatus.AlreadyEnded, CancelStatus.Unknown],
            Statuses(await Store.CancelAsync([message.Id, A.Id()], null, Stop)));
        Assert.Equal(JobState.Succeeded, await StateAsync(message));
    }

    [Fact]
    public async Task Cancel_InTheMiddleOfAQueue_LeavesTheRestInOrder()
    {
        var messages = A.Messages(5);
        await PublishAsync(messages);
        await CancelAsync(messages[2].Id);

        Assert.Equal(4, (await QueueAsync()).Ready);
        Assert.Equal([messages[0].Id, messages[1].Id, messages[3].Id, messages[4].Id], Ids(await ReceiveAsync()));
    }
}

using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// A worker declines a job that it does not know: that is an offer, not an attempt and not a failure.
/// </summary>
public abstract class OfferSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    [Fact]
    public async Task Decline_FirstOffer_IsNeitherAnAttemptNorAFailure()
    {
        var message = await PublishOneAsync();

        var result = await DeclineAsync(await ReceiveOneAsync(), Ten);

        Assert.Equal((1, 0), (result.Count, result.Ended.Count));
        var record = await FindAsync(message.Id);
        Assert.Equal(
            (JobState.Scheduled, 1, 0, 0), (record.State, record.Offers, record.Attempts, record.Message.Retries));
        Assert.Equal(Time.GetUtcNow() + Ten, record.DueAt);
        Assert.Equal(OfferReasons.WaitingPrefix + "host:1", record.Reason);
        Assert.Null(record.Error);
        Assert.Null(record.StartedAt);
        Assert.Empty(await History.AttemptsAsync(message.Id, Stop));
        Assert.Equal(
            new JobCounter
            {
                Queue = TestData.Queue,
                Name = "tasks.add",
                Enqueued = 1,
            },
            Assert.Single(await History.CountersAsync(Stop)));
        var queue = await QueueAsync();
        Assert.Equal((0L, 1L, 0L), (queue.Ready, queue.Scheduled, queue.Claimed));
        Assert.Empty(await Broker.OwnersAsync(Stop));
    }

    [Fact]
    public async Task Decline_Delay_IsObeyedAndTheOfferCounted()
    {
        var message = await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync(), Ten);

        Time.Advance(Ten - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await ReceiveAsync(owner: "two"));
        Time.Advance(TimeSpan.FromMilliseconds(1));

        var delivery = await ReceiveOneAsync("two");
        Assert.Equal((1, 0, 0, false), Numbers(delivery));
        Assert.Equal(Time.GetUtcNow(), delivery.ReadyAt);
        AssertSame(message, delivery.Message);
    }

    [Fact]
    public async Task Decline_WithoutDelay_IsOfferedAgainAtOnceAtTheBack()
    {
        var messages = A.Messages(2);
        await PublishAsync(messages);
        await DeclineAsync(await ReceiveOneAsync());

        Assert.Equal([messages[1].Id, messages[0].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Decline_BySeveralWorkers_CountsEachOfferAndNamesEachWorkerOnce()
    {
        var message = await PublishOneAsync();
        foreach (var worker in new[] { "host:12", "host:1", "host:12", "other:1" })
        {
            await DeclineAsync(await ReceiveOneAsync(), worker: worker);
        }

        var record = await FindAsync(message.Id);
        Assert.Equal(4, record.Offers);
        Assert.Equal(OfferReasons.WaitingPrefix + "host:12, host:1, other:1", record.Reason);
        Assert.Equal(4, (await ReceiveOneAsync()).Offers);
    }

    [Fact]
    public async Task Decline_ByVeryManyWorkers_KeepsTheReasonShort()
    {
        var message = await PublishOneAsync();
        string[] workers = [.. Enumerable.Range(10, 30).Select(i => $"{new string('h', 98)}{i}")];
        foreach (var worker in workers)
        {
            await DeclineAsync(await ReceiveOneAsync(), worker: worker);
        }

        var record = await FindAsync(message.Id);
        Assert.Equal(workers.Length, record.Offers);
        Assert.Contains(workers[0], record.Reason, StringComparison.Ordinal);
        Assert.InRange(record.Reason!.Length, 900, OfferReasons.WaitingPrefix.Length + OfferReasons.AskedMax + 102);
    }

    [Fact]
    public async Task Decline_BeforeTheLimit_EndsNothing()
    {
        var message = await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync(), limit: Limit);
        Time.Advance(Limit - TimeSpan.FromSeconds(1));

        Assert.Empty((await DeclineAsync(await ReceiveOneAsync(), limit: Limit)).Ended);
        Assert.Equal(2, (await FindAsync(message.Id)).Offers);
    }

    [Fact]
    public async Task Decline_WhenTheLimitHasPassedSinceTheFirstOffer_SetsTheJobAside()
    {
        var message = await PublishOneAsync();
        for (var i = 1; i <= 3; i++)
        {
            Assert.Empty((await DeclineAsync(await ReceiveOneAsync(), limit: Limit, worker: $"host:{i}")).Ended);
            Time.Advance(Limit / 3);
        }

        Assert.Single((await DeclineAsync(await ReceiveOneAsync(), limit: Limit, worker: "host:4")).Ended);

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Dead, 4, 0), (record.State, record.Offers, record.Attempts));
        Assert.Equal(OfferReasons.EndedPrefix(Limit) + "host:1, host:2, host:3, host:4", record.Reason);
        Assert.Equal(Time.GetUtcNow(), record.FinishedAt);
        AssertSame(message, record.Message);
        Assert.Equal(1, Assert.Single(await History.CountersAsync(Stop)).Dead);
        var queue = await QueueAsync();
        Assert.Equal((0L, 0L, 0L), (queue.Ready, queue.Scheduled, queue.Claimed));
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Start_AfterOffers_ClearsThem()
    {
        var message = await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync());
        var delivery = await ReceiveOneAsync();
        Assert.True(await StartAsync(delivery, ahead: false));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Running, 0, null), (record.State, record.Offers, record.Reason));
        await ReleaseAsync([delivery.Token]);
        await AssertOfferedAnewAsync(message.Id);
    }

    [Fact]
    public async Task Settle_AfterOffers_ClearsThem()
    {
        var message = await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync());
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Retrying, 0, null), (record.State, record.Offers, record.Reason));
        await AssertOfferedAnewAsync(message.Id);
    }

    [Fact]
    public async Task Requeue_AfterOffers_ClearsThem()
    {
        var message = await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync(), limit: Limit);
        Time.Advance(Limit);
        await DeclineAsync(await ReceiveOneAsync(), limit: Limit);
        Assert.Equal(1, await RequeueAsync([message.Id]));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Queued, 0, null), (record.State, record.Offers, record.Reason));
        await AssertOfferedAnewAsync(message.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReleaseOrReclaim_AfterOffers_KeepsThem(bool killed)
    {
        await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync());
        var delivery = await ReceiveOneAsync();
        Assert.Equal(1, killed ? (await KillAsync()).Orphaned : await ReleaseAsync([delivery.Token]));

        Assert.Equal(1, (killed ? await ReceiveOneOrphanAsync() : await ReceiveOneAsync()).Offers);
    }

    [Fact]
    public async Task Decline_JobThatHasFailedSixTimes_GoesOnWithItsRetries()
    {
        var message = A.Message() with { MaxAttempts = 100 };
        await PublishAsync(message);
        for (var i = 0; i < 6; i++)
        {
            await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);
        }

        var error = (await FindAsync(message.Id)).Error;
        for (var i = 1; i <= 8; i++)
        {
            Assert.Empty((await DeclineAsync(await ReceiveOneAsync())).Ended);
        }

        var record = await FindAsync(message.Id);
        Assert.Equal((6, 6, 8), (record.Message.Retries, record.Attempts, record.Offers));
        Assert.Equal(error, record.Error);
        Assert.Equal(6, (await History.AttemptsAsync(message.Id, Stop)).Count);
        var delivery = await ReceiveOneAsync();
        Assert.Equal((8, 6, 6, false), Numbers(delivery));
        await SettleAsync(delivery, JobDecision.Retry);
        record = await FindAsync(message.Id);
        Assert.Equal(
            (JobState.Retrying, 7, 7, 0), (record.State, record.Message.Retries, record.Attempts, record.Offers));
        Assert.Equal(7, Assert.Single(await History.CountersAsync(Stop)).Retried);
    }

    [Fact]
    public async Task Decline_Orphan_MakesItAnOrdinaryJob()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        await DeclineAsync(await ReceiveOneOrphanAsync());

        Assert.Null(await ReceiveOrphanAsync());
        Assert.Equal((1, 0, 0, false), Numbers(await ReceiveOneAsync()));
    }

    [Fact]
    public async Task Decline_LostLease_ChangesNothing()
    {
        var message = await PublishOneAsync();
        var stale = await ReceiveOneAsync("one");
        await KillAsync("one");
        Assert.Equal(0, (await DeclineAsync(stale, Ten)).Count);
        var held = await ReceiveOneOrphanAsync("two");

        Assert.Equal(0, (await DeclineAsync(stale, Ten)).Count);

        Assert.Equal(LeaseStatus.Held, await RenewAsync(held));
        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Queued, 0, null), (record.State, record.Offers, record.Reason));
    }

    [Fact]
    public async Task Decline_Repeated_IsOneOffer()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await DeclineAsync(delivery, Ten);
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, (await DeclineAsync(delivery, Ten)).Count);
        var record = await FindAsync(message.Id);
        Assert.Equal((1, Time.GetUtcNow() + TimeSpan.FromSeconds(9)), (record.Offers, record.DueAt));
        Time.Advance(Ten);
        var next = await ReceiveOneAsync();
        Assert.Equal(0, (await DeclineAsync(delivery, Ten)).Count);
        Assert.Equal(LeaseStatus.Held, await RenewAsync(next));
    }

    [Fact]
    public async Task Decline_SettledAfterwardsWithTheSameToken_IsStale()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await DeclineAsync(delivery, Ten);

        Assert.Equal(SettleStatus.Stale, await SettleAsync(delivery));
        Assert.False(await StartAsync(delivery));
        Assert.Equal(JobState.Scheduled, await StateAsync(message));
    }

    [Fact]
    public async Task Decline_SeveralAtOnce_EachGoesItsOwnWay()
    {
        var messages = A.Messages(5);
        await PublishAsync(messages);
        await DeclineAsync(await ReceiveOneAsync(), limit: Limit);
        Time.Advance(Limit);
        var held = (await ReceiveAsync()).ToDictionary(d => d.Message.Id);
        await CancelAsync(messages[1].Id);
        await SettleAsync(held[messages[2].Id]);

        var result = await Broker.DeclineAsync(
            [.. messages.Select((m, i) => new DeclinedOffer(held[m.Id].Token, m.Id, Ten * i, $"host:{i}"))],
            Limit,
            Stop);

        Assert.Equal(4, result.Count);
        Assert.Equal(
            new[] { (messages[0].Id, JobState.Dead), (messages[1].Id, JobState.Cancelled) }.ToHashSet(),
            result.Ended.Select(ended => (ended.Id, ended.State)).ToHashSet());
        Assert.Equal(JobState.Succeeded, await StateAsync(messages[2]));
        Assert.Equal(OfferReasons.WaitingPrefix + "host:3", (await FindAsync(messages[3].Id)).Reason);
        Time.Advance(Ten * 3);
        Assert.Equal([messages[3].Id], Ids(await ReceiveAsync()));
        Time.Advance(Ten);
        Assert.Equal([messages[4].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Decline_WithoutALimit_IsRefused()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => DeclineAsync(delivery, limit: TimeSpan.Zero));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
    }

    private static (int Offers, int Attempts, int Retries, bool IsOrphan) Numbers(Delivery delivery) =>
        (delivery.Offers, delivery.AttemptsSoFar, delivery.Message.Retries, delivery.IsOrphan);

    /// <summary>The next offer is the first one: the limit counts from it, and it alone is named.</summary>
    private async Task AssertOfferedAnewAsync(JobId id)
    {
        Time.Advance(Limit * 2);
        Assert.Empty((await DeclineAsync(await ReceiveOneAsync(), limit: Limit, worker: "late:1")).Ended);
        var record = await FindAsync(id);
        Assert.Equal((1, OfferReasons.WaitingPrefix + "late:1"), (record.Offers, record.Reason));
    }
}

using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// Every call says what became of the jobs it was about. A job that ends is told at once, without a step of the clock,
/// by its true name, state and reason.
/// </summary>
public abstract class ResultSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const string Reason = "not wanted";
    private const string Name = "tasks.add";

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(JobDecision.Succeed, JobState.Succeeded)]
    [InlineData(JobDecision.Fail, JobState.Failed)]
    [InlineData(JobDecision.Cancel, JobState.Cancelled)]
    [InlineData(JobDecision.Expire, JobState.Expired)]
    [InlineData(JobDecision.Bury, JobState.Dead)]
    public async Task Settle_FinalOutcome_SaysItsStateAndTellsTheEnd(JobDecision decision, JobState state)
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        var ends = ListenForEnds();

        var results = await Store.SettleAsync([.. deliveries.Select(d => A.Outcome(d, decision))], Stop);

        Assert.Equal([new(SettleStatus.Applied, state), new SettleResult(SettleStatus.Applied, state)], results);
        Assert.Equal(Ids(deliveries), ends);
    }

    [Fact]
    public async Task Settle_Retry_SaysRetryingAndTellsNoEnd()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        var ends = ListenForEnds();

        Assert.Equal(
            new SettleResult(SettleStatus.Applied, JobState.Retrying), await SettleOneAsync(Retry(delivery)));
        Assert.Empty(ends);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Settle_RetryOfAJobThatIsToBeCancelled_SaysCancelledAndTellsTheEnd(bool started)
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        if (started)
        {
            await StartAsync(delivery, ahead: false);
        }

        await CancelAsync(delivery.Message.Id, Reason);
        var ends = ListenForEnds();
        var (now, later) = (A.Message(queue: "other"), A.Message(queue: "other") with { Delay = Hour });
        var outcome = Retry(delivery) with { FollowUps = [now, later], Reason = "it broke" };

        Assert.Equal(new SettleResult(SettleStatus.Applied, JobState.Cancelled), await SettleOneAsync(outcome));

        Assert.Equal([delivery.Message.Id], ends);
        await AssertEndedAsync(delivery.Message.Id, JobState.Cancelled, Reason);
        var attempt = Assert.Single(await History.AttemptsAsync(delivery.Message.Id, Stop));
        Assert.Equal((AttemptEnd.Failed, outcome.Attempt.Error), (attempt.End, attempt.Error));
        Assert.Equal([null, null], await History.FindAsync([now.Id, later.Id], Stop));
        Assert.Empty(await ReceiveAsync(100, "one", "other"));
        Assert.Equal(new SettleResult(SettleStatus.Applied, JobState.Cancelled), await SettleOneAsync(outcome));
        Assert.Equal([null, null], await History.FindAsync([now.Id, later.Id], Stop));
    }

    [Fact]
    public async Task Settle_FinalOutcomeOfAJobThatIsToBeCancelled_PublishesItsFollowUps()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await CancelAsync(delivery.Message.Id, Reason);
        var next = A.Message(queue: "other");

        Assert.Equal(
            new SettleResult(SettleStatus.Applied, JobState.Succeeded),
            await SettleOneAsync(A.Outcome(delivery) with { FollowUps = [next] }));
        Assert.Equal([next.Id], Ids(await ReceiveAsync(100, "one", "other")));
    }

    [Fact]
    public async Task Settle_LostLease_SaysStaleWithoutAState()
    {
        await PublishOneAsync();
        var stale = await ReceiveOneAsync();
        await KillAsync();
        var ends = ListenForEnds();

        Assert.Equal(new SettleResult(SettleStatus.Stale, null), await SettleOneAsync(A.Outcome(stale)));
        Assert.Empty(ends);
    }

    [Theory]
    [InlineData(JobDecision.Succeed, JobState.Succeeded)]
    [InlineData(JobDecision.Cancel, JobState.Cancelled)]
    [InlineData(JobDecision.Bury, JobState.Dead)]
    public async Task Settle_Repeated_SaysTheStateWhileTheJobStandsThere(JobDecision decision, JobState state)
    {
        await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync(), decision);
        await SettleAsync(outcome);

        Assert.Equal(new SettleResult(SettleStatus.Applied, state), await SettleOneAsync(outcome));
        await RequeueAsync([outcome.Id]);
        Assert.Equal(new SettleResult(SettleStatus.Applied, null), await SettleOneAsync(outcome));
        Assert.Single(await ReceiveAsync());
        Assert.Equal(new SettleResult(SettleStatus.Applied, null), await SettleOneAsync(outcome));
    }

    [Fact]
    public async Task Settle_RepeatedRetry_SaysTheStateUntilTheJobIsClaimed()
    {
        await PublishOneAsync();
        var outcome = Retry(await ReceiveOneAsync());
        await SettleAsync(outcome);

        Assert.Equal(new SettleResult(SettleStatus.Applied, JobState.Retrying), await SettleOneAsync(outcome));
        Time.Advance(Hour);
        var next = await ReceiveOneAsync("two");
        Assert.Equal(new SettleResult(SettleStatus.Applied, null), await SettleOneAsync(outcome));
        await SettleAsync(next);
        Assert.Equal(new SettleResult(SettleStatus.Stale, null), await SettleOneAsync(outcome));
    }

    [Theory]
    [InlineData("ready")]
    [InlineData("delayed")]
    [InlineData("retrying")]
    [InlineData("orphan")]
    public async Task Cancel_JobThatNoWorkerHolds_SaysCancelledAndTellsTheEnd(string place)
    {
        var id = await PutAsync(place);
        var ends = ListenForEnds();

        Assert.Equal([new(CancelStatus.Cancelled, JobState.Cancelled)], await Store.CancelAsync([id], Reason, Stop));

        Assert.Equal([id], ends);
        await AssertEndedAsync(id, JobState.Cancelled, Reason);
    }

    [Theory]
    [InlineData(false, JobState.Queued)]
    [InlineData(true, JobState.Running)]
    public async Task Cancel_JobThatAWorkerHolds_SaysRequestedAndTellsNoEnd(bool started, JobState state)
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        if (started)
        {
            await StartAsync(delivery, ahead: false);
        }

        var ends = ListenForEnds();

        Assert.Equal(
            [new CancelResult(CancelStatus.Requested, state), new(CancelStatus.Unknown, null)],
            await Store.CancelAsync([delivery.Message.Id, A.Id()], Reason, Stop));
        Assert.Empty(ends);
    }

    [Fact]
    public async Task Cancel_EndedJob_SaysHowItEnded()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await SettleAsync(delivery, JobDecision.Bury);
        var ends = ListenForEnds();

        Assert.Equal(
            [new(CancelStatus.AlreadyEnded, JobState.Dead)],
            await Store.CancelAsync([delivery.Message.Id], Reason, Stop));
        Assert.Empty(ends);
    }

    [Fact]
    public async Task Release_JobThatIsToBeCancelled_NamesItAndTellsTheEnd()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        var id = deliveries[1].Message.Id;
        await CancelAsync(id, Reason);
        var ends = ListenForEnds();

        var result = await Broker.ReleaseAsync([.. deliveries.Select(d => d.Token)], Stop);

        Assert.Equal(2, result.Count);
        Assert.Equal([new EndedJob(id, Name, JobState.Cancelled, Reason)], result.Ended);
        Assert.Equal([id], ends);
        await AssertEndedAsync(id, JobState.Cancelled, Reason);
    }

    [Fact]
    public async Task Reclaim_SecondDeath_NamesTheBuriedAndTellsTheEnd()
    {
        var messages = A.Messages(2);
        await PublishAsync(messages);
        await StartAsync(await ReceiveOneAsync());
        await KillAsync();
        await StartAsync(await ReceiveOneOrphanAsync());
        await ReceiveOneAsync();
        var ends = ListenForEnds();

        var result = await KillAsync();

        var reason = JobLifecycle.DeathReason(JobLifecycle.DeathsMax);
        Assert.Equal(1, result.Orphaned);
        Assert.Equal([new EndedJob(messages[0].Id, Name, JobState.Dead, reason)], result.Ended);
        Assert.Equal([messages[0].Id], ends);
        await AssertEndedAsync(messages[0].Id, JobState.Dead, reason);
    }

    [Fact]
    public async Task Reclaim_JobThatIsToBeCancelled_NamesItAndTellsTheEnd()
    {
        await PublishAsync(A.Messages(2));
        var id = (await ReceiveAsync())[0].Message.Id;
        await CancelAsync(id, Reason);
        var ends = ListenForEnds();

        var result = await KillAsync();

        Assert.Equal(1, result.Orphaned);
        Assert.Equal([new EndedJob(id, Name, JobState.Cancelled, Reason)], result.Ended);
        Assert.Equal([id], ends);
        await AssertEndedAsync(id, JobState.Cancelled, Reason);
    }

    [Fact]
    public async Task Decline_PastTheLimit_NamesTheBuriedAndTellsTheEnd()
    {
        await PublishOneAsync();
        await DeclineAsync(await ReceiveOneAsync(), limit: Hour);
        Time.Advance(Hour);
        var delivery = await ReceiveOneAsync();
        var ends = ListenForEnds();

        var result = await DeclineAsync(delivery, limit: Hour, worker: "host:2");

        var reason = OfferReasons.EndedPrefix(Hour) + "host:1, host:2";
        Assert.Equal(1, result.Count);
        Assert.Equal([new EndedJob(delivery.Message.Id, Name, JobState.Dead, reason)], result.Ended);
        Assert.Equal([delivery.Message.Id], ends);
        await AssertEndedAsync(delivery.Message.Id, JobState.Dead, reason);
    }

    [Fact]
    public async Task Decline_JobThatIsToBeCancelled_NamesItAndTellsTheEnd()
    {
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await CancelAsync(delivery.Message.Id, Reason);
        var ends = ListenForEnds();

        var result = await DeclineAsync(delivery);

        Assert.Equal(1, result.Count);
        Assert.Equal([new EndedJob(delivery.Message.Id, Name, JobState.Cancelled, Reason)], result.Ended);
        Assert.Equal([delivery.Message.Id], ends);
        await AssertEndedAsync(delivery.Message.Id, JobState.Cancelled, Reason);
    }

    [Fact]
    public async Task Purge_JobsThatNoWorkerHolds_NamesThemAndTellsTheirEnds()
    {
        JobId[] waiting =
        [
            await PutAsync("orphan"),
            await PutAsync("retrying"),
            await PutAsync("delayed"),
            A.Id(),
        ];
        var (held, ready) = (A.Message(), A.Message() with { Id = waiting[3] });
        var elsewhere = A.Message(queue: "other");
        await PublishAsync(held, ready, elsewhere);
        var claimed = await ReceiveOneAsync();
        var ends = ListenForEnds();

        var ended = await Broker.PurgeAsync(TestData.Queue, 100, Stop);

        Assert.Equal(
            waiting.Select(id => new EndedJob(id, Name, JobState.Cancelled, JobLifecycle.PurgedReason)).ToHashSet(),
            ended.ToHashSet());
        Assert.Equal(waiting.ToHashSet(), ends.ToHashSet());
        Assert.Equal(waiting.Length, ends.Count);
        foreach (var id in waiting)
        {
            await AssertEndedAsync(id, JobState.Cancelled, JobLifecycle.PurgedReason);
        }

        Assert.Equal(LeaseStatus.Held, await RenewAsync(claimed));
        Assert.Equal(JobState.Queued, await StateAsync(elsewhere));
        Assert.Empty(await Broker.PurgeAsync(TestData.Queue, 100, Stop));
    }

    [Theory]
    [InlineData("ready", JobState.Queued)]
    [InlineData("delayed", JobState.Scheduled)]
    [InlineData("retrying", JobState.Retrying)]
    [InlineData("running", JobState.Running)]
    [InlineData("ended", JobState.Succeeded)]
    public async Task Publish_IdThatIsKnown_SaysTheStateItWasFoundIn(string place, JobState state)
    {
        var id = await PutAsync(place);
        var same = (await FindAsync(id)).Message with { HasChosenId = true, Delay = TimeSpan.Zero };

        Assert.Equal(
            [
                new PublishResult(PublishStatus.AlreadyKnown, id, state),
                new(PublishStatus.IdConflict, id, state),
            ],
            await Broker.PublishAsync([same, same with { Name = "tasks.other" }], Stop));
        Assert.Equal(state, (await FindAsync(id)).State);
    }

    private async Task<SettleResult> SettleOneAsync(Settlement outcome) =>
        Assert.Single(await Store.SettleAsync([outcome], Stop));

    private Settlement Retry(Delivery delivery) =>
        A.Outcome(delivery, JobDecision.Retry) with { RetryDelay = Hour };

    /// <summary>Puts a new job where a test wants it.</summary>
    private async Task<JobId> PutAsync(string place)
    {
        var message = A.Message() with { HasChosenId = true, Delay = place == "delayed" ? Hour : TimeSpan.Zero };
        await PublishAsync(message);
        switch (place)
        {
            case "retrying":
                await SettleAsync(Retry(await ReceiveOneAsync()));
                break;
            case "orphan":
                await ReceiveOneAsync("killed");
                await KillAsync("killed");
                break;
            case "running":
                await StartAsync(await ReceiveOneAsync(), ahead: false);
                break;
            case "ended":
                await SettleAsync(await ReceiveOneAsync());
                break;
            default:
                break;
        }

        return message.Id;
    }

    private async Task AssertEndedAsync(JobId id, JobState state, string reason)
    {
        var record = await FindAsync(id);
        Assert.Equal((state, reason, false), (record.State, record.Reason, record.CancelRequested));
        Assert.Equal(Time.GetUtcNow(), record.FinishedAt);
    }
}

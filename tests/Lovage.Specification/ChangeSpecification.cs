using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>What a person changes about jobs, beyond <see cref="PlacesTable"/>: run now, move, delete.</summary>
public abstract class ChangeSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const string Elsewhere = "other";

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task RunNow_DelayedJob_JoinsTheBack()
    {
        var (delayed, ready) = (A.Message() with { Delay = Hour }, A.Message());
        await PublishAsync(delayed, ready);
        Time.Advance(TimeSpan.FromMinutes(1));
        var now = Time.GetUtcNow();
        await Store.RunNowAsync([delayed.Id], Stop);
        var late = await PublishOneAsync();

        var deliveries = await ReceiveAsync();

        Assert.Equal([ready.Id, delayed.Id, late.Id], Ids(deliveries));
        Assert.Equal(now, deliveries[1].ReadyAt);
        AssertSame(delayed, deliveries[1].Message);
        Time.Advance(Hour);
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task RunNow_RetryingJob_KeepsItsRetries()
    {
        await PublishOneAsync();
        await SettleAsync(A.Outcome(await ReceiveOneAsync(), JobDecision.Retry) with { RetryDelay = Hour });
        var id = Assert.Single((await History.QueryAsync(new JobQuery(), Stop)).Jobs).Id;

        Assert.Equal([new(ChangeStatus.Changed, JobState.Retrying)], await Store.RunNowAsync([id], Stop));

        var delivery = await ReceiveOneAsync();
        Assert.Equal((id, 1, 1), (delivery.Message.Id, delivery.Message.Retries, delivery.AttemptsSoFar));
    }

    [Fact]
    public async Task RunNowMoveAndDelete_UnknownJobs_SayUnknown()
    {
        var known = A.Message() with { Delay = Hour };
        await PublishAsync(known);
        JobId[] ids = [A.Id(), known.Id];
        var unknown = new ChangeResult(ChangeStatus.Unknown, null);

        Assert.Equal(
            [unknown, new(ChangeStatus.Changed, JobState.Scheduled)],
            await Store.MoveAsync(ids, new JobMove(Priority: 3), Stop));
        Assert.Equal([unknown, new(ChangeStatus.Changed, JobState.Scheduled)], await Store.RunNowAsync(ids, Stop));
        Assert.Equal([unknown, new(ChangeStatus.NotPossible, JobState.Queued)], await Store.DeleteAsync(ids, Stop));
        Assert.Equal([unknown, new(ChangeStatus.NotPossible, JobState.Queued)], await Store.RequeueAsync(ids, Stop));
    }

    [Fact]
    public async Task Move_ReadyJobs_JoinTheBackThere()
    {
        var (first, second, there) = (A.Message(), A.Message(), A.Message(queue: Elsewhere));
        await PublishAsync(first, second, there);

        await Store.MoveAsync([second.Id], new JobMove(Elsewhere), Stop);
        await Store.MoveAsync([first.Id], new JobMove(Elsewhere), Stop);
        var late = A.Message(queue: Elsewhere);
        await PublishAsync(late);

        Assert.Empty(await ReceiveAsync());
        var deliveries = await ReceiveAsync(100, "one", Elsewhere);
        Assert.Equal([there.Id, second.Id, first.Id, late.Id], Ids(deliveries));
        Assert.All(deliveries, static delivery => Assert.Equal(Elsewhere, delivery.Message.Queue));
    }

    [Fact]
    public async Task Move_ToItsOwnQueue_JoinsTheBack()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);

        await Store.MoveAsync([messages[0].Id], new JobMove(TestData.Queue), Stop);

        Assert.Equal([messages[1].Id, messages[2].Id, messages[0].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Move_ReleasedJob_LosesItsPlaceAtTheFront()
    {
        var messages = A.Messages(2);
        await PublishAsync(messages);
        await ReleaseAsync([(await ReceiveOneAsync()).Token]);

        await Store.MoveAsync([messages[0].Id], new JobMove(Priority: 0), Stop);

        Assert.Equal([messages[1].Id, messages[0].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Move_Priority_DecidesFromThenOn()
    {
        var messages = A.Messages(3);
        var delayed = A.Message() with { Delay = Hour };
        await PublishAsync([.. messages, delayed]);

        await Store.MoveAsync([messages[0].Id, delayed.Id], new JobMove(Priority: 9), Stop);
        await Store.MoveAsync([messages[1].Id], new JobMove(Priority: 5), Stop);

        Assert.Equal([messages[2].Id, messages[1].Id], Ids(await ReceiveAsync(2)));
        Time.Advance(Hour);
        await PublishAsync(A.Message(priority: 8));
        Assert.Equal([8, 9, 9], (await ReceiveAsync()).Select(d => d.Message.Priority));
    }

    [Fact]
    public async Task Move_DelayedJob_KeepsItsDueTime()
    {
        var scheduled = A.Message() with { Delay = Hour };
        await PublishAsync(A.Message(), scheduled);
        var retried = await ReceiveOneAsync();
        await SettleAsync(A.Outcome(retried, JobDecision.Retry) with { RetryDelay = Hour });
        var due = Time.GetUtcNow() + Hour;

        await Store.MoveAsync([scheduled.Id, retried.Message.Id], new JobMove(Elsewhere), Stop);

        Assert.Equal((JobState.Scheduled, due), Due(await FindAsync(scheduled.Id)));
        Assert.Equal((JobState.Retrying, due), Due(await FindAsync(retried.Message.Id)));
        Time.Advance(Hour - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await ReceiveAsync(100, "one", Elsewhere, TestData.Queue));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, (await ReceiveAsync(100, "one", Elsewhere)).Count);

        static (JobState State, DateTimeOffset? DueAt) Due(JobRecord record) => (record.State, record.DueAt);
    }

    [Fact]
    public async Task Move_Counters_GoWithTheJob()
    {
        await PublishAsync(A.Message("tasks.a"), A.Message("tasks.a"), A.Message("tasks.b"));
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);
        var jobs = (await History.QueryAsync(new JobQuery(), Stop)).Jobs;

        await Store.MoveAsync([.. jobs.Select(job => job.Id)], new JobMove("brand_new", 4), Stop);

        JobCounter[] expected =
        [
            new() { Queue = TestData.Queue, Name = "tasks.a", Retried = 1 },
            new() { Queue = TestData.Queue, Name = "tasks.b" },
            new() { Queue = "brand_new", Name = "tasks.a", Enqueued = 2 },
            new() { Queue = "brand_new", Name = "tasks.b", Enqueued = 1 },
        ];
        Assert.Equal(
            expected.Where(Counts).ToHashSet(), (await History.CountersAsync(Stop)).Where(Counts).ToHashSet());
        Assert.Equal(3, (await ReceiveAsync(100, "one", "brand_new")).Count);
        Assert.Equal(3, (await QueueAsync("brand_new")).Claimed);
        var left = await QueueAsync();
        Assert.Equal((0L, 0L, 0L), (left.Ready, left.Scheduled, left.Claimed));

        static bool Counts(JobCounter counter) => counter.Enqueued + counter.Retried > 0;
    }

    [Fact]
    public async Task Move_OutOfAndIntoAPausedQueue_ObeysThePauseThere()
    {
        var (here, there) = (A.Message(), A.Message(queue: Elsewhere));
        await PublishAsync(here, there);
        await Broker.PauseAsync(TestData.Queue, "repairs", Stop);

        await Store.MoveAsync([here.Id], new JobMove(Elsewhere), Stop);
        await Store.MoveAsync([there.Id], new JobMove(TestData.Queue), Stop);

        Assert.Equal([here.Id], Ids(await ReceiveAsync(100, "one", TestData.Queue, Elsewhere)));
        await Broker.ResumeAsync(TestData.Queue, Stop);
        Assert.Equal([there.Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Move_ThroughAnotherProcess_IsSeenHere()
    {
        var message = await PublishOneAsync();

        await Other.Store.MoveAsync([message.Id], new JobMove(Elsewhere, 2), Stop);

        Assert.Empty(await ReceiveAsync());
        var delivery = Assert.Single(await ReceiveAsync(1, "one", Elsewhere));
        AssertSame(message with { Queue = Elsewhere, Priority = 2 }, delivery.Message);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("no such name!", null)]
    [InlineData(null, 10)]
    [InlineData(null, -1)]
    public async Task Move_TargetThatIsNone_IsRefused(string? queue, int? priority)
    {
        var message = await PublishOneAsync();

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Store.MoveAsync([message.Id], new JobMove(queue, priority), Stop));
        Assert.Single(await ReceiveAsync());
    }

    [Fact]
    public async Task Delete_EndedJob_LeavesNothingButCounts()
    {
        var message = A.Message() with { HasChosenId = true };
        await PublishAsync(message);
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Retry);
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Fail);

        Assert.Equal([new(ChangeStatus.Changed, JobState.Failed)], await Store.DeleteAsync([message.Id], Stop));

        Assert.Null((await History.FindAsync([message.Id], Stop))[0]);
        Assert.Empty(await History.AttemptsAsync(message.Id, Stop));
        Assert.Empty((await History.QueryAsync(new JobQuery(), Stop)).Jobs);
        Assert.Equal([new(ChangeStatus.Unknown, null)], await Store.DeleteAsync([message.Id], Stop));
        Assert.Equal(
            new JobCounter
            {
                Queue = TestData.Queue,
                Name = "tasks.add",
                Enqueued = 1,
                Failed = 1,
                Retried = 1,
            },
            Assert.Single(await History.CountersAsync(Stop)));
        Assert.Equal([PublishStatus.Accepted], await PublishAsync(message));
        Assert.Equal((0, 0), ((await ReceiveOneAsync()).AttemptsSoFar, (await FindAsync(message.Id)).Message.Retries));
    }

    [Fact]
    public async Task Delete_SomeOfTheEnded_LeavesTheOthersToPruning()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        foreach (var delivery in await ReceiveAsync())
        {
            await SettleAsync(delivery);
        }

        await Store.DeleteAsync([messages[0].Id], Stop);

        var policy = new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 1);
        Assert.Equal(1, await Store.PruneAsync(policy, 100, Stop));
        Assert.Equal([messages[2].Id], (await History.QueryAsync(new JobQuery(), Stop)).Jobs.Select(job => job.Id));
        Assert.Equal(0, await Store.PruneAsync(policy, 100, Stop));
    }
}

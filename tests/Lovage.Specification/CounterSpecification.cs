using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Counters of queues and job names.</summary>
public abstract class CounterSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Counters_AfterMixedWork_EqualARecount()
    {
        var random = new Random(7);
        string[] names = ["tasks.a", "tasks.b"];
        string[] queues = [TestData.Queue, "other"];
        JobDecision[] decisions =
        [
            JobDecision.Succeed,
            JobDecision.Fail,
            JobDecision.Cancel,
            JobDecision.Expire,
            JobDecision.Bury,
            JobDecision.Retry,
        ];
        await PublishAsync(
            [.. Enumerable.Range(0, 200).Select(_ => A.Message(names[random.Next(2)], queues[random.Next(2)]))]);
        for (var round = 0; round < 3; round++)
        {
            var deliveries = await ReceiveAsync(60, "one", queues);
            await Store.SettleAsync(
                [.. deliveries.Select(d => A.Outcome(d, decisions[random.Next(decisions.Length)]))], Stop);
        }

        var jobs = (await History.QueryAsync(new JobQuery { Limit = 1_000 }, Stop)).Jobs;
        var expected = jobs.GroupBy(job => (job.Message.Queue, job.Message.Name)).Select(group => new JobCounter
        {
            Queue = group.Key.Queue,
            Name = group.Key.Name,
            Enqueued = group.Count(),
            Succeeded = Of(group, JobState.Succeeded),
            Failed = Of(group, JobState.Failed),
            Retried = group.Sum(job => job.Message.Retries),
            Cancelled = Of(group, JobState.Cancelled),
            Expired = Of(group, JobState.Expired),
            Dead = Of(group, JobState.Dead),
        });
        Assert.Equal(expected.ToHashSet(), (await History.CountersAsync(Stop)).ToHashSet());

        static long Of(IEnumerable<JobRecord> group, JobState state) => group.Count(job => job.State == state);
    }

    [Fact]
    public async Task Counters_OverHoursAndAClockThatIsSetBack_CountEachEventOnce()
    {
        var (start, count) = (Time.GetUtcNow(), 0L);
        foreach (var hours in (int[])[0, 1, 0, 3, -2, -5, 1, 0, 9])
        {
            Time.Advance(TimeSpan.FromHours(hours));
            await PublishOneAsync();
            await SettleAsync(await ReceiveOneAsync());
            count++;

            var counter = Assert.Single(await History.CountersAsync(Stop));
            Assert.Equal((count, count), (counter.Enqueued, counter.Succeeded));
        }

        var query = new StatisticsQuery { Since = start.AddHours(-24), Until = start.AddHours(24) };
        var all = await History.StatisticsAsync(query, Stop);
        Assert.Equal((count, count), (all.Sum(static s => s.Enqueued), all.Sum(static s => s.Succeeded)));
        Assert.True(all.Count > 4);
    }

    [Fact]
    public async Task Queues_AtEachStage_AreCounted()
    {
        await PublishAsync(
            A.Message(),
            A.Message(),
            A.Message(),
            A.Message() with { Delay = TimeSpan.FromMinutes(1) },
            A.Message(queue: "other"));
        Time.Advance(TimeSpan.FromSeconds(10));
        var delivery = await ReceiveOneAsync();

        Assert.Equal(
            new QueueStatus(TestData.Queue, 2, 1, 1, TimeSpan.FromSeconds(10), false, null), await QueueAsync());
        Assert.Equal(
            new QueueStatus("other", 1, 0, 0, TimeSpan.FromSeconds(10), false, null), await QueueAsync("other"));

        await SettleAsync(A.Outcome(delivery, JobDecision.Retry) with { RetryDelay = TimeSpan.FromMinutes(5) });
        Assert.Equal((2L, 2L, 0L), Numbers(await QueueAsync()));
        await Store.SettleAsync([.. (await ReceiveAsync()).Select(d => A.Outcome(d))], Stop);
        Assert.Equal(new QueueStatus(TestData.Queue, 0, 2, 0, null, false, null), await QueueAsync());
    }

    [Fact]
    public async Task Queues_ReleaseAndReclaim_AreCounted()
    {
        await PublishAsync(A.Messages(3));
        var deliveries = await ReceiveAsync(2);
        await ReleaseAsync([deliveries[0].Token]);
        Assert.Equal((2L, 0L, 1L), Numbers(await QueueAsync()));
        await KillAsync();
        Assert.Equal((3L, 0L, 0L), Numbers(await QueueAsync()));
    }

    private static (long Ready, long Scheduled, long Claimed) Numbers(QueueStatus queue) =>
        (queue.Ready, queue.Scheduled, queue.Claimed);
}

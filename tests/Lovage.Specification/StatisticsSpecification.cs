using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Statistics by hour, queue and name.</summary>
public abstract class StatisticsSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly RetentionPolicy KeepAll = new(TimeSpan.MaxValue, TimeSpan.MaxValue, long.MaxValue);

    [Fact]
    public async Task Statistics_AfterMixedWork_EqualARecount()
    {
        var random = new Random(11);
        string[] names = ["tasks.a", "tasks.b"];
        string[] queues = [TestData.Queue, "other"];
        JobDecision[] decisions =
        [
            JobDecision.Succeed, JobDecision.Fail, JobDecision.Cancel, JobDecision.Expire, JobDecision.Bury,
            JobDecision.Retry,
        ];
        var start = Time.GetUtcNow();
        var expected = new Dictionary<(DateTimeOffset Hour, string Queue, string Name), JobStatistics>();
        for (var round = 0; round < 6; round++)
        {
            JobMessage[] messages =
            [
                .. Enumerable.Range(0, 20).Select(_ => A.Message(names[random.Next(2)], queues[random.Next(2)])),
            ];
            await PublishAsync(messages);
            Array.ForEach(messages, m => Note(m, static s => s with { Enqueued = s.Enqueued + 1 }));
            Time.Advance(TimeSpan.FromMinutes(random.Next(10, 25)));
            var outcomes = (await ReceiveAsync(15, "one", queues)).Select(Outcome).ToArray();
            await Store.SettleAsync(outcomes.Select(static o => o.Outcome).ToArray(), Stop);
            foreach (var (delivery, outcome) in outcomes)
            {
                Note(delivery.Message, s => After(s, outcome));
            }
        }

        var found = await History.StatisticsAsync(new StatisticsQuery { Since = start }, Stop);
        Assert.Equal(expected.Values.ToHashSet(), found.ToHashSet());
        Assert.Equal(found.OrderBy(static s => s.Hour).Select(static s => s.Hour), found.Select(static s => s.Hour));
        Assert.True(found.Select(static s => s.Hour).Distinct().Count() > 1);

        (Delivery Delivery, Settlement Outcome) Outcome(Delivery delivery)
        {
            var outcome = A.Outcome(delivery, decisions[random.Next(decisions.Length)]);
            return (delivery, outcome with
            {
                Attempt = outcome.Attempt with
                {
                    Wait = random.Next(4) == 0 ? null : TimeSpan.FromMilliseconds(random.Next(100_000)),
                    Duration = TimeSpan.FromMilliseconds(random.Next(1, 10_000_000)),
                },
            });
        }

        void Note(JobMessage message, Func<JobStatistics, JobStatistics> change)
        {
            var key = (HourOf(Time.GetUtcNow()), message.Queue, message.Name);
            expected[key] = change(expected.GetValueOrDefault(key) ?? new JobStatistics
            {
                Hour = key.Item1,
                Queue = message.Queue,
                Name = message.Name,
            });
        }
    }

    [Fact]
    public async Task Statistics_AcrossTheChangeOfAnHour_CountEachEventInItsOwn()
    {
        Time.Advance(TimeSpan.FromMinutes(59) + TimeSpan.FromSeconds(59));
        await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        Time.Advance(TimeSpan.FromSeconds(1));
        await SettleAsync(delivery);

        var found = await AllAsync();
        Assert.Equal([(1L, 0L), (0L, 1L)], found.Select(static s => (s.Enqueued, s.Succeeded)));
        Assert.Equal([0L, 1L], found.Select(static s => s.Run.Count));
        Assert.Equal(TimeSpan.FromHours(1), found[1].Hour - found[0].Hour);
        Assert.Equal((0, 0), (found[0].Hour.Minute, found[0].Hour.Offset.Hours));
    }

    [Fact]
    public async Task Statistics_Retries_CountEachAttemptAndOneWait()
    {
        await PublishOneAsync();
        for (var i = 1; i <= 3; i++)
        {
            var outcome = A.Outcome(await ReceiveOneAsync(), i < 3 ? JobDecision.Retry : JobDecision.Fail);
            await SettleAsync(outcome with
            {
                Attempt = outcome.Attempt with
                {
                    Wait = TimeSpan.FromSeconds(i),
                    Duration = TimeSpan.FromMinutes(i),
                },
            });
        }

        var found = Assert.Single(await AllAsync());
        Assert.Equal((1, 2, 1, 0), (found.Enqueued, found.Retried, found.Failed, found.Succeeded));
        Assert.Equal((1, TimeSpan.FromSeconds(1)), (found.Wait.Count, found.Wait.Total));
        Assert.Equal((3, TimeSpan.FromMinutes(6)), (found.Run.Count, found.Run.Total));
        Assert.Equal(1, found.Run.Counts[DurationHistogram.Bucket(TimeSpan.FromMinutes(3))]);
    }

    [Fact]
    public async Task Statistics_AttemptThatNoHandlerSaw_HasNoDurations()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        var unseen = A.Outcome(deliveries[0], JobDecision.Expire);
        var quick = A.Outcome(deliveries[1]);
        await SettleAsync(unseen with { Attempt = unseen.Attempt with { Duration = TimeSpan.Zero } });
        await SettleAsync(
            quick with { Attempt = quick.Attempt with { Duration = TimeSpan.Zero, Wait = TimeSpan.Zero } });

        var found = Assert.Single(await AllAsync());
        Assert.Equal((1, 1), (found.Expired, found.Succeeded));
        Assert.Equal((1, 1), (found.Wait.Counts[0], found.Run.Counts[0]));
        Assert.Equal((1, 1), (found.Wait.Count, found.Run.Count));
    }

    [Fact]
    public async Task Statistics_StaleAndRepeatedOutcomes_CountNothing()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        await StartAsync(deliveries[1]);
        await ReleaseAsync([deliveries[1].Token]);
        var outcome = A.Outcome(deliveries[0]);
        outcome = outcome with { Attempt = outcome.Attempt with { Wait = TimeSpan.FromSeconds(1) } };
        Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));
        Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));
        Assert.Equal(SettleStatus.Stale, await SettleAsync(deliveries[1], JobDecision.Fail));

        var found = Assert.Single(await AllAsync());
        Assert.Equal((2, 1, 0, 0), (found.Enqueued, found.Succeeded, found.Failed, found.Retried));
        Assert.Equal((1, 1), (found.Run.Count, found.Wait.Count));
        Assert.Empty(await History.FailuresAsync(new FailureQuery(), Stop));
    }

    [Fact]
    public async Task Statistics_RequeueAndMove_CountWhatTheySay()
    {
        var messages = A.Messages(2);
        await PublishAsync(messages);
        await SettleAsync(await ReceiveOneAsync());
        await RequeueAsync([messages[0].Id]);
        await Store.MoveAsync(Ids(messages), new JobMove("other", null), Stop);
        await Store.SettleAsync(
            [.. (await ReceiveAsync(5, "one", "other")).Select(d => A.Outcome(d, JobDecision.Fail))], Stop);

        var found = await AllAsync();
        Assert.Equal(
            [(TestData.Queue, 3L, 1L, 0L), ("other", 0L, 0L, 2L)],
            found.OrderBy(static s => s.Queue, StringComparer.Ordinal)
                .Select(static s => (s.Queue, s.Enqueued, s.Succeeded, s.Failed)));
    }

    [Fact]
    public async Task Statistics_EndsWithoutAnAttempt_Count()
    {
        var messages = A.Messages(4);
        await PublishAsync(messages);
        var delivery = await ReceiveOneAsync();
        await CancelAsync(messages[0].Id);
        await ReleaseAsync([delivery.Token]);
        await CancelAsync(messages[1].Id);
        await Broker.PurgeAsync(TestData.Queue, 1, Stop);
        await DeclineAsync(await ReceiveOneAsync(), limit: TimeSpan.FromSeconds(1));
        Time.Advance(TimeSpan.FromSeconds(1));
        await DeclineAsync(await ReceiveOneAsync(), limit: TimeSpan.FromSeconds(1));

        var found = Assert.Single(await AllAsync());
        Assert.Equal((4, 3, 1), (found.Enqueued, found.Cancelled, found.Dead));
        Assert.Equal((0, 0), (found.Run.Count, found.Wait.Count));
    }

    [Fact]
    public async Task Statistics_Query_ChoosesHoursQueueAndName()
    {
        var first = Time.GetUtcNow();
        for (var hour = 0; hour < 4; hour++)
        {
            await PublishAsync(A.Message("tasks.a"), A.Message("tasks.b"), A.Message("tasks.a", "other"));
            Time.Advance(TimeSpan.FromMinutes(61));
        }

        var second = first.AddMinutes(61);
        Assert.Equal(12, (await FoundAsync(new StatisticsQuery { Since = first })).Sum(static s => s.Enqueued));
        Assert.Equal(
            9, (await FoundAsync(new StatisticsQuery { Since = second.AddMinutes(58) })).Sum(static s => s.Enqueued));
        Assert.Equal(
            3, (await FoundAsync(new StatisticsQuery { Since = second, Until = second })).Sum(static s => s.Enqueued));
        Assert.Equal(
            [HourOf(second)],
            (await FoundAsync(
                new StatisticsQuery { Since = second, Until = second, Queue = "other" })).Select(static s => s.Hour));
        Assert.Equal(8, (await FoundAsync(new StatisticsQuery { Since = first, Name = "tasks.a" })).Count);
        Assert.Empty(await FoundAsync(new StatisticsQuery { Since = first, Name = "tasks.b", Queue = "other" }));
        Assert.Empty(await FoundAsync(new StatisticsQuery { Since = first, Name = "none" }));
        Assert.Empty(await FoundAsync(new StatisticsQuery { Since = Time.GetUtcNow().AddHours(2) }));

        async Task<IReadOnlyList<JobStatistics>> FoundAsync(StatisticsQuery query) =>
            await History.StatisticsAsync(query, Stop);
    }

    [Fact]
    public async Task Prune_OldHours_Go()
    {
        await PublishOneAsync();
        Time.Advance(JobHistory.StatisticsKept - TimeSpan.FromHours(1));
        await PublishOneAsync();
        await Store.PruneAsync(KeepAll, 10, Stop);
        Assert.Equal(2, (await AllAsync()).Count);

        Time.Advance(TimeSpan.FromHours(2));
        await Store.PruneAsync(KeepAll, 10, Stop);
        Assert.Single(await AllAsync());

        // The counters tell of all time.
        Assert.Equal(2, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
    }

    [Fact]
    public async Task Wait_OfAnAttempt_ComesBack()
    {
        var message = await PublishOneAsync();
        TimeSpan?[] waits = [new TimeSpan(12_345_678), null, TimeSpan.Zero];
        foreach (var wait in waits)
        {
            var outcome = A.Outcome(await ReceiveOneAsync(), JobDecision.Retry);
            await SettleAsync(outcome with { Attempt = outcome.Attempt with { Wait = wait } });
        }

        await StartAsync(await ReceiveOneAsync());
        await KillAsync();
        Assert.Equal([.. waits, null], (await History.AttemptsAsync(message.Id, Stop)).Select(static a => a.Wait));
    }

    private static DateTimeOffset HourOf(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerHour));

    private static JobStatistics After(JobStatistics before, Settlement outcome)
    {
        var attempt = outcome.Attempt;
        return before with
        {
            Succeeded = before.Succeeded + (outcome.Decision == JobDecision.Succeed ? 1 : 0),
            Failed = before.Failed + (outcome.Decision == JobDecision.Fail ? 1 : 0),
            Retried = before.Retried + (outcome.Decision == JobDecision.Retry ? 1 : 0),
            Cancelled = before.Cancelled + (outcome.Decision == JobDecision.Cancel ? 1 : 0),
            Expired = before.Expired + (outcome.Decision == JobDecision.Expire ? 1 : 0),
            Dead = before.Dead + (outcome.Decision == JobDecision.Bury ? 1 : 0),
            Wait = attempt is { Number: 1, Wait: { } wait } ? before.Wait.Add(One(wait)) : before.Wait,
            Run = before.Run.Add(One(attempt.Duration)),
        };
    }

    private static DurationHistogram One(TimeSpan duration) => new(
        DurationHistogram.Empty.Counts.SetItem(DurationHistogram.Bucket(duration), 1), duration);

    private async Task<IReadOnlyList<JobStatistics>> AllAsync() =>
        await History.StatisticsAsync(new StatisticsQuery { Since = DateTimeOffset.UnixEpoch }, Stop);
}

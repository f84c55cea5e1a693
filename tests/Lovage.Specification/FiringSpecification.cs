using System.Globalization;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Ticks: each once, with its job, whichever scheduler tries.</summary>
public abstract partial class FiringSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    [Fact]
    public async Task Record_DueTick_EnqueuesItsJobAndMovesOn()
    {
        var schedule = await DueOneAsync();
        var job = A.Full();
        var tick = schedule.NextTick!.Value;
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(FireStatus.Recorded, await RecordAsync(TestData.NextFiring(schedule, job)));

        var after = await ScheduleAsync("nightly");
        Assert.Equal(
            schedule with
            {
                NextTick = tick + Minute,
                LastTick = tick,
                Fired = 1,
                Version = after.Version,
                Job = after.Job,
            },
            after);
        Assert.True(after.Version > schedule.Version);
        Assert.Equal(
            new TickRecord(tick, TickStatus.Fired) { JobId = job.Id, RecordedAt = Time.GetUtcNow() },
            Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop)));
        Assert.Equal(1, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
        AssertSame(job, (await ReceiveOneAsync()).Message);
        Assert.Empty((await Schedules.DueAsync(10, Stop)).Schedules);
    }

    [Fact]
    public async Task Record_DelayedJob_WaitsLikeAnyOther()
    {
        var schedule = await DueOneAsync();
        var job = A.Message() with { Delay = TimeSpan.FromSeconds(10) };

        await RecordAsync(TestData.NextFiring(schedule, job));

        var record = await FindAsync(job.Id);
        Assert.Equal((JobState.Scheduled, Time.GetUtcNow() + TimeSpan.FromSeconds(10)), (record.State, record.DueAt));
        Assert.Equal(1, (await QueueAsync()).Scheduled);
    }

    [Fact]
    public async Task Record_SameVersionAgain_IsStaleAndEnqueuesNothing()
    {
        var schedule = await DueOneAsync();
        await RecordAsync(A.NextFiring(schedule));
        var after = await ScheduleAsync("nightly");

        Assert.Equal(FireStatus.Stale, Assert.Single(await Of(Other).RecordAsync([A.NextFiring(schedule)], Stop)));

        Assert.Single(await ReceiveAsync());
        Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop));
        Assert.Equal(after.Version, (await ScheduleAsync("nightly")).Version);
    }

    [Fact]
    public async Task Record_BySeveralAtOnce_OneOfThemWinsEachTick()
    {
        const int Rounds = 60;
        var seed = Environment.GetEnvironmentVariable("LOVAGE_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"LOVAGE_SEED={seed}");
        var random = new Random(seed);
        await DueOneAsync();
        for (var round = 1; round <= Rounds; round++)
        {
            var schedule = await ScheduleAsync("nightly");
            Time.Advance(Minute);
            var firings = Enumerable.Range(0, random.Next(2, 5)).Select(_ => A.NextFiring(schedule)).ToList();
            var seconds = firings.Select(_ => random.Next(2) == 0).ToList();

            var statuses = await Task.WhenAll(firings.Select((firing, i) => Task.Run(
                async () => (await Of(seconds[i] ? Other : Storage).RecordAsync([firing], Stop))[0], Stop)));

            Assert.True(
                statuses.Count(status => status == FireStatus.Recorded) == 1
                    && statuses.Count(status => status == FireStatus.Stale) == statuses.Length - 1,
                $"LOVAGE_SEED={seed}, round {round}: {string.Join(", ", statuses)}");
            var winner = firings[Array.IndexOf(statuses, FireStatus.Recorded)];
            Assert.Equal(winner.Jobs[0].Id, (await Schedules.HistoryAsync("nightly", 1, Stop))[0].JobId);
        }

        Assert.Equal(Rounds, (await ScheduleAsync("nightly")).Fired);
        Assert.Equal(Rounds, (await Schedules.HistoryAsync("nightly", 1_000, Stop)).Count);
        Assert.Equal(Rounds, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
    }

    [Fact]
    public async Task Record_TickAhead_IsEarlyAndDoesNothing()
    {
        var schedule = await SaveAsync(A.Schedule());
        Time.Advance(Minute - Instant);
        var tick = schedule.NextTick!.Value;

        Assert.Equal(FireStatus.Early, await RecordAsync(A.NextFiring(schedule)));
        Assert.Equal(
            FireStatus.Early,
            await RecordAsync(TestData.Firing(
                schedule, [new TickRecord(tick - Minute, TickStatus.Missed) { Through = tick, Count = 2 }])));

        Assert.Equal(schedule.Version, (await ScheduleAsync("nightly")).Version);
        Assert.Empty(await Schedules.HistoryAsync("nightly", 10, Stop));
        Assert.Empty(await ReceiveAsync());
        Time.Advance(Instant);
        Assert.Equal(FireStatus.Recorded, await RecordAsync(A.NextFiring(schedule)));
    }

    [Fact]
    public async Task Record_Batch_EachFiringStandsByItself()
    {
        var good = await DueOneAsync("good");
        var changed = await SaveAsync(A.Schedule("changed", TimeSpan.Zero));
        await Schedules.SaveAsync(changed with { State = ScheduleState.Paused }, Stop);
        var early = await SaveAsync(A.Schedule("early"));
        var gone = await SaveAsync(A.Schedule("gone", TimeSpan.Zero));
        await Schedules.RemoveAsync("gone", Stop);
        var alsoGood = await SaveAsync(A.Schedule("also-good", TimeSpan.Zero));
        Firing[] firings =
        [
            A.NextFiring(good),
            A.NextFiring(changed),
            A.NextFiring(early),
            A.NextFiring(gone),
            A.NextFiring(alsoGood),
        ];

        var statuses = await Schedules.RecordAsync(firings, Stop);

        Assert.Equal(
            [FireStatus.Recorded, FireStatus.Stale, FireStatus.Early, FireStatus.Stale, FireStatus.Recorded], statuses);
        Assert.Equal([firings[0].Jobs[0].Id, firings[4].Jobs[0].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Record_TickThatHasBeen_IsStaleWhateverTheVersion()
    {
        var schedule = await DueOneAsync();
        await RecordAsync(A.NextFiring(schedule));
        var after = await ScheduleAsync("nightly");
        Time.Advance(Minute);

        Assert.Equal(FireStatus.Stale, await RecordAsync(A.NextFiring(after with { NextTick = schedule.NextTick })));

        Assert.Single(await ReceiveAsync());
        Assert.Equal(after.Version, (await ScheduleAsync("nightly")).Version);
    }

    [Fact]
    public async Task Record_TicksThatDoNotFollowOneAnother_AreRefused()
    {
        var schedule = await DueOneAsync();
        var tick = new TickRecord(schedule.NextTick!.Value, TickStatus.Missed);
        var good = TestData.Firing(schedule, [tick]);

        await RefusedAsync(good with { NextTick = tick.Tick });
        await RefusedAsync(good with { Ticks = [tick, tick] });
        await RefusedAsync(good with { Ticks = [tick, new TickRecord(tick.Tick - Minute, TickStatus.Missed)] });
        await RefusedAsync(good with { Ticks = [tick with { Through = tick.Tick - Instant }] });
        await RefusedAsync(good with { Ticks = [tick with { Status = TickStatus.Manual }] });
        Assert.Equal(FireStatus.Recorded, await RecordAsync(good));

        async Task RefusedAsync(Firing firing) =>
            await Assert.ThrowsAsync<ArgumentException>(async () => await Schedules.RecordAsync([firing], Stop));
    }

    [Fact]
    public async Task Record_RowsOfMissedAndSkippedTicks_AreKeptAndCounted()
    {
        var schedule = await DueOneAsync();
        var first = schedule.NextTick!.Value;
        Time.Advance(10 * Minute);
        var job = A.Message();
        TickRecord[] ticks =
        [
            new(first, TickStatus.Missed) { Through = first + (4 * Minute), Count = 5 },
            new(first + (5 * Minute), TickStatus.Fired) { JobId = job.Id },
            new(first + (6 * Minute), TickStatus.Skipped) { Through = first + (7 * Minute), Count = 2 },
            new(first + (8 * Minute), TickStatus.Missed),
        ];

        Assert.Equal(FireStatus.Recorded, await RecordAsync(TestData.Firing(schedule, ticks, job)));

        var after = await ScheduleAsync("nightly");
        Assert.Equal((1, 6, 2), (after.Fired, after.Missed, after.Skipped));
        Assert.Equal((first + (8 * Minute), first + (9 * Minute)), (after.LastTick, after.NextTick));
        Assert.Equal(
            ticks.Reverse().Select(tick => tick with { RecordedAt = Time.GetUtcNow() }),
            await Schedules.HistoryAsync("nightly", 10, Stop));
    }

    [Fact]
    public async Task Record_QueuedTick_IsDueOnceTheJobsBeforeItHaveEnded()
    {
        var (schedule, queued) = await QueueOneAsync();

        var waiting = await Schedules.DueAsync(10, Stop);
        Assert.Empty(waiting.Schedules);
        Assert.True(waiting.AnyQueued);
        await SettleAsync(await ReceiveOneAsync());

        var due = await Schedules.DueAsync(10, Stop);
        Assert.True(due.AnyQueued);
        Assert.Equal(
            (schedule.Version, 0), (Assert.Single(due.Schedules).Schedule.Version, due.Schedules[0].Unfinished));
        var job = A.Message();
        Assert.Equal(
            FireStatus.Recorded,
            await RecordAsync(
                TestData.Firing(schedule, [new TickRecord(queued, TickStatus.Fired) { JobId = job.Id }], job)));

        var after = await ScheduleAsync("nightly");
        Assert.Equal(
            (null, schedule.NextTick, schedule.LastTick, 2, 0),
            (after.QueuedTick, after.NextTick, after.LastTick, after.Fired, after.Skipped));
        Assert.Equal(
            [TickStatus.Fired, TickStatus.Fired],
            (await Schedules.HistoryAsync("nightly", 10, Stop)).Select(tick => tick.Status));
        Assert.False((await Schedules.DueAsync(10, Stop)).AnyQueued);
        Assert.Equal(
            FireStatus.Stale, await RecordAsync(TestData.Firing(after, [new TickRecord(queued, TickStatus.Fired)])));
    }

    [Fact]
    public async Task Record_QueuedTickGivenUp_IsOneLineThatSaysSo()
    {
        var (schedule, queued) = await QueueOneAsync();

        Assert.Equal(
            FireStatus.Recorded,
            await RecordAsync(TestData.Firing(schedule, [new TickRecord(queued, TickStatus.Skipped)])));

        Assert.Equal(
            (null, 1L), ((await ScheduleAsync("nightly")).QueuedTick, (await ScheduleAsync("nightly")).Skipped));
        Assert.Equal(
            [TickStatus.Skipped, TickStatus.Fired],
            (await Schedules.HistoryAsync("nightly", 10, Stop)).Select(tick => tick.Status));
    }

    [Fact]
    public async Task Due_QueuedTickAndNextTick_ShowTheScheduleOnceInItsPlace()
    {
        var (schedule, queued) = await QueueOneAsync();
        await SaveAsync(A.Schedule("sooner") with { NextTick = queued - Instant });
        await SaveAsync(A.Schedule("later") with { NextTick = queued + Instant });
        Time.Advance(2 * Minute);
        Assert.True(schedule.NextTick < Time.GetUtcNow());
        Assert.Equal(["sooner", "later", "nightly"], await DueIdsAsync(10));
        await SettleAsync(await ReceiveOneAsync());

        Assert.Equal(["sooner", "nightly", "later"], await DueIdsAsync(10));
        Assert.Equal(["sooner", "nightly"], await DueIdsAsync(2));
        Assert.Equal(TimeSpan.Zero, (await Schedules.DueAsync(2, Stop)).UntilNext);
        Assert.Null((await Schedules.DueAsync(3, Stop)).UntilNext);
    }

    [Theory]
    [InlineData(JobState.Scheduled, 1)]
    [InlineData(JobState.Queued, 1)]
    [InlineData(JobState.Running, 1)]
    [InlineData(JobState.Retrying, 1)]
    [InlineData(JobState.Succeeded, 0)]
    [InlineData(JobState.Failed, 0)]
    [InlineData(JobState.Cancelled, 0)]
    [InlineData(JobState.Expired, 0)]
    [InlineData(JobState.Dead, 0)]
    public async Task Due_Unfinished_CountsJobsThatHaveNotEnded(JobState state, int expected)
    {
        var schedule = await DueOneAsync();
        var job = A.Message() with { Delay = state == JobState.Scheduled ? TimeSpan.FromHours(1) : TimeSpan.Zero };
        await RecordAsync(TestData.NextFiring(schedule, job));
        await BringAsync(state);
        Assert.Equal(state, await StateAsync(job));
        Time.Advance(Minute);

        Assert.Equal(expected, await UnfinishedAsync());
        Assert.Equal(expected, Assert.Single((await Of(Other).DueAsync(10, Stop)).Schedules).Unfinished);
    }

    [Fact]
    public async Task Due_UnfinishedOfSeveralTicks_AreCountedTogetherWithManualOnes()
    {
        await DueOneAsync();
        for (var round = 0; round < 3; round++)
        {
            await RecordAsync(A.NextFiring(await ScheduleAsync("nightly")));
            Time.Advance(Minute);
        }

        await Schedules.RunAsync("nightly", A.Message(), Stop);
        Assert.Equal(4, await UnfinishedAsync());
        await SettleAsync((await ReceiveAsync(2))[0]);
        Assert.Equal(3, await UnfinishedAsync());
        Assert.Equal(FireStatus.Recorded, await RecordAsync(A.NextFiring(await ScheduleAsync("nightly"))));
        Time.Advance(Minute);
        Assert.Equal(4, await UnfinishedAsync());
    }

    [Fact]
    public async Task Due_PrunedJob_IsNotUnfinished()
    {
        var job = A.Message();
        await RecordAsync(TestData.NextFiring(await DueOneAsync(), job));
        await SettleAsync(await ReceiveOneAsync());
        Time.Advance(Minute);

        Assert.Equal(1, await Store.PruneAsync(new RetentionPolicy(TimeSpan.Zero, TimeSpan.Zero, 1_000), 10, Stop));

        Assert.Equal(0, await UnfinishedAsync());
        Assert.Equal(job.Id, Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop)).JobId);
    }

    [Fact]
    public async Task Due_JobPutBack_CountsUntilItsScheduleFiresAgain()
    {
        var job = A.Message();
        await RecordAsync(TestData.NextFiring(await DueOneAsync(), job));
        await SettleAsync(await ReceiveOneAsync(), JobDecision.Fail);
        await RequeueAsync([job.Id]);
        Time.Advance(Minute);
        Assert.Equal(1, await UnfinishedAsync());

        await SettleAsync(await ReceiveOneAsync(), JobDecision.Fail);
        await RecordAsync(TestData.Firing(
            await ScheduleAsync("nightly"),
            [new TickRecord((await ScheduleAsync("nightly")).NextTick!.Value, TickStatus.Missed)]));
        await RequeueAsync([job.Id]);
        Time.Advance(Minute);
        Assert.Equal(0, await UnfinishedAsync());
    }

    [Fact]
    public async Task Run_ByHand_EnqueuesAndChangesNothingElse()
    {
        var schedule = await SaveAsync(A.Schedule() with { State = ScheduleState.Paused, Reason = "for a reason" });
        var job = A.Full();

        Assert.True(await Schedules.RunAsync("nightly", job, Stop));

        var after = await ScheduleAsync("nightly");
        Assert.Equal(schedule with { Job = after.Job }, after);
        Assert.Equal(
            new TickRecord(Time.GetUtcNow(), TickStatus.Manual) { JobId = job.Id, RecordedAt = Time.GetUtcNow() },
            Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop)));
        AssertSame(job, (await ReceiveOneAsync()).Message);
    }
}

using System.Globalization;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

public abstract partial class FiringSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Run_UnknownSchedule_EnqueuesNothing()
    {
        var job = A.Message();

        Assert.False(await Schedules.RunAsync("nightly", job, Stop));

        Assert.Null((await History.FindAsync([job.Id], Stop))[0]);
    }

    [Fact]
    public async Task Run_AtTheInstantOfATick_IsALineOfItsOwn()
    {
        var schedule = await DueOneAsync();
        var (first, second) = (A.Message(), A.Message());
        Assert.Equal(Time.GetUtcNow(), schedule.NextTick);

        Assert.True(await Schedules.RunAsync("nightly", first, Stop));
        Assert.True(await Schedules.RunAsync("nightly", second, Stop));
        Assert.Equal(FireStatus.Recorded, await RecordAsync(A.NextFiring(schedule)));

        var history = await Schedules.HistoryAsync("nightly", 10, Stop);
        Assert.Equal([TickStatus.Manual, TickStatus.Manual, TickStatus.Fired], history.Select(tick => tick.Status));
        Assert.Equal([second.Id, first.Id], history.Take(2).Select(tick => tick.JobId!.Value));
        Assert.Equal(3, (await ReceiveAsync()).Count);
    }

    [Fact]
    public async Task Run_SameCallAgain_IsOneRun()
    {
        await SaveAsync(A.Schedule());
        var job = A.Message();
        await Schedules.RunAsync("nightly", job, Stop);
        await SettleAsync(await ReceiveOneAsync());
        Time.Advance(Minute);

        Assert.True(await Schedules.RunAsync("nightly", job, Stop));

        Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop));
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task History_Limit_GivesTheNewest()
    {
        var schedule = await DueOneAsync();
        for (var round = 0; round < 5; round++)
        {
            await RecordAsync(A.NextFiring(await ScheduleAsync("nightly")));
            Time.Advance(Minute);
        }

        Assert.Equal([4, 3], (await Schedules.HistoryAsync("nightly", 2, Stop)).Select(
            tick => (tick.Tick - schedule.NextTick!.Value) / Minute));
        Assert.Equal(5, (await Schedules.HistoryAsync("nightly", 1_000, Stop)).Count);
    }

    [Fact]
    public async Task Prune_OldLines_GoOldestFirstUnlessTheirJobHasNotEnded()
    {
        var (first, second) = (await DueOneAsync("first"), await SaveAsync(A.Schedule("second", TimeSpan.Zero)));
        await RecordAsync(A.NextFiring(first));
        Time.Advance(Minute);
        await RecordAsync(A.NextFiring(second));
        await RecordAsync(
            TestData.Firing(await ScheduleAsync("first"), [new TickRecord(Time.GetUtcNow(), TickStatus.Missed)]));
        Time.Advance(Minute);
        await SettleAsync(await ReceiveOneAsync());

        // Their ages: two minutes, and one minute twice; the job of one of the latter has not ended.
        Assert.Equal(0, await Schedules.PruneAsync(2 * Minute, 10, Stop));
        Assert.Equal(1, await Schedules.PruneAsync(Minute - Instant, 1, Stop));
        Assert.Equal(TickStatus.Missed, Assert.Single(await Schedules.HistoryAsync("first", 10, Stop)).Status);
        Assert.Equal(1, await Schedules.PruneAsync(Minute - Instant, 10, Stop));
        Assert.Equal(0, await Schedules.PruneAsync(TimeSpan.Zero, 10, Stop));
        Assert.Empty(await Schedules.HistoryAsync("first", 10, Stop));
        Assert.Single(await Schedules.HistoryAsync("second", 10, Stop));

        await SettleAsync(await ReceiveOneAsync());
        Assert.Equal(1, await Schedules.PruneAsync(TimeSpan.Zero, 10, Stop));
        Assert.Equal(1, (await ScheduleAsync("second")).Fired);
    }

    [Fact]
    public async Task Prune_QueuedTick_StaysWhileItWaits()
    {
        var (schedule, queued) = await QueueOneAsync();
        await SettleAsync(await ReceiveOneAsync());
        Time.Advance(Minute);
        Assert.Equal(1, await Schedules.PruneAsync(TimeSpan.Zero, 10, Stop));
        Assert.Equal(queued, Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop)).Tick);

        // An operator takes it back.
        await SaveAsync(schedule with { QueuedTick = null });
        Assert.Equal(1, await Schedules.PruneAsync(TimeSpan.Zero, 10, Stop));
    }

    [Fact]
    public async Task Receive_Waiting_WakesWhenAFiringEnqueues()
    {
        var schedule = await DueOneAsync();
        var waiting = WaitForJobsAsync();
        await Time.TimerSetAsync();
        var firing = A.NextFiring(schedule);

        await RecordAsync(firing);

        Assert.Equal(Ids(firing.Jobs), Ids(await waiting.WaitAsync(Stop)));
    }

    /// <summary>A schedule whose next tick has just come.</summary>
    private Task<ScheduleRecord> DueOneAsync(string id = "nightly") => SaveAsync(A.Schedule(id, TimeSpan.Zero));

    /// <summary>A schedule with an unfinished job and a tick that waits for it; its next tick lies ahead.</summary>
    private async Task<(ScheduleRecord Schedule, DateTimeOffset Queued)> QueueOneAsync()
    {
        await RecordAsync(A.NextFiring(await DueOneAsync()));
        Time.Advance(Minute);
        var schedule = await ScheduleAsync("nightly");
        var tick = schedule.NextTick!.Value;
        Assert.Equal(
            FireStatus.Recorded,
            await RecordAsync(
                TestData.Firing(schedule, [new TickRecord(tick, TickStatus.Queued)]) with { QueuedTick = tick }));
        return (await ScheduleAsync("nightly"), tick);
    }

    private async Task<int> UnfinishedAsync() =>
        Assert.Single((await Schedules.DueAsync(10, Stop)).Schedules).Unfinished;

    private async Task<IEnumerable<string>> DueIdsAsync(int max) =>
        (await Schedules.DueAsync(max, Stop)).Schedules.Select(due => due.Schedule.Id);

    private async Task BringAsync(JobState state)
    {
        if (state is JobState.Scheduled or JobState.Queued)
        {
            return;
        }

        var delivery = await ReceiveOneAsync();
        Assert.True(await StartAsync(delivery));
        if (state != JobState.Running)
        {
            JobDecision decision = state switch
            {
                JobState.Retrying => JobDecision.Retry,
                JobState.Succeeded => JobDecision.Succeed,
                JobState.Failed => JobDecision.Fail,
                JobState.Cancelled => JobDecision.Cancel,
                JobState.Expired => JobDecision.Expire,
                _ => JobDecision.Bury,
            };
            Assert.Equal(
                SettleStatus.Applied,
                await SettleAsync(A.Outcome(delivery, decision) with { RetryDelay = TimeSpan.FromHours(1) }));
        }
    }
}

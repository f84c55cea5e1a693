using Lovage.Storage;
using Lovage.Tests.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

/// <summary>Schedules that a person removes, pauses, resumes or runs by hand while nodes run.</summary>
public sealed class ScheduleClientStateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RemoveAsync_Schedule_FiresNoMoreAndLeavesItsJobs()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.AddAsync("beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await node.Client.RemoveAsync("beat", Cancel));
        world.Advance(TimeSpan.FromMinutes(5));

        Assert.Null(await node.Client.FindAsync("beat", Cancel));
        Assert.Empty(await node.Client.GetHistoryAsync("beat", cancellationToken: Cancel));
        Assert.Single((await world.Storage.History!.QueryAsync(new JobQuery(), Cancel)).Jobs);
    }

    [Fact]
    public async Task ResumeAsync_AfterAPause_DoesNotMakeUpForItsTicks()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.AddAsync(
            "beat",
            Every.Minutes(1),
            Job.Create("report"),
            new ScheduleOptions { Misfire = MisfireRule.CatchUp, Overlap = OverlapRule.Allow },
            Cancel);
        world.Advance(TimeSpan.FromMinutes(2.5));

        var paused = await node.Client.PauseAsync("beat", "holiday", Cancel);
        world.Advance(TimeSpan.FromMinutes(10));
        var again = await node.Client.PauseAsync("beat", "still holiday", Cancel);
        var resumed = await node.Client.ResumeAsync("beat", Cancel);
        world.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(
            (ScheduleState.Paused, "holiday", null, "still holiday"),
            (paused.State, paused.Reason, paused.NextTick, again.Reason));
        Assert.Equal(
            (ScheduleState.Active, null, world.Now.AddMinutes(-1.5)),
            (resumed.State, resumed.Reason, resumed.NextTick));
        Assert.Equal(
            [1, 2, 13, 14],
            (await world.HistoryAsync("beat")).Select(tick => Math.Round((tick.Tick - world.Now).TotalMinutes + 14.5)));
        Assert.Equal((4L, 0L), ((await world.FindAsync("beat")).Fired, (await world.FindAsync("beat")).Missed));
    }

    [Fact]
    public async Task ResumeAsync_NothingToResume_ChangesNothingOrSaysWhy()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        var active = await node.Client.AddAsync(
            "beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        await node.Client.AddAsync(
            "once", Once.At(world.Now.AddSeconds(1)), Job.Create("report"), cancellationToken: Cancel);
        await world.SaveAsync(
            "mars",
            Cron.Parse("@daily"),
            change: static record => record with
            {
                Trigger = """{"cron":"@daily","zone":"Mars/Olympus"}""",
                State = ScheduleState.Paused,
                Reason = "why",
            });
        world.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(active, await node.Client.ResumeAsync("beat", Cancel));
        Assert.Contains(
            "no tick after",
            (await Assert.ThrowsAsync<TriggerException>(async () =>
                await node.Client.ResumeAsync("once", Cancel))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "Mars/Olympus",
            (await Assert.ThrowsAsync<TriggerException>(async () =>
                await node.Client.ResumeAsync("mars", Cancel))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<TriggerException>(async () => await node.Client.NextTicksAsync("mars", 1, Cancel));
        Assert.Equal(ScheduleState.Ended, (await world.FindAsync("once")).State);
        var mars = await node.Client.FindAsync("mars", Cancel);
        Assert.Equal(
            (null, ScheduleState.Paused, """{"cron":"@daily","zone":"Mars/Olympus"}"""),
            (mars!.Trigger, mars.State, mars.TriggerJson));
        Assert.StartsWith("(cannot be computed here:", mars.Description, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Client.PauseAsync("beat", "", Cancel));
    }

    [Fact]
    public async Task RunNowAsync_InWhateverState_EnqueuesAndLeavesTheTicksAlone()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        await node.Client.AddAsync(
            "beat",
            Every.Minutes(1),
            Job.Create("report", "north") with { Expires = TimeSpan.FromMinutes(5), Queue = "cpu" },
            cancellationToken: Cancel);
        await node.Client.PauseAsync("beat", "holiday", Cancel);
        var before = await world.FindAsync("beat");
        world.Advance(TimeSpan.FromSeconds(10));

        var first = await node.Client.RunNowAsync("beat", Cancel);
        var second = await node.Client.RunNowAsync("beat", Cancel);

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(JobState.Queued, (await first.FindAsync(Cancel))?.State);
        var job = (await world.Storage.History!.FindAsync([first.Id], Cancel))[0]!.Message;
        Assert.Equal(
            ("report", "cpu", world.Now.AddMinutes(5), false), (job.Name, job.Queue, job.Expires, job.HasChosenId));
        Assert.Equal(
            [TickStatus.Manual, TickStatus.Manual],
            (await node.Client.GetHistoryAsync("beat", cancellationToken: Cancel)).Select(static tick => tick.Status));
        Assert.Equal(before, await world.FindAsync("beat"));
    }
}

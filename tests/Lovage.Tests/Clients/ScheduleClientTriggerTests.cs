using Lovage.Storage;
using Lovage.Tests.Scheduling;

namespace Lovage.Tests.Clients;

/// <summary>What becomes of the beat and of due ticks when a schedule's trigger is given again or changed.</summary>
public sealed class ScheduleClientTriggerTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly Job Report = Job.Create("report");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SetAsync_SameIntervalAgain_KeepsItsBeat()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        world.Advance(TimeSpan.FromMilliseconds(12_345));
        var start = world.Now;
        Trigger[] triggers = [Every.Hours(6), Trigger.Any(Every.Hours(6), Cron.Parse("0 0 1 6 *"))];
        foreach (var trigger in triggers)
        {
            await node.Client.SetAsync($"s{trigger.Depth}", trigger, Report, cancellationToken: Cancel);
        }

        world.Advance(4 * Hour);

        foreach (var trigger in triggers)
        {
            var again = await node.Client.SetAsync(
                $"s{trigger.Depth}", trigger, Job.Create("other"), new ScheduleOptions { CatchUpMax = 3 }, Cancel);
            Assert.Equal((start + (6 * Hour), "other"), (again.NextTick, again.JobName));
        }
    }

    [Fact]
    public async Task SetAsync_AtEachStart_FiresAsIfItHadBeenSetOnce()
    {
        await using var world = new ScheduleWorld();
        for (var start = 0; start < 6; start++)
        {
            var node = world.Start();
            await node.Client.SetAsync(
                "sync", Every.Hours(6), Report, new ScheduleOptions { Overlap = OverlapRule.Allow }, Cancel);
            world.Advance(4 * Hour);
            node.Stop();
        }

        Assert.Equal(
            [6, 12, 18, 24],
            (await world.HistoryAsync("sync")).Select(tick => 24 - (world.Now - tick.Tick).TotalHours));
    }

    [Fact]
    public async Task SetAsync_GivenAnchor_IsTaken()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        await node.Client.SetAsync("sync", Every.Hours(6), Report, cancellationToken: Cancel);
        world.Advance(4 * Hour);

        var moved = await node.Client.SetAsync(
            "sync", Every.Hours(6) with { Anchor = world.Now }, Report, cancellationToken: Cancel);
        Assert.Equal(world.Now + (6 * Hour), moved.NextTick);
    }

    [Fact]
    public async Task SetAsync_StoredTriggerCannotBeRead_CountsFromNow()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        await world.SaveAsync(
            "sync", Every.Hours(6), change: static record => record with { Trigger = """{"moon":"full"}""" });
        world.Advance(4 * Hour);

        var set = await node.Client.SetAsync("sync", Every.Hours(6), Report, cancellationToken: Cancel);

        Assert.Equal(world.Now + (6 * Hour), set.NextTick);
        Assert.Empty(await world.HistoryAsync("sync"));
    }

    [Theory]
    [InlineData(ScheduleState.Active)]
    [InlineData(ScheduleState.Broken)]
    public async Task SetAsync_AnotherTriggerWhileTicksAreDue_RecordsThemAsMissed(ScheduleState state)
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        await world.SaveAsync(
            "hourly", Cron.Parse("0 * * * *"), change: record => record with { State = state, Reason = "why" });
        world.Advance(3.5 * Hour);

        var set = await node.Client.SetAsync("hourly", Cron.Parse("15 * * * *"), Report, cancellationToken: Cancel);

        var line = Assert.Single(await world.HistoryAsync("hourly"));
        Assert.Equal(
            (TickStatus.Missed, world.Now - (2.5 * Hour), world.Now - (0.5 * Hour), 3L),
            (line.Status, line.Tick, line.Through, line.Count));
        Assert.Equal(
            (ScheduleState.Active, world.Now + (0.75 * Hour), 3L), (set.State, set.NextTick, set.Missed));
        Assert.Contains("missed 3 ticks", Assert.Single(node.Logged(5014)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetAsync_AnotherTriggerThanOneThatCannotBeRead_RecordsTheDueTick()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        await world.SaveAsync(
            "moon",
            Every.Hours(1),
            change: static record => record with { Trigger = """{"moon":"full"}""", State = ScheduleState.Broken });
        world.Advance(3.5 * Hour);

        var set = await node.Client.SetAsync("moon", Every.Hours(2), Report, cancellationToken: Cancel);

        Assert.Equal(
            (TickStatus.Missed, 1L, world.Now - (2.5 * Hour)),
            (await world.HistoryAsync("moon")).Select(static line => (line.Status, line.Count, line.Tick)).Single());
        Assert.Equal((ScheduleState.Active, world.Now + (2 * Hour)), (set.State, set.NextTick));
    }

    [Fact]
    public async Task SetAsync_TriggerWithoutATickWhileOneIsDue_IsRefusedAndChangesNothing()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        var before = await world.SaveAsync("hourly", Cron.Parse("0 * * * *"));
        world.Advance(1.5 * Hour);

        await Assert.ThrowsAsync<TriggerException>(async () =>
            await node.Client.SetAsync("hourly", Once.At(world.Now), Report, cancellationToken: Cancel));

        Assert.Equal(before, await world.FindAsync("hourly"));
    }

    [Theory]
    [InlineData(false, "anchor")]
    [InlineData(true, "do not meet within 10,000")]
    public async Task AddAsync_PartsThatNeverMeet_SaysWhyAndWhatToWrite(bool isCron, string expected)
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        world.Advance(TimeSpan.FromMilliseconds(12_345));
        Trigger part = isCron ? Cron.Parse("30 * * * * *") : Every.Hours(2);

        var refused = await Assert.ThrowsAsync<TriggerException>(async () => await node.Client.AddAsync(
            "weekend", Trigger.All(part, Cron.Parse("* * * * SAT,SUN")), Report, cancellationToken: Cancel));

        Assert.Contains("Trigger.All", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await world.Store.CountAsync(Cancel));
        var mended = await node.Client.AddAsync(
            "weekend",
            Trigger.All(
                Every.Hours(2) with { Anchor = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) },
                Cron.Parse("* * * * SAT,SUN")),
            Report,
            cancellationToken: Cancel);
        Assert.Equal(new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero), mended.NextTick);
    }

    [Fact]
    public async Task AddAsync_PartThatHasEnded_SaysGiveALaterEnd()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();

        var refused = await Assert.ThrowsAsync<TriggerException>(async () => await node.Client.AddAsync(
            "weekend",
            Trigger.All(Every.Hours(2), Cron.Parse("* * * * *") with { End = world.Now }),
            Report,
            cancellationToken: Cancel));

        Assert.Contains("Give it a later end or date", refused.Message, StringComparison.Ordinal);
    }
}

using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>Very many ticks that no node fired, and rows of ticks that are skipped one by one.</summary>
public sealed class LongDowntimeTests
{
    private const int Missed = 5002;
    private const int Skipped = 5003;

    [Fact]
    public async Task Step_MillionsOfMissedTicks_AreOneLineAndOneWarning()
    {
        const int Days = 30;
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1));
        world.Advance(TimeSpan.FromDays(Days));

        var node = world.Start();
        world.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(
            [(TickStatus.Missed, (Days * 86_400L) - 3), (TickStatus.Fired, 1), (TickStatus.Skipped, 2)],
            (await world.HistoryAsync("second")).Select(static line => (line.Status, line.Count)));
        Assert.Contains(
            $"missed {(Days * 86_400) - 3} ticks", Assert.Single(node.Logged(Missed)), StringComparison.Ordinal);
        Assert.InRange(node.Storage.Count("record"), 1, 20);
    }

    [Fact]
    public async Task Step_ManySchedulesWithLongGaps_EachIsWholeAndSaidOnce()
    {
        await using var world = new ScheduleWorld();
        for (var i = 0; i < 20; i++)
        {
            await world.SaveAsync(
                $"second{i}", Cron.Parse("* * * * * *"), new SchedulePolicy { Misfire = MisfireRule.Skip });
        }

        world.Advance(TimeSpan.FromHours(20));
        var node = world.Start();
        world.Advance(TimeSpan.FromMilliseconds(1));

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(72_000 - 3, (await world.HistoryAsync($"second{i}"))[0].Count);
        }

        Assert.Equal(20, node.Logged(Missed).Count());
    }

    [Fact]
    public async Task Step_CatchUpAfterALongGap_RunsTheNewestAndTheRestIsOneLine()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1), ScheduleWorld.Always with { CatchUpMax = 900 });
        world.Advance(TimeSpan.FromHours(10));

        var node = world.Start();
        world.Advance(TimeSpan.FromMilliseconds(1));

        var history = await world.HistoryAsync("second");
        Assert.Equal((TickStatus.Missed, 36_000L - 903), (history[0].Status, history[0].Count));
        Assert.Equal(903, history.Count(static line => line.Status == TickStatus.Fired));
        Assert.Single(node.Logged(Missed));
    }

    [Fact]
    public async Task Step_TicksSkippedOneByOne_AreOneLine()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("minute", Every.Minutes(1));
        var node = world.Start();

        world.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(
            [(TickStatus.Fired, 1L), (TickStatus.Skipped, 4L)],
            (await world.HistoryAsync("minute")).Select(static line => (line.Status, line.Count)));
        Assert.Equal(4, node.Logged(Skipped).Count());
        Assert.Equal(4, (await world.FindAsync("minute")).Skipped);
    }
}

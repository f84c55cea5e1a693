using Lovage.Storage;
using Lovage.Tests.Scheduling;

namespace Lovage.Tests.Hosting;

public sealed partial class ScheduleSyncTests
{
    private const int NeverFires = 5013;

    [Fact]
    public async Task Start_IntervalInsideOthersWithChangedArguments_KeepsItsBeat()
    {
        await using var world = new ScheduleWorld();
        world.Advance(TimeSpan.FromMilliseconds(12_345));
        var start = world.Now;
        for (var deploy = 0; deploy < 6; deploy++)
        {
            var argument = deploy;
            var node = world.Start(lovage => lovage.AddSchedule(
                "sync",
                Trigger.Any(Trigger.Any(Cron.Parse("0 0 1 6 *"), Every.Hours(6)), Cron.Parse("0 0 1 7 *")),
                Job.Create("report", argument),
                static schedule => schedule.Overlap = OverlapRule.Allow));
            world.Advance(TimeSpan.FromHours(4));
            node.Stop();
        }

        Assert.Equal(
            [6, 12, 18, 24], (await world.HistoryAsync("sync")).Select(tick => (tick.Tick - start).TotalHours));
    }

    [Theory]
    [InlineData(false, "Trigger.All")]
    [InlineData(true, "Give it a later end or date")]
    public async Task Start_DefinitionThatNeverFires_WarnsAtEachStartAndSaysWhy(bool isOver, string expected)
    {
        await using var world = new ScheduleWorld();
        world.Advance(TimeSpan.FromMilliseconds(12_345));
        var code = Weekend(isOver
            ? Cron.Parse("* * * * *") with { End = world.Now.AddDays(-1) }
            : Trigger.All(Every.Hours(2), Cron.Parse("* * * * SAT,SUN")));

        for (var start = 0; start < 2; start++)
        {
            var node = world.Start(code);
            var warning = Assert.Single(node.Log.Of(NeverFires));
            Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, warning.Level);
            Assert.StartsWith(
                "Schedule weekend of this app's code never fires: ", warning.Message, StringComparison.Ordinal);
            Assert.Contains(expected, warning.Message, StringComparison.Ordinal);
            node.Stop();
        }

        Assert.Equal(ScheduleState.Ended, (await StateAsync(world, "weekend")).State);
    }

    [Fact]
    public async Task Start_DefinitionThatHasFiredItsLastTick_WarnsOfNothing()
    {
        await using var world = new ScheduleWorld();
        var code = Weekend(Once.At(world.Now.AddMinutes(1)));
        var first = world.Start(code);
        world.Advance(TimeSpan.FromMinutes(2));
        first.Stop();

        var again = world.Start(code);

        Assert.Empty(first.Logged(NeverFires).Concat(again.Logged(NeverFires)));
        Assert.Equal(ScheduleState.Ended, (await StateAsync(world, "weekend")).State);
    }

    [Fact]
    public async Task Start_TickFellDueMeanwhileAndItsExpressionChanged_LeavesALine()
    {
        await using var world = new ScheduleWorld();
        world.Start(Weekend(Cron.Parse("0 0 * * *"))).Stop();
        world.Advance(TimeSpan.FromHours(24.25));

        var node = world.Start(Weekend(Cron.Parse("0 1 * * *")));

        Assert.Equal(
            (TickStatus.Missed, 1L, world.Now.AddHours(-0.25)),
            (await world.HistoryAsync("weekend")).Select(static line => (line.Status, line.Count, line.Tick)).Single());
        Assert.Contains("missed 1 ticks", Assert.Single(node.Logged(5014)), StringComparison.Ordinal);
        var stored = await world.FindAsync("weekend");
        Assert.Equal((world.Now.AddHours(0.75), 1L, 0L), (stored.NextTick, stored.Missed, stored.Fired));
        world.Advance(TimeSpan.FromHours(1));
        Assert.Equal(
            [TickStatus.Missed, TickStatus.Fired],
            (await world.HistoryAsync("weekend")).Select(static line => line.Status));
    }

    private static Func<LovageBuilder, LovageBuilder> Weekend(Trigger trigger) =>
        lovage => lovage.AddSchedule("weekend", trigger, Job.Create("report"));
}

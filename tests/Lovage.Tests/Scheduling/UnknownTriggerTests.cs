using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// Nodes that cannot compute a trigger, because they lack zone files or are of an older version, beside others that
/// can.
/// </summary>
public sealed class UnknownTriggerTests
{
    private const int Broken = 5005;
    private const int Left = 5009;
    private const int Revived = 5010;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Step_AnotherNodeCanComputeIt_FiresEachTickOnTime(bool isBlindFirst)
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("moon", Cron.Parse("*/5 * * * *"), ScheduleWorld.Always);
        await world.SaveAsync("plain", Every.Seconds(30), ScheduleWorld.Always);
        var seeing = world.Node();
        var blind = Blind(world);
        foreach (var node in isBlindFirst ? new[] { blind, seeing } : [seeing, blind])
        {
            node.Start();
        }

        world.Advance(60.1 * Minute);

        var history = await world.HistoryAsync("moon");
        Assert.Equal(12, history.Count);
        Assert.All(history, static tick => Assert.Equal(TickStatus.Fired, tick.Status));
        Assert.All(
            history, static tick => Assert.InRange(tick.RecordedAt - tick.Tick, TimeSpan.Zero, SecondsOnTime));
        Assert.Equal(120, (await world.FindAsync("plain")).Fired);
        Assert.Equal(ScheduleState.Active, (await world.FindAsync("moon")).State);
        Assert.InRange(blind.Logged(Left).Count(), 0, 1);
        Assert.All(
            blind.Log.Of(Left),
            static line => Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, line.Level));
        Assert.Empty(blind.Logged(Broken));
    }

    [Fact]
    public async Task Step_NoNodeCanComputeIt_SaysSoOnceAndOthersGoOn()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("moon", Cron.Parse("*/5 * * * *"));
        await world.SaveAsync("plain", Every.Seconds(30), ScheduleWorld.Always);
        var blind = Blind(world);
        blind.Start();

        world.Advance(5.25 * Minute);
        Assert.Equal(ScheduleState.Active, (await world.FindAsync("moon")).State);
        Assert.Contains("moon", Assert.Single(blind.Logged(Left)), StringComparison.Ordinal);
        Assert.Contains("no kind of trigger", Assert.Single(blind.Logged(Left)), StringComparison.Ordinal);

        world.Advance(24.75 * Minute);
        var broken = await world.FindAsync("moon");
        Assert.Equal((ScheduleState.Broken, world.Now - (25 * Minute)), (broken.State, broken.NextTick));
        Assert.StartsWith("No running process can compute its trigger: ", broken.Reason, StringComparison.Ordinal);
        Assert.Single(blind.Logged(Broken));
        Assert.Single(blind.Logged(Left));
        Assert.Equal(60, (await world.FindAsync("plain")).Fired);
        Assert.InRange(blind.Storage.Count("due"), 360, 600);
    }

    [Theory]
    [InlineData(17, 3)]
    [InlineData(77, 15)]
    public async Task Start_NodeThatCanComputeABrokenOne_RevivesItAndRecordsTheTicksSince(int minutes, int ticks)
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("moon", Cron.Parse("*/5 * * * *"));
        var blind = Blind(world);
        blind.Start();
        world.Advance(minutes * Minute);
        Assert.Equal(ScheduleState.Broken, (await world.FindAsync("moon")).State);

        var seeing = world.Start();

        Assert.Equal(
            [(TickStatus.Missed, ticks - 1L), (TickStatus.Fired, 1L)],
            (await world.HistoryAsync("moon")).Select(static line => (line.Status, line.Count)));
        Assert.Contains("moon", Assert.Single(seeing.Logged(Revived)), StringComparison.Ordinal);
        var revived = await world.FindAsync("moon");
        Assert.Equal((ScheduleState.Active, null), (revived.State, revived.Reason));
        await world.EndJobAsync();
        world.Advance(5 * Minute);
        Assert.Equal(2, (await world.FindAsync("moon")).Fired);
    }

    [Fact]
    public async Task Step_StoredAsBrokenByANodeOfAnOlderVersion_IsRevivedWithinAMinute()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        world.Advance(0.5 * Minute);
        await world.SaveAsync(
            "moon",
            Every.Seconds(10),
            change: static record => record with { State = ScheduleState.Broken, Reason = "no zones" });

        world.Advance(Minute);

        Assert.Equal((ScheduleState.Active, null), await StateAsync(world));
        Assert.Single(node.Logged(Revived));
        Assert.True((await world.FindAsync("moon")).Fired > 0);
    }

    [Fact]
    public async Task Step_MoreUnknownOnesThanABatch_OthersFireAndTheNodeDoesNotSpin()
    {
        await using var world = new ScheduleWorld();
        for (var i = 0; i < 1_100; i++)
        {
            await world.SaveAsync($"moon{i:0000}", Every.Hours(1));
        }

        await world.SaveAsync("plain", Every.Minutes(2));
        var blind = Blind(world);
        blind.Start();
        world.Advance(65 * Minute);

        Assert.Equal(ScheduleState.Broken, (await world.FindAsync("moon1099")).State);
        Assert.Equal(32, (await world.HistoryAsync("plain")).Sum(static line => line.Count));
        Assert.Single(blind.Logged(Left), static line => line.Contains("moon1099", StringComparison.Ordinal));
        Assert.InRange(blind.Storage.Count("due"), 780, 1_000);
    }

    private static TimeSpan SecondsOnTime => TimeSpan.FromSeconds(2);

    private static async Task<(ScheduleState State, string? Reason)> StateAsync(ScheduleWorld world)
    {
        var record = await world.FindAsync("moon");
        return (record.State, record.Reason);
    }

    /// <summary>A node that cannot compute the triggers of schedules named after the moon.</summary>
    private static ScheduleNode Blind(ScheduleWorld world)
    {
        var node = world.Node();
        node.Storage.Seen = static record => record.Id.StartsWith("moon", StringComparison.Ordinal)
            ? record with { Trigger = """{"moon":"full"}""" }
            : record;
        return node;
    }
}

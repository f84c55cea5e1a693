using Lovage.Storage;
using Lovage.Tests.Spawning;

namespace Lovage.Tests.Scheduling;

/// <summary>Clocks that ran ahead and are put right.</summary>
public sealed class ClockAheadTests
{
    private const int PutBack = 5011;
    private const int FiredAhead = 5012;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(3_650);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_DefinedWhileTheClockWasAhead_StandsAtItsNextTick()
    {
        await using var world = new ScheduleWorld();
        world.Time.Error = Ahead;
        world.Start(Daily).Stop();
        Assert.True((await world.FindAsync("daily")).NextTick > world.Now);
        world.Time.Error = default;

        var node = world.Start(Daily);

        Assert.Equal(world.Now.AddDays(1), (await world.FindAsync("daily")).NextTick);
        Assert.Contains("daily", Assert.Single(node.Logged(PutBack)), StringComparison.Ordinal);
        var version = (await world.FindAsync("daily")).Version;
        world.Start(Daily);
        world.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(version, (await world.FindAsync("daily")).Version);
        Assert.Single(node.Logged(PutBack));
    }

    [Fact]
    public async Task Step_AddedWhileTheClockWasAhead_IsPutRightWithinAMinuteAndSaidByOneNode()
    {
        await using var world = new ScheduleWorld();
        var nodes = new[] { world.Start(), world.Start() };
        world.Time.Error = Ahead;
        await nodes[0].Client.AddAsync("daily", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);
        await nodes[0].Client.AddAsync("beat", Every.Seconds(10), Job.Create("report"), cancellationToken: Cancel);
        world.Time.Error = default;

        world.Advance(61 * Second);

        Assert.Equal(world.Now.Date.AddDays(1), (await world.FindAsync("daily")).NextTick?.DateTime);
        Assert.Equal(2, nodes.Sum(static node => node.Logged(PutBack).Count()));
        world.Advance(60 * Second);
        Assert.InRange((await world.HistoryAsync("beat")).Sum(static line => line.Count), 6, 12);
    }

    [Fact]
    public async Task Start_EndedWhileTheClockWasAhead_FiresAtItsDate()
    {
        await using var world = new ScheduleWorld();
        var date = world.Now.AddDays(1);
        world.Time.Error = Ahead;
        world.Start(Once).Stop();
        Assert.Equal(ScheduleState.Ended, (await world.FindAsync("once")).State);
        world.Time.Error = default;

        world.Start(Once);

        var stored = await world.FindAsync("once");
        Assert.Equal((ScheduleState.Active, date), (stored.State, stored.NextTick));
        world.Advance(TimeSpan.FromDays(1) + Second);
        Assert.Equal(
            (ScheduleState.Ended, 1L), ((await world.FindAsync("once")).State, (await world.FindAsync("once")).Fired));

        LovageBuilder Once(LovageBuilder lovage) =>
            lovage.AddSchedule("once", Lovage.Once.At(date), Job.Create("report"));
    }

    [Fact]
    public async Task SetAsync_SameTriggerAfterTheClockWasPutRight_StandsAtItsNextTick()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node().Client;
        world.Time.Error = Ahead;
        await client.AddAsync("daily", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);
        world.Time.Error = default;

        var set = await client.SetAsync("daily", Cron.Parse("@daily"), Job.Create("other"), null, Cancel);

        Assert.Equal(world.Now.AddDays(1), set.NextTick);
    }

    [Fact]
    public async Task Step_TicksFiredWhileTheClockWasAhead_AreNotFiredAgainAndItIsSaidOnce()
    {
        await using var world = new ScheduleWorld();
        world.Time.Error = 120 * Second;
        await world.SaveAsync("beat", Every.Seconds(10), ScheduleWorld.Always);
        var node = world.Start();
        world.Advance(30 * Second);
        world.Time.Error = default;

        world.Advance(150 * Second);

        var history = await world.HistoryAsync("beat");
        Assert.Equal(history.Select(static tick => tick.Tick).Distinct().Count(), history.Count);
        Assert.Contains("beat", Assert.Single(node.Logged(FiredAhead)), StringComparison.Ordinal);
        Assert.Empty(node.Logged(PutBack));
        Assert.Equal(6, history.Count);
    }

    [Fact]
    public async Task Step_StandsAtAnInstantThatIsNoTickHere_IsLeftToTheNodeWithTheOtherZoneRules()
    {
        await using var world = new ScheduleWorld();
        var stored = await world.SaveAsync(
            "daily", Cron.Parse("@daily"), change: static record => record with
            {
                NextTick = record.NextTick!.Value.AddDays(1).AddHours(1),
            });
        var node = world.Start();

        world.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(stored, await world.FindAsync("daily"));
        Assert.Empty(node.Logged(PutBack));
    }

    [Fact]
    public async Task NodeStep_ClockSetBack_GoesOnAtOnce()
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Warm(() => ran++)));
        var schedules = Schedules(node, "cache", Every.Seconds(5));
        await PassAsync(node, schedules, 12);
        Assert.Equal(12, ran);

        node.Time.Error = TimeSpan.FromHours(-2);
        await PassAsync(node, schedules, 120);

        // The clock is set back to the instant of a tick.
        Assert.Equal(131, ran);
        Assert.Contains("cache", Assert.Single(node.Log.Of(PutBack)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NodeStep_StartedWhileTheClockWasAhead_GoesOnOnceItIsRight()
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Warm(() => ran++)));
        node.Time.Error = Ahead;
        var schedules = Schedules(node, "once", Once.At(node.Time.GetUtcNow() - Ahead + (10 * Second)));
        node.Time.Error = default;

        await PassAsync(node, schedules, 2);

        Assert.Equal(1, ran);
    }

    [Fact]
    public async Task NodeStep_ClockPutRightByAMoment_RunsNoTickTwice()
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Warm(() => ran++)));
        var schedules = Schedules(node, "cache", Every.Minutes(1));
        node.Time.Advance(60 * Second);
        await schedules.StepAsync(Cancel);

        node.Time.Error = -1.5 * Second;
        var wait = await schedules.StepAsync(Cancel);
        node.Time.Advance(2 * Second);
        await schedules.StepAsync(Cancel);
        await node.IdleAsync();

        Assert.Equal((1, 60 * Second), (ran, wait));
    }

    private static LovageBuilder Daily(LovageBuilder lovage) =>
        lovage.AddSchedule("daily", Cron.Parse("@daily"), Job.Create("report"));

    private static JobDefinition Warm(Action run) => new("warm", _ =>
    {
        run();
        return default;
    });

    private static Lovage.Scheduling.NodeSchedules Schedules(SpawnWorld node, string id, Trigger trigger) => new(
        [new ScheduleDefinition(id, trigger, Job.Create("warm"))],
        node.Spawner,
        node.Time,
        new Lovage.Scheduling.SchedulerReport(node.Log, outage: null));

    /// <summary>Steps each five seconds.</summary>
    private static async Task PassAsync(SpawnWorld node, Lovage.Scheduling.NodeSchedules schedules, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            node.Time.Advance(5 * Second);
            await schedules.StepAsync(Cancel);
            await node.IdleAsync();
        }
    }
}

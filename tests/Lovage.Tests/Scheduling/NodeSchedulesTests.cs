using Lovage.Scheduling;
using Lovage.Testing;
using Lovage.Tests.Spawning;

namespace Lovage.Tests.Scheduling;

/// <summary>Schedules that each node has for itself: in memory, spawned here, nothing stored.</summary>
public sealed class NodeSchedulesTests
{
    private const int Missed = 5002;
    private const int Skipped = 5003;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Step_EachTick_RunsTheJobHere()
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Job("warm", () => ran++)));
        var schedules = Schedules(node, new ScheduleDefinition("cache", Every.Minutes(1), Lovage.Job.Create("warm")));

        Assert.Equal(Minute, await schedules.StepAsync(Cancel));
        for (var i = 1; i <= 5; i++)
        {
            node.Time.Advance(Minute);
            Assert.Equal(Minute, await schedules.StepAsync(Cancel));
            Assert.Equal(Minute, await schedules.StepAsync(Cancel));
            await node.IdleAsync();
            Assert.Equal(i, ran);
        }

        Assert.Empty(await node.Services.Jobs().EnqueuedAsync(Cancel));
    }

    [Fact]
    public async Task Step_SeveralSchedules_WaitsForTheNextTickOfAny()
    {
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Job("warm", static () => { })));
        var schedules = Schedules(
            node,
            new ScheduleDefinition("seven", Every.Seconds(7), Lovage.Job.Create("warm")),
            new ScheduleDefinition("ten", Every.Seconds(10), Lovage.Job.Create("warm")),
            new ScheduleDefinition("past", Once.At(node.Time.GetUtcNow().AddDays(-1)), Lovage.Job.Create("warm")));

        Assert.Equal(7, (await schedules.StepAsync(Cancel)).TotalSeconds);
        node.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(3, (await schedules.StepAsync(Cancel)).TotalSeconds);
        node.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(4, (await schedules.StepAsync(Cancel)).TotalSeconds);
        Assert.Equal(
            Minute,
            await Schedules(node, new ScheduleDefinition("far", Cron.Parse("@yearly"), Lovage.Job.Create("warm")))
                .StepAsync(Cancel));
    }

    [Fact]
    public async Task Step_JobOfTheTickBeforeStillRuns_SkipsTheTickAndSaysSo()
    {
        var (started, finish) = (0, new Signal());
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(new JobDefinition("warm", async _ =>
        {
            Interlocked.Increment(ref started);
            await finish.WhenSet;
        })));
        var schedules = Schedules(node, new ScheduleDefinition("cache", Every.Minutes(1), Lovage.Job.Create("warm")));

        for (var i = 0; i < 3; i++)
        {
            node.Time.Advance(Minute);
            await schedules.StepAsync(Cancel);
        }

        Assert.Equal(
            ["Schedule cache skipped 1 ticks", "Schedule cache skipped 1 ticks"],
            node.Log.Of(Skipped).Select(static line => line.Message.Split(',')[0]));
        finish.Set();
        await node.IdleAsync();
        node.Time.Advance(Minute);
        await schedules.StepAsync(Cancel);
        await node.IdleAsync();
        Assert.Equal((2, 2), (started, node.Log.Of(Skipped).Count()));
    }

    [Theory]
    [InlineData(2.0, 1, 0)]
    [InlineData(2.1, 0, 1)]
    [InlineData(59.9, 0, 1)]
    [InlineData(60.0, 1, 1)]
    [InlineData(602.0, 1, 10)]
    [InlineData(630.0, 0, 11)]
    public async Task Step_ProcessWasPaused_LateTicksAreNotMadeUpFor(double seconds, int expected, int missed)
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(
            lovage => lovage.AddJob(Job("warm", () => Interlocked.Increment(ref ran))));
        var schedules = Schedules(node, new ScheduleDefinition("cache", Every.Minutes(1), Lovage.Job.Create("warm")));

        node.Time.Advance(Minute + TimeSpan.FromSeconds(seconds));
        var wait = await schedules.StepAsync(Cancel);
        await node.IdleAsync();

        Assert.Equal(expected, ran);
        Assert.Equal(
            missed == 0 ? [] : [$"Schedule cache missed {missed} ticks"],
            node.Log.Of(Missed).Select(static line => line.Message.Split(',')[0]));
        Assert.Equal(60 - (seconds % 60), wait.TotalSeconds, 6);
    }

    [Fact]
    public async Task Step_ProcessWasPausedForDays_GoesOnWithoutCountingEachSecond()
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(
            lovage => lovage.AddJob(Job("warm", () => Interlocked.Increment(ref ran))));
        var schedules = Schedules(node, new ScheduleDefinition("cache", Every.Seconds(1), Lovage.Job.Create("warm")));

        node.Time.Advance(TimeSpan.FromDays(3_650) + TimeSpan.FromSeconds(0.5));

        Assert.Equal(0.5, (await schedules.StepAsync(Cancel)).TotalSeconds);
        await node.IdleAsync();
        Assert.Equal(1, ran);
        Assert.Equal(
            $"Schedule cache missed {SchedulePlan.TicksMax} ticks",
            Assert.Single(node.Log.Of(Missed)).Message.Split(',')[0]);
    }

    [Fact]
    public async Task Step_JobFails_TheNextTickRunsAllTheSame()
    {
        var tries = 0;
        var fails = Job("warm", () =>
        {
            tries++;
            throw new InvalidOperationException("cold");
        });
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(fails with { MaxAttempts = 1 }));
        var schedules = Schedules(node, new ScheduleDefinition("cache", Every.Minutes(1), Lovage.Job.Create("warm")));

        for (var i = 1; i <= 3; i++)
        {
            node.Time.Advance(Minute);
            await schedules.StepAsync(Cancel);
            await node.IdleAsync();
            Assert.Equal(i, tries);
        }

        Assert.Equal(3, node.Failures.Count);
        Assert.Empty(node.Log.Of(Skipped));
    }

    [Fact]
    public async Task Step_JobCannotBeSpawned_OthersRun()
    {
        var ran = 0;
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Job("warm", () => ran++)));
        var schedules = Schedules(
            node,
            new ScheduleDefinition("bad", Every.Minutes(1), Lovage.Job.Create("not.registered")),
            new ScheduleDefinition("good", Every.Minutes(1), Lovage.Job.Create("warm")));

        node.Time.Advance(Minute);
        Assert.Equal(Minute, await schedules.StepAsync(Cancel));
        await node.IdleAsync();

        Assert.Equal(1, ran);
        Assert.IsType<UnknownJobException>(Assert.Single(node.Log.Of(5006)).Error);
    }

    [Fact]
    public async Task Step_Jitter_IsThatOfTheScheduleAndTheTick()
    {
        var ran = new Signal();
        await using var node = await SpawnWorld.StartAsync(lovage => lovage.AddJob(Job("warm", ran.Set)));
        var options = new ScheduleOptions { Jitter = TimeSpan.FromSeconds(30) };
        var schedules = Schedules(
            node, new ScheduleDefinition("cache", Every.Minutes(1), Lovage.Job.Create("warm"), options));
        node.Time.Advance(Minute);
        var wait = SchedulePlan.Jitter(options.Jitter, "cache", node.Time.GetUtcNow());

        await schedules.StepAsync(Cancel);
        var start = node.Time.GetTimestamp();
        Assert.InRange(await node.NextTimerAsync(), wait, wait + TimeSpan.FromMilliseconds(1));
        await node.MoveUntilAsync(ran.WhenSet, TimeSpan.FromMilliseconds(1));

        Assert.True(node.Time.GetElapsedTime(start) >= wait);
    }

    [Fact]
    public async Task Host_EveryNode_RunsItForItselfUntilItStops()
    {
        var ran = new int[2];
        var signals = new[] { new Signal(), new Signal() };
        var nodes = new List<SpawnWorld>();
        for (var i = 0; i < 2; i++)
        {
            var place = i;
            nodes.Add(await SpawnWorld.StartAsync(lovage => lovage
                .AddJob(Job("warm", () =>
                {
                    Interlocked.Increment(ref ran[place]);
                    signals[place].Set();
                }))
                .AddSchedule(
                    "cache",
                    Every.Minutes(1),
                    Lovage.Job.Create("warm"),
                    static schedule => schedule.Target = ScheduleTarget.EveryNode)));
        }

        foreach (var (node, signal) in nodes.Zip(signals))
        {
            await node.MoveUntilAsync(signal.WhenSet, TimeSpan.FromSeconds(1));
            await node.StopWhileTimeFliesAsync();
        }

        var stopped = ran.ToArray();
        foreach (var node in nodes)
        {
            node.Time.Advance(TimeSpan.FromHours(1));
            Assert.Empty(node.Spawner.Running);
        }

        Assert.Equal(stopped, ran);
        Assert.All(stopped, static count => Assert.True(count >= 1));
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    private static JobDefinition Job(string name, Action run) => new(name, _ =>
    {
        run();
        return default;
    });

    private static NodeSchedules Schedules(SpawnWorld node, params ScheduleDefinition[] definitions) =>
        new(definitions, node.Spawner, node.Time, new SchedulerReport(node.Log, outage: null));
}

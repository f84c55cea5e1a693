using Lovage.Generated;
using Lovage.Storage;
using Lovage.Tests.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Hosting;

/// <summary>The schedules in the code of an app meet those in the storage, start by start.</summary>
public sealed partial class ScheduleSyncTests
{
    private const int Synced = 5007;
    private const int Refused = 5008;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_NewDefinitions_AreAddedAndFire()
    {
        await using var world = new ScheduleWorld();

        var node = world.Start(static lovage => lovage
            .AddSchedule(
                "beat",
                Every.Minutes(1),
                Job.Create("report", 1),
                static schedule => schedule.Overlap = OverlapRule.Allow)
            .AddSchedule(
                "cache",
                Every.Minutes(1),
                Job.Create("warm"),
                static schedule => schedule.Target = ScheduleTarget.EveryNode));
        world.Advance(TimeSpan.FromMinutes(2));

        var schedule = Assert.Single(await node.Client.ListAsync(cancellationToken: Cancel));
        Assert.Equal(
            ("beat", "shop", false, ScheduleState.Active, 2L),
            (schedule.Id, schedule.App, schedule.IsEdited, schedule.State, schedule.Fired));
        Assert.StartsWith(
            "Schedule beat: added, Every minute", Assert.Single(node.Logged(Synced)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SameDefinitionAgain_ChangesNothing()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat()).Stop();
        world.Advance(TimeSpan.FromSeconds(30));
        var before = await world.FindAsync("beat");

        var node = world.Start(Beat());

        Assert.Equal(before, await world.FindAsync("beat"));
        Assert.Equal((0, 0), (node.Storage.Count("save"), node.Logged(Synced).Count()));
        world.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(world.Now, Assert.Single(await world.HistoryAsync("beat")).Tick);
    }

    [Fact]
    public async Task Start_OperatorsEdit_SurvivesUntilTheDefinitionChanges()
    {
        await using var world = new ScheduleWorld();
        var first = world.Start(Beat());
        await first.Client.SetAsync("beat", Every.Minutes(5), Job.Create("slower"), null, Cancel);
        first.Stop();

        var second = world.Start(Beat());
        var kept = await second.Client.FindAsync("beat", Cancel);
        Assert.Equal(("slower", true, world.Now.AddMinutes(5)), (kept!.JobName, kept.IsEdited, kept.NextTick));
        second.Stop();

        var third = world.Start(Beat("new"));
        var changed = await third.Client.FindAsync("beat", Cancel);
        Assert.Equal(("new", false, world.Now.AddMinutes(1)), (changed!.JobName, changed.IsEdited, changed.NextTick));
        Assert.StartsWith(
            "Schedule beat: changed by this app's code, Every minute",
            Assert.Single(third.Logged(Synced)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OperatorsPause_SurvivesWhateverTheCodeBecomes()
    {
        await using var world = new ScheduleWorld();
        var first = world.Start(Beat());
        await first.Client.PauseAsync("beat", "the printer is broken", Cancel);
        first.Stop();

        world.Start(Beat()).Stop();
        Assert.Equal((ScheduleState.Paused, "the printer is broken"), await StateAsync(world, "beat"));

        var third = world.Start(Beat("new"));
        Assert.Equal((ScheduleState.Paused, "the printer is broken"), await StateAsync(world, "beat"));
        Assert.Equal("new", (await third.Client.ResumeAsync("beat", Cancel)).JobName);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task Start_AnyPartOfTheDefinitionChanged_ComesThrough(int part)
    {
        await using var world = new ScheduleWorld();
        world.Start(static lovage => lovage.AddSchedule("beat", Cron.Parse("@hourly"), Job.Create("report", 1))).Stop();
        var before = await world.FindAsync("beat");
        var job = Job.Create("report", 1);

        world.Start(lovage => lovage.AddSchedule(
            "beat",
            part == 0 ? Cron.Parse("@daily") : Cron.Parse("@hourly"),
            part switch
            {
                1 => Job.Create("report", 2),
                2 => job with { Queue = "cpu" },
                3 => job with { Expires = TimeSpan.FromMinutes(1) },
                4 => job with { Headers = new Dictionary<string, string> { ["tenant"] = "north" } },
                5 => job with { Priority = 4 },
                7 => job with { Tags = ["a"] },
                _ => job,
            },
            schedule => schedule.Jitter = part == 6 ? TimeSpan.FromSeconds(1) : default)).Stop();

        var after = await world.FindAsync("beat");
        Assert.NotEqual(before.CodeDigest, after.CodeDigest);
        Assert.True(after.Version > before.Version);
    }

    [Fact]
    public async Task Start_CodeIsGoneAndComesBack_PausesAndFiresAgain()
    {
        await using var world = new ScheduleWorld();
        var first = world.Start(Beat());
        await first.Client.SetAsync("beat", Every.Minutes(5), Job.Create("slower"), null, Cancel);
        first.Stop();

        var without = world.Start(Other());
        var (state, reason) = await StateAsync(world, "beat");
        Assert.Equal(ScheduleState.Paused, state);
        Assert.Equal(
            "Its code is gone: 'shop' no longer defines it. Remove it, or resume it to keep it without code.",
            reason);
        Assert.Contains("Schedule beat: paused, because its code is gone", without.Logged(Synced));
        world.Advance(TimeSpan.FromMinutes(30));
        without.Stop();
        Assert.Empty(await world.HistoryAsync("beat"));

        var back = world.Start(Beat());
        var again = await back.Client.FindAsync("beat", Cancel);
        Assert.Equal(
            (ScheduleState.Active, null, "slower", true, world.Now.AddMinutes(5)),
            (again!.State, again.Reason, again.JobName, again.IsEdited, again.NextTick));
        Assert.Contains("Schedule beat: its code is back", back.Logged(Synced));
        Assert.Equal(ScheduleState.Paused, (await StateAsync(world, "other")).State);
    }

    [Fact]
    public async Task Start_CodeIsGoneAndComesBackChanged_TakesTheNewDefinition()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat()).Stop();
        world.Start(Other()).Stop();

        world.Start(Beat("new"));

        Assert.Equal((ScheduleState.Active, null), await StateAsync(world, "beat"));
        Assert.Equal("new", (await world.FindAsync("beat")).Job.Name);
    }

    [Fact]
    public async Task Start_ResumedWithoutItsCode_IsKept()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat()).Stop();
        var without = world.Start(Other());
        await without.Client.ResumeAsync("beat", Cancel);
        without.Stop();

        var again = world.Start(Other());
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((ScheduleState.Active, null), await StateAsync(world, "beat"));
        Assert.Single(await world.HistoryAsync("beat"));
        again.Stop();

        world.Start(Beat()).Stop();
        Assert.Equal((ScheduleState.Active, null), await StateAsync(world, "beat"));
        world.Start(Other());
        Assert.Equal(ScheduleState.Paused, (await StateAsync(world, "beat")).State);
    }

    [Fact]
    public async Task Start_TickFellDueMeanwhileAndTheCodeChanged_TheTickIsNotLost()
    {
        await using var world = new ScheduleWorld();
        world.Start(static lovage => lovage.AddSchedule("nightly", Cron.Parse("@daily"), Job.Create("report"))).Stop();
        world.Advance(TimeSpan.FromHours(24.5));

        world.Start(
            static lovage => lovage.AddSchedule("nightly", Cron.Parse("@daily"), Job.Create("report", "north")));

        var tick = Assert.Single(await world.HistoryAsync("nightly"));
        Assert.Equal((TickStatus.Fired, world.Now.AddHours(-0.5)), (tick.Status, tick.Tick));
    }

    [Fact]
    public async Task Start_IntervalOfChangedCode_KeepsItsBeat()
    {
        await using var world = new ScheduleWorld();
        var start = world.Now;
        world.Start(static lovage => lovage.AddSchedule("beat", Every.Hours(1), Job.Create("report"))).Stop();
        world.Advance(TimeSpan.FromMinutes(20));

        world.Start(static lovage => lovage.AddSchedule("beat", Every.Hours(1), Job.Create("other"))).Stop();
        Assert.Equal(start.AddHours(1), (await world.FindAsync("beat")).NextTick);

        world.Start(static lovage => lovage.AddSchedule("beat", Every.Minutes(30), Job.Create("other"))).Stop();
        Assert.Equal(start.AddMinutes(30), (await world.FindAsync("beat")).NextTick);
    }

    [Fact]
    public async Task Start_TwoNodesAtOnce_StoreOneDefinition()
    {
        await using var world = new ScheduleWorld();
        var (one, other) = (world.Node(Beat()), world.Node(Beat()));
        one.Storage.Before = call =>
        {
            if (call == "save")
            {
                one.Storage.Before = null;
                other.Start();
            }
        };

        one.Start();
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Single(await world.HistoryAsync("beat"));
        Assert.Single(one.Logged(Synced).Concat(other.Logged(Synced)));
        Assert.Empty(one.Logged(Refused).Concat(other.Logged(Refused)));
        Assert.Equal(1, (await world.FindAsync("beat")).Fired);
    }

    [Fact]
    public async Task Start_OldAndNewVersionSideBySide_TheLastStartWinsAndNobodyFlaps()
    {
        await using var world = new ScheduleWorld();
        var old = world.Start(Beat("old"));
        var young = world.Start(
            lovage => Beat("new")(lovage.AddSchedule("added", Cron.Parse("@daily"), Job.Create("report"))));
        var version = (await world.FindAsync("beat")).Version;
        var saves = old.Storage.Count("save") + young.Storage.Count("save");

        world.Advance(TimeSpan.FromMinutes(10));

        // Both run on and fire what is stored: no node compares again while it runs.
        Assert.Equal("new", (await world.FindAsync("beat")).Job.Name);
        Assert.Equal(saves, old.Storage.Count("save") + young.Storage.Count("save"));
        Assert.Equal(
            (10L, version + 10), ((await world.FindAsync("beat")).Fired, (await world.FindAsync("beat")).Version));

        // One of the old version that starts again during the roll-out brings its own back, and a start of the new one
        // the new.
        world.Start(Beat("old")).Stop();
        Assert.Equal(
            ("old", ScheduleState.Paused),
            ((await world.FindAsync("beat")).Job.Name, (await StateAsync(world, "added")).State));
        world.Start(lovage => Beat("new")(lovage.AddSchedule("added", Cron.Parse("@daily"), Job.Create("report"))));
        Assert.Equal(
            ("new", ScheduleState.Active),
            ((await world.FindAsync("beat")).Job.Name, (await StateAsync(world, "added")).State));
    }

    [Fact]
    public async Task Start_IdOfAnotherAppOrOfARunTimeSchedule_IsRefusedAndTheRestWorks()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat(), app: "billing").Stop();
        await world.Node().Client.AddAsync("mine", Every.Minutes(1), Job.Create("byhand"), cancellationToken: Cancel);

        var node = world.Start(
            lovage => Other()(Beat("new")(lovage).AddSchedule("mine", Every.Minutes(1), Job.Create("code"))));

        Assert.Equal(
            ("billing", "report"), ((await world.FindAsync("beat")).App, (await world.FindAsync("beat")).Job.Name));
        Assert.Equal((null, "byhand"), ((await world.FindAsync("mine")).App, (await world.FindAsync("mine")).Job.Name));
        Assert.Equal("shop", (await world.FindAsync("other")).App);
        Assert.Equal(
            [
                "Schedule beat of this app's code is not used: it belongs to 'billing', which defines it otherwise. "
                    + "Choose "
                    + "another id. If 'shop' is the new name of 'billing', set Lovage:App to the old name, or remove "
                    + "the "
                    + "schedule once.",
                "Schedule mine of this app's code is not used: one of this id was added at run time. Remove that one, "
                    + "or choose another id.",
            ],
            node.Logged(Refused));
    }
}

using Lovage.Generated;
using Lovage.Storage;
using Lovage.Tests.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Hosting;

public sealed partial class ScheduleSyncTests
{
    [Fact]
    public async Task Start_CatalogSharedByTwoApps_IsOneScheduleForBoth()
    {
        await using var world = new ScheduleWorld();
        var web = world.Start(Shared("report"), app: "Shop.Web");
        var worker = world.Start(Shared("report"), app: "Shop.Worker");
        world.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(("Shop.Jobs", 2L), ((await world.FindAsync("beat")).App, (await world.FindAsync("beat")).Fired));
        Assert.Empty(web.Logged(Refused).Concat(worker.Logged(Refused)));
        Assert.Empty(worker.Logged(Synced));

        // Either of them brings a new version, and either finds a schedule whose code is gone.
        worker.Stop();
        var next = world.Start(Shared("new"), app: "Shop.Worker");
        Assert.Equal("new", (await world.FindAsync("beat")).Job.Name);
        next.Stop();
        world.Start(static lovage => lovage.AddJobs(new JobCatalog([]) { Name = "Shop.Jobs" }), app: "Shop.Web");
        Assert.Equal(
            (ScheduleState.Paused,
                "Its code is gone: 'Shop.Jobs' no longer defines it. Remove it, or resume it to keep it without code."),
            await StateAsync(world, "beat"));
    }

    [Fact]
    public async Task Start_SameDefinitionFromAnotherApp_IsSilentAndChangesNothing()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat(), app: "Shop.Web");
        var before = await world.FindAsync("beat");

        var worker = world.Start(Beat(), app: "Shop.Worker");

        Assert.Equal(before, await world.FindAsync("beat"));
        Assert.Empty(worker.Logged(Refused).Concat(worker.Logged(Synced)));
    }

    [Fact]
    public async Task Start_CodeGoneFromOneAppAndAddedToAnother_MovesToIt()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat(), app: "Shop.Web").Stop();
        world.Start(Other(), app: "Shop.Web").Stop();

        world.Start(Beat("new"), app: "Shop.Worker").Stop();

        Assert.Equal((ScheduleState.Active, null), await StateAsync(world, "beat"));
        Assert.Equal(
            ("Shop.Worker", "new"), ((await world.FindAsync("beat")).App, (await world.FindAsync("beat")).Job.Name));
    }

    [Fact]
    public async Task Start_RenamedAppWithItsOldNameSet_KeepsItsSchedules()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat(), app: "Shop").Stop();

        var renamed = world.Node(Beat("new"), "Store", hears: true, ("Lovage:App", "Shop"));
        renamed.Start();

        Assert.Equal(("Shop", "new"), ((await world.FindAsync("beat")).App, (await world.FindAsync("beat")).Job.Name));
        Assert.Empty(renamed.Logged(Refused));
    }

    [Fact]
    public async Task Start_OneDefinitionCannotBeUsed_TheOthersAre()
    {
        await using var world = new ScheduleWorld();

        var node = world.Start(
            lovage => Beat()(lovage.AddJobs().AddSchedule("bad", Every.Minutes(1), Job.Create("basket.order", 5))));
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Contains("basket", Assert.Single(node.Logged(Refused)), StringComparison.Ordinal);
        Assert.Single(await world.HistoryAsync("beat"));
        Assert.Null(await world.Store.FindAsync("bad", Cancel));
    }

    [Fact]
    public async Task Start_StorageFailsAtFirst_ComparesAgainUntilItAnswers()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node(Beat());
        node.Cut();
        node.Start();
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(0, await world.Store.CountAsync(Cancel));

        node.Storage.Before = null;
        world.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ScheduleState.Active, (await StateAsync(world, "beat")).State);
    }

    [Fact]
    public async Task Start_ManySchedulesGone_PausesAllOfThem()
    {
        await using var world = new ScheduleWorld();
        for (var i = 0; i < 1_100; i++)
        {
            await world.SaveAsync(
                $"gone-{i:0000}",
                Cron.Parse("@daily"),
                change: static record => record with { App = "shop", CodeDigest = "x" });
        }

        world.Start(Beat());

        Assert.All(
            await world.Store.ListAsync("gone", 1_000, Cancel),
            static record => Assert.Equal(ScheduleState.Paused, record.State));
        Assert.Equal(ScheduleState.Paused, (await world.FindAsync("gone-1099")).State);
        Assert.Equal(ScheduleState.Active, (await world.FindAsync("beat")).State);
    }

    [Fact]
    public async Task ScheduleSet_SameIdTwiceInTheCode_IsRefused()
    {
        await using var world = new ScheduleWorld();

        var refused = Assert.Throws<ScheduleException>(() => world.Node(lovage => Beat()(Beat("other")(lovage))));

        Assert.Equal(
            ("beat", "Schedule 'beat': the code defines it twice. Give one of them another id."),
            (refused.Id, refused.Message));
    }

    [Fact]
    public async Task Check_StorageWithoutSchedules_IsRefusedWhenTheCodeHasOne()
    {
        await using var world = new ScheduleWorld();
        var (some, none) = (world.Node(Beat()), world.Node());
        some.Storage.HasSchedules = none.Storage.HasSchedules = false;

        Assert.Contains(
            "keeps no schedules",
            Assert.Throws<StorageException>(() => some.Services.GetRequiredService<ScheduleSet>().Check()).Message,
            StringComparison.Ordinal);
        none.Services.GetRequiredService<ScheduleSet>().Check();
        none.Start();
    }

    private static Func<LovageBuilder, LovageBuilder> Definition(string id, string job) =>
        lovage => lovage.AddSchedule(
            id,
            Every.Minutes(1),
            Job.Create(job),
            static schedule => (schedule.Overlap, schedule.OverlapMax) = (OverlapRule.Allow, 1_000));

    /// <summary>A library's catalog as the generator writes it, with one schedule.</summary>
    private static Func<LovageBuilder, LovageBuilder> Shared(string job) => lovage => lovage.AddJobs(new JobCatalog([])
    {
        Name = "Shop.Jobs",
        Schedules = [new JobSchedule("beat", "* * * * *", "UTC", Job.Create(job))
        {
            Policy = new SchedulePolicy { Overlap = OverlapRule.Allow, OverlapMax = 1_000 },
        }],
    });

    private static Func<LovageBuilder, LovageBuilder> Other() => Definition("other", "report");

    private static Func<LovageBuilder, LovageBuilder> Beat(string job = "report") => Definition("beat", job);

    private static async Task<(ScheduleState State, string? Reason)> StateAsync(ScheduleWorld world, string id)
    {
        var record = await world.FindAsync(id);
        return (record.State, record.Reason);
    }
}

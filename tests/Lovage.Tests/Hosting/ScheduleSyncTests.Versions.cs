using System.Reflection;
using System.Reflection.Emit;
using Lovage.Generated;
using Lovage.Tests.Scheduling;

namespace Lovage.Tests.Hosting;

public sealed partial class ScheduleSyncTests
{
    private const int LeftToNewer = 5015;

    [Theory]
    [InlineData("find")]
    [InlineData("save")]
    public async Task Start_NewerNodeStartsInBetween_ItsDefinitionStays(string call)
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat("first")).Stop();
        var old = Version(world, "1", Beat("old"));
        var young = Version(world, "2", Beat("new"));
        old.Storage.Before = made =>
        {
            if (made == call)
            {
                old.Storage.Before = null;
                young.Start();
            }
        };

        old.Start();

        var stored = await world.FindAsync("beat");
        Assert.Equal(("new", "2"), (stored.Job.Name, stored.CodeVersion));
        Assert.Single(old.Logged(LeftToNewer));
        Assert.Empty(old.Logged(Synced));
    }

    [Fact]
    public async Task Start_CatalogOfAnOlderAssembly_LeavesThatCatalogAloneAndTheRestWorks()
    {
        await using var world = new ScheduleWorld();
        world.Start(Library("new", "2.1.0"), app: "Shop.Web").Stop();

        var worker = world.Start(lovage => Other()(Library("old", "2.0.0")(lovage)), app: "Shop.Worker");

        Assert.Equal(
            ("new", "2.1.0"), ((await world.FindAsync("beat")).Job.Name, (await world.FindAsync("beat")).CodeVersion));
        Assert.Equal("Shop.Worker", (await world.FindAsync("other")).App);
        Assert.Contains("'Shop.Jobs'", Assert.Single(worker.Logged(LeftToNewer)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SettingForTheVersion_HoldsForCatalogsToo()
    {
        await using var world = new ScheduleWorld();
        world.Start(Library("new", "2.1.0"), app: "Shop.Web").Stop();

        Version(world, "3", Library("old", "2.0.0")).Start();

        Assert.Equal(
            ("old", "3"), ((await world.FindAsync("beat")).Job.Name, (await world.FindAsync("beat")).CodeVersion));
    }

    [Fact]
    public async Task Start_StoredVersionThatIsNone_CountsAsOlder()
    {
        await using var world = new ScheduleWorld();
        world.Start(Beat()).Stop();
        await world.Store.SaveAsync((await world.FindAsync("beat")) with { CodeVersion = "no version" }, Cancel);

        world.Start(Beat("new"));

        Assert.Equal("new", (await world.FindAsync("beat")).Job.Name);
    }

    private static ScheduleNode Version(
        ScheduleWorld world, string version, Func<LovageBuilder, LovageBuilder> set) =>
        world.Node(set, "shop", hears: true, ("Lovage:AppVersion", version));

    /// <summary>The catalog of a library whose assembly has this version, with one schedule.</summary>
    private static Func<LovageBuilder, LovageBuilder> Library(string job, string version) => lovage => lovage.AddJobs(
        new JobCatalog([])
        {
            Name = "Shop.Jobs",
            Assembly = AssemblyBuilder.DefineDynamicAssembly(
                new AssemblyName("Shop.Jobs"),
                AssemblyBuilderAccess.RunAndCollect,
                [
                    new CustomAttributeBuilder(
                        typeof(AssemblyInformationalVersionAttribute).GetConstructor([typeof(string)])!, [version]),
                ]),
            Schedules = [new JobSchedule("beat", "* * * * *", "UTC", Job.Create(job))],
        });
}

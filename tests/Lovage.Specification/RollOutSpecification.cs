using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Processes with two versions of an app's code start in any order while one replaces the other.</summary>
public abstract class RollOutSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Synced = 5007;
    private const int LeftToNewer = 5015;

    [Theory]
    [InlineData("112")]
    [InlineData("121")]
    [InlineData("122")]
    [InlineData("211")]
    [InlineData("212")]
    [InlineData("221")]
    public async Task Start_TwoVersionsInAnyOrder_TheNewerOnesDefinitionsStay(string order)
    {
        var hasNewStarted = false;
        ScheduleRecord[] before = [];
        foreach (var version in order)
        {
            var isOld = version == '1';
            await using var app = await StartAsync(isOld ? "1.9.0" : "1.10.0", isOld ? Old : New);
            hasNewStarted |= !isOld;
            var stored = await AllAsync();
            if (!hasNewStarted)
            {
                Assert.Equal(
                    [("changed", "old", true), ("removed", "old", true), ("same", "same", true)], Told(stored));
                Assert.Empty(app.Logged(LeftToNewer));
                continue;
            }

            Assert.Equal(
                [("added", "new", true), ("changed", "new", true), ("same", "same", true)],
                Told(stored.Where(static record => record.Id != "removed")));
            Assert.DoesNotContain(
                stored, static record => record.Id == "removed" && record.State != ScheduleState.Paused);
            if (isOld)
            {
                Assert.Equal(before, stored);
                Assert.Empty(app.Logged(Synced));
                Assert.Equal(
                    "Version 1.10.0 of 'shop' has stored schedules, and the version here is 1.9.0. This process leaves "
                        + "the schedules of 'shop' as they are. To bring the older ones back, start with "
                        + "Lovage:AppVersion above 1.10.0",
                    Assert.Single(app.Logged(LeftToNewer)));
            }

            before = stored;
        }
    }

    [Fact]
    public async Task Start_DefinitionOfTheNewestEqualsTheOldest_NoVersionBetweenChangesIt()
    {
        await StartAndStopAsync("1", static lovage => Add(lovage, "changed", "old"));
        await StartAndStopAsync("3", static lovage => Add(lovage, "changed", "old"));

        await StartAndStopAsync("2", static lovage => Add(lovage, "changed", "new"));

        Assert.Equal([("changed", "old", true)], Told(await AllAsync()));
    }

    [Fact]
    public async Task Start_OperatorsEdit_StaysWhenOnlyTheVersionIsNewer()
    {
        await using (var app = await StartAsync("1", static lovage => Add(lovage, "changed", "old")))
        {
            await app.Schedules.SetAsync(
                "changed", Every.Minutes(7), Job.Create("edited"), cancellationToken: Stop);
            await app.Schedules.PauseAsync("changed", "until Monday", Stop);
        }

        var before = await ScheduleAsync("changed");
        await StartAndStopAsync("2", static lovage => Add(lovage, "changed", "old"));

        var after = await ScheduleAsync("changed");
        Assert.Equal(
            before with { Job = after.Job, CodeVersion = "2", Version = after.Version }, after);
        Assert.Equal(("edited", "until Monday", true), (after.Job.Name, after.Reason, after.IsEdited));
    }

    [Fact]
    public async Task Start_OlderCodeWithAHigherVersionSet_BringsItsDefinitionsBack()
    {
        await StartAndStopAsync("1.9.0", Old);
        await StartAndStopAsync("1.10.0", New);

        await StartAndStopAsync("1.10.0.1", Old);

        Assert.Equal(
            [("added", "new", false), ("changed", "old", true), ("removed", "old", true), ("same", "same", true)],
            Told(await AllAsync()));
    }

    [Fact]
    public async Task Start_EqualVersions_TheLastStartWins()
    {
        await StartAndStopAsync("1.0.0", New);

        await StartAndStopAsync("1.0", Old);

        Assert.Equal(
            [("added", "new", false), ("changed", "old", true), ("removed", "old", true), ("same", "same", true)],
            Told(await AllAsync()));
    }

    private static void Old(LovageBuilder lovage)
    {
        Add(lovage, "same", "same");
        Add(lovage, "changed", "old");
        Add(lovage, "removed", "old");
    }

    private static void New(LovageBuilder lovage)
    {
        Add(lovage, "same", "same");
        Add(lovage, "changed", "new");
        Add(lovage, "added", "new");
    }

    private static void Add(LovageBuilder lovage, string id, string job) =>
        lovage.AddSchedule(id, Every.Hours(1), Job.Create(job));

    private static IEnumerable<(string Id, string Job, bool IsActive)> Told(IEnumerable<ScheduleRecord> stored) =>
        stored.Select(static record => (record.Id, record.Job.Name, record.State == ScheduleState.Active));

    private Task<ScheduleApp> StartAsync(string version, Action<LovageBuilder> configure) =>
        ScheduleApp.StartAsync(Storage, Time, version, configure);

    private async Task StartAndStopAsync(string version, Action<LovageBuilder> configure)
    {
        await using var app = await StartAsync(version, configure);
    }

    /// <summary>All schedules, without the bodies of their jobs, which no record compares.</summary>
    private async Task<ScheduleRecord[]> AllAsync() =>
        [.. (await Schedules.ListAsync(null, 100, Stop)).Select(
            static record => record with { Job = record.Job with { Body = default, Extra = default } })];
}

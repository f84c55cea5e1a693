using Lovage.Storage;
using Lovage.Tests.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

/// <summary>Schedules as a person or an app changes them while nodes run.</summary>
public sealed class ScheduleClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddAsync_New_IsStoredAsItWasSaid()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node().Client;
        var options = new ScheduleOptions
        {
            Misfire = MisfireRule.CatchUp,
            Grace = TimeSpan.FromMinutes(3),
            CatchUpMax = 4,
            Overlap = OverlapRule.Allow,
            OverlapMax = 5,
            Jitter = TimeSpan.FromSeconds(6),
        };

        var added = await client.AddAsync(
            "nightly",
            Cron.Parse("0 0 * * *", "Asia/Shanghai"),
            Job.Create("report", "north") with { Queue = "cpu" },
            options,
            Cancel);

        Assert.Equal(
            (
                "nightly",
                "report",
                "cpu",
                """[["north"],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]"""),
            (added.Id, added.JobName, added.Queue, added.Body));
        Assert.Equal(
            (Cron.Parse("0 0 * * *", "Asia/Shanghai"), "At 00:00 every day (Asia/Shanghai)"),
            (added.Trigger, added.Description));
        Assert.Equal((ScheduleState.Active, null, null, false), (added.State, added.Reason, added.App, added.IsEdited));
        Assert.Equal((world.Now.AddHours(16), null, world.Now), (added.NextTick, added.LastTick, added.CreatedAt));
        Assert.Equal(
            new SchedulePolicy
            {
                Misfire = MisfireRule.CatchUp,
                Grace = TimeSpan.FromMinutes(3),
                CatchUpMax = 4,
                Overlap = OverlapRule.Allow,
                OverlapMax = 5,
                Jitter = TimeSpan.FromSeconds(6),
            },
            added.Policy);
        Assert.Equal(added, await client.FindAsync("nightly", Cancel));
    }

    [Fact]
    public async Task AddAsync_Interval_CountsFromNow()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        world.Advance(TimeSpan.FromSeconds(13));

        var added = await node.Client.AddAsync(
            "beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(world.Now, added.NextTick);
        Assert.Equal(
            world.Now, Assert.Single(await node.Client.GetHistoryAsync("beat", cancellationToken: Cancel)).Tick);
    }

    [Fact]
    public async Task AddAsync_IdThatIsTaken_IsRefusedAndChangesNothing()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node().Client;
        var first = await client.AddAsync(
            "nightly", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);

        var refused = await Assert.ThrowsAsync<ScheduleException>(async () =>
            await client.AddAsync("nightly", Cron.Parse("@hourly"), Job.Create("other"), cancellationToken: Cancel));

        Assert.Equal(
            (
                "nightly",
                "Schedule 'nightly': there is one of this id already. Change it (SetAsync), or choose another id."),
            (refused.Id, refused.Message));
        Assert.Equal(first, await client.FindAsync("nightly", Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ü")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    [InlineData(
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            + "xxxxxxxxxxxxxxxxxxxx")]
    public async Task AnyCall_TextThatIsNoId_AddsNothingAndFindsNothing(string id)
    {
        await using var world = new ScheduleWorld();
        var client = world.Node().Client;

        await RefusedAsync(async () =>
            await client.AddAsync(id, Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel));
        await RefusedAsync(async () =>
            await client.SetAsync(id, Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel));
        Assert.Equal(0, await world.Store.CountAsync(Cancel));

        // An endpoint may hand on what its caller wrote: such a text names no schedule.
        await UnknownAsync(async () => await client.PauseAsync(id, "why", Cancel));
        await UnknownAsync(async () => await client.ResumeAsync(id, Cancel));
        await UnknownAsync(async () => await client.RunNowAsync(id, Cancel));
        await UnknownAsync(async () => await client.NextTicksAsync(id, 1, Cancel));
        Assert.Null(await client.FindAsync(id, Cancel));
        Assert.False(await client.RemoveAsync(id, Cancel));
        Assert.Empty(await client.GetHistoryAsync(id, cancellationToken: Cancel));

        static async Task UnknownAsync(Func<Task> call) =>
            Assert.True((await Assert.ThrowsAsync<ScheduleException>(call)).IsMissing);

        static async Task RefusedAsync(Func<Task> call) =>
            Assert.Contains(
                "is no id of a schedule",
                (await Assert.ThrowsAsync<ArgumentException>(call)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyCall_UnknownId_SaysSo()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node().Client;

        await UnknownAsync(async () => await client.PauseAsync("nightly", "why", Cancel));
        await UnknownAsync(async () => await client.ResumeAsync("nightly", Cancel));
        await UnknownAsync(async () => await client.RunNowAsync("nightly", Cancel));
        await UnknownAsync(async () => await client.NextTicksAsync("nightly", 1, Cancel));
        Assert.Null(await client.FindAsync("nightly", Cancel));
        Assert.False(await client.RemoveAsync("nightly", Cancel));
        Assert.Empty(await client.GetHistoryAsync("nightly", cancellationToken: Cancel));
        Assert.Empty(await client.ListAsync(cancellationToken: Cancel));

        static async Task UnknownAsync(Func<Task> call)
        {
            var missing = await Assert.ThrowsAsync<ScheduleException>(call);
            Assert.Equal(
                ("Schedule 'nightly': there is none of this id.", true), (missing.Message, missing.IsMissing));
        }
    }

    [Fact]
    public async Task AddAsync_WhatCannotBe_IsRefusedAndNothingIsStored()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node(static lovage => lovage.AddJobs()).Client;
        var daily = Cron.Parse("@daily");
        var job = Job.Create("report");

        Assert.Contains(
            "would never fire",
            (await ThrowsAsync<TriggerException>(Once.At(world.Now), job)).Message,
            StringComparison.Ordinal);
        await ThrowsAsync<TriggerException>(daily with { End = world.Now }, job);
        await ThrowsAsync<ArgumentException>(daily, job with { At = world.Now.AddDays(1) });
        await ThrowsAsync<ArgumentException>(daily, job with { Delay = TimeSpan.FromSeconds(1) });
        await ThrowsAsync<ArgumentException>(daily, job with { Id = JobId.Parse("mine") });
        Assert.Contains(
            "for every node",
            (await ThrowsAsync<ArgumentException>(daily, job, new ScheduleOptions
            {
                Target = ScheduleTarget.EveryNode,
            })).Message,
            StringComparison.Ordinal);
        await ThrowsAsync<ArgumentOutOfRangeException>(daily, job, new ScheduleOptions { CatchUpMax = 0 });
        await ThrowsAsync<ArgumentOutOfRangeException>(daily, job, new ScheduleOptions { CatchUpMax = 1_001 });
        await ThrowsAsync<ArgumentOutOfRangeException>(daily, job, new ScheduleOptions { OverlapMax = 0 });
        await ThrowsAsync<ArgumentOutOfRangeException>(
            daily, job, new ScheduleOptions { Grace = TimeSpan.FromTicks(-1) });
        await ThrowsAsync<ArgumentOutOfRangeException>(
            daily, job, new ScheduleOptions { Jitter = TimeSpan.FromDays(1) + TimeSpan.FromTicks(1) });
        await ThrowsAsync<ArgumentOutOfRangeException>(daily, job, new ScheduleOptions { Misfire = (MisfireRule)3 });
        await ThrowsAsync<ArgumentOutOfRangeException>(daily, job, new ScheduleOptions { Overlap = (OverlapRule)3 });
        Assert.Equal(
            "basket", (await ThrowsAsync<BadArgumentsException>(daily, Job.Create("basket.order", 5))).Parameter);
        await ThrowsAsync<PayloadTooLargeException>(daily, Job.Create("report", new string('x', 300_000)));
        await ThrowsAsync<ArgumentNullException>(null!, job);
        await ThrowsAsync<ArgumentNullException>(daily, null!);
        Assert.Equal(0, await world.Store.CountAsync(Cancel));

        async Task<T> ThrowsAsync<T>(Trigger trigger, Job given, ScheduleOptions? options = null)
            where T : Exception
        {
            await Assert.ThrowsAsync<T>(async () => await client.SetAsync("nightly", trigger, given, options, Cancel));
            return await Assert.ThrowsAsync<T>(
                async () => await client.AddAsync("nightly", trigger, given, options, Cancel));
        }
    }

    [Fact]
    public async Task AddAsync_JobUnknownHere_IsTakenForAnotherProcess()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();

        await node.Client.AddAsync(
            "python", Every.Seconds(1), Job.Create("tasks.add", 2, 3), cancellationToken: Cancel);
        world.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(
            "tasks.add",
            Assert.Single((await world.Storage.History!.QueryAsync(new JobQuery(), Cancel)).Jobs).Message.Name);
    }

    [Fact]
    public async Task AddAsync_AtTheLimit_IsRefusedAndNamesTheSetting()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node(settings: ("Lovage:Limits:SchedulesMax", "2")).Client;
        await client.AddAsync("a", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);
        await client.SetAsync("b", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);

        var refused = await Assert.ThrowsAsync<ScheduleException>(async () =>
            await client.AddAsync("c", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel));
        Assert.Contains("Lovage:Limits:SchedulesMax", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ScheduleException>(async () =>
            await client.SetAsync("c", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel));
        Assert.Equal(
            "other",
            (await client.SetAsync("a", Cron.Parse("@daily"), Job.Create("other"), cancellationToken: Cancel)).JobName);
        Assert.True(await client.RemoveAsync("a", Cancel));
        await client.AddAsync("c", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);
        Assert.Equal(
            ["b", "c"], (await client.ListAsync(cancellationToken: Cancel)).Select(static schedule => schedule.Id));
    }

    [Fact]
    public async Task SetAsync_Known_ChangesWhatItSaysAndKeepsWhatHasHappened()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.SetAsync(
            "beat",
            Every.Minutes(1),
            Job.Create("report"),
            new ScheduleOptions { Overlap = OverlapRule.Allow },
            Cancel);
        world.Advance(TimeSpan.FromMinutes(3.5));
        var before = await world.FindAsync("beat");

        var changed = await node.Client.SetAsync("beat", Every.Minutes(10), Job.Create("other", 1), null, Cancel);

        Assert.Equal(
            ("other", new SchedulePolicy(), world.Now.AddMinutes(10)),
            (changed.JobName, changed.Policy, changed.NextTick));
        Assert.Equal(
            (3L, before.LastTick, before.CreatedAt, false),
            (changed.Fired, changed.LastTick, changed.CreatedAt, changed.IsEdited));
        world.Advance(TimeSpan.FromMinutes(10));

        // The jobs of the ticks before have not ended, and the new rule looks at them too.
        Assert.Equal(
            [TickStatus.Fired, TickStatus.Fired, TickStatus.Fired, TickStatus.Skipped],
            (await world.HistoryAsync("beat")).Select(static tick => tick.Status));
    }

    [Fact]
    public async Task SetAsync_Paused_StaysPausedWithItsReason()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.AddAsync("beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        await node.Client.PauseAsync("beat", "the printer is broken", Cancel);

        var changed = await node.Client.SetAsync("beat", Every.Seconds(1), Job.Create("report"), null, Cancel);
        world.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(
            (ScheduleState.Paused, "the printer is broken", null), (changed.State, changed.Reason, changed.NextTick));
        Assert.Empty(await world.HistoryAsync("beat"));
    }

    [Fact]
    public async Task SetAsync_SameTriggerWhileATickIsDue_DoesNotLoseTheTick()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        var added = await node.Client.AddAsync(
            "nightly", Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);
        world.Advance(TimeSpan.FromHours(24.5));

        var same = await node.Client.SetAsync("nightly", Cron.Parse("@daily"), Job.Create("other"), null, Cancel);
        var another = await node.Client.SetAsync("nightly", Cron.Parse("@hourly"), Job.Create("other"), null, Cancel);

        Assert.Equal(added.NextTick, same.NextTick);
        Assert.True(same.NextTick < world.Now);
        Assert.Equal(world.Now.AddHours(0.5), another.NextTick);
    }

    [Fact]
    public async Task NextTicksAsync_AnyState_AreThoseToComeWereItNotPaused()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.AddAsync(
            "hour",
            Cron.Parse("@hourly") with { End = world.Now.AddHours(4) },
            Job.Create("report"),
            cancellationToken: Cancel);
        world.Advance(TimeSpan.FromHours(1));
        await node.Client.PauseAsync("hour", "holiday", Cancel);

        Assert.Equal(
            [world.Now.AddHours(1), world.Now.AddHours(2)], await node.Client.NextTicksAsync("hour", 1_000, Cancel));
        Assert.Equal([world.Now.AddHours(1)], await node.Client.NextTicksAsync("hour", 1, Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await node.Client.NextTicksAsync("hour", 0, Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await node.Client.NextTicksAsync("hour", 1_001, Cancel));
    }

    [Fact]
    public async Task ListAsync_Pages_ShowAllInTheOrderOfTheirIds()
    {
        await using var world = new ScheduleWorld();
        var client = world.Node().Client;
        foreach (var id in new[] { "b", "a:2", "C", "a", "z.9" })
        {
            await client.AddAsync(id, Cron.Parse("@daily"), Job.Create("report"), cancellationToken: Cancel);
        }

        var first = await client.ListAsync(null, 2, Cancel);
        var second = await client.ListAsync(first[^1].Id, 2, Cancel);
        var third = await client.ListAsync(second[^1].Id, 2, Cancel);

        Assert.Equal(
            ["C", "a", "a:2", "b", "z.9"], first.Concat(second).Concat(third).Select(static schedule => schedule.Id));
        Assert.Empty(await client.ListAsync("z.9", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.ListAsync(null, 0, Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await client.ListAsync(null, 1_001, Cancel));
    }

    [Fact]
    public async Task GetHistoryAsync_Limit_GivesTheNewestFirst()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.AddAsync(
            "beat",
            Every.Minutes(1),
            Job.Create("report"),
            new ScheduleOptions { Overlap = OverlapRule.Allow, OverlapMax = 2 },
            Cancel);
        world.Advance(TimeSpan.FromMinutes(4));

        var newest = await node.Client.GetHistoryAsync("beat", 3, Cancel);

        Assert.Equal([
            (world.Now.AddMinutes(-1), TickStatus.Skipped, 2L),
            (world.Now.AddMinutes(-2), TickStatus.Fired, 1L),
            (world.Now.AddMinutes(-3), TickStatus.Fired, 1L),
        ], newest.Select(static tick => (tick.Tick, tick.Status, tick.Count)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await node.Client.GetHistoryAsync("beat", 1_001, Cancel));
    }

    [Fact]
    public async Task AnyCall_StorageWithoutSchedules_IsRefusedForGood()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        node.Storage.HasSchedules = false;

        var refused = await Assert.ThrowsAsync<StorageException>(async () =>
            await node.Client.AddAsync("beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel));

        Assert.False(refused.IsTransient);
        Assert.Contains("keeps no schedules", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageException>(async () => await node.Client.ListAsync(cancellationToken: Cancel));
    }
}

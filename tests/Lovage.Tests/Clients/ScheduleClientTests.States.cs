using Lovage.Storage;
using Lovage.Tests.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

public sealed partial class ScheduleClientTests
{
    [Fact]
    public async Task ResumeAsync_AfterAPause_DoesNotMakeUpForItsTicks()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        await node.Client.AddAsync(
            "beat",
            Every.Minutes(1),
            Job.Create("report"),
            new ScheduleOptions { Misfire = MisfireRule.CatchUp, Overlap = OverlapRule.Allow },
            Cancel);
        world.Advance(TimeSpan.FromMinutes(2.5));

        var paused = await node.Client.PauseAsync("beat", "holiday", Cancel);
        world.Advance(TimeSpan.FromMinutes(10));
        var again = await node.Client.PauseAsync("beat", "still holiday", Cancel);
        var resumed = await node.Client.ResumeAsync("beat", Cancel);
        world.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(
            (ScheduleState.Paused, "holiday", null, "still holiday"),
            (paused.State, paused.Reason, paused.NextTick, again.Reason));
        Assert.Equal(
            (ScheduleState.Active, null, world.Now.AddMinutes(-1.5)),
            (resumed.State, resumed.Reason, resumed.NextTick));
        Assert.Equal(
            [1, 2, 13, 14],
            (await world.HistoryAsync("beat")).Select(tick => Math.Round((tick.Tick - world.Now).TotalMinutes + 14.5)));
        Assert.Equal((4L, 0L), ((await world.FindAsync("beat")).Fired, (await world.FindAsync("beat")).Missed));
    }

    [Fact]
    public async Task ResumeAsync_NothingToResume_ChangesNothingOrSaysWhy()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();
        var active = await node.Client.AddAsync(
            "beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        await node.Client.AddAsync(
            "once", Once.At(world.Now.AddSeconds(1)), Job.Create("report"), cancellationToken: Cancel);
        await world.SaveAsync(
            "mars",
            Cron.Parse("@daily"),
            change: static record => record with
            {
                Trigger = """{"cron":"@daily","zone":"Mars/Olympus"}""",
                State = ScheduleState.Paused,
                Reason = "why",
            });
        world.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(active, await node.Client.ResumeAsync("beat", Cancel));
        Assert.Contains(
            "no tick after",
            (await Assert.ThrowsAsync<TriggerException>(async () =>
                await node.Client.ResumeAsync("once", Cancel))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "Mars/Olympus",
            (await Assert.ThrowsAsync<TriggerException>(async () =>
                await node.Client.ResumeAsync("mars", Cancel))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<TriggerException>(async () => await node.Client.NextTicksAsync("mars", 1, Cancel));
        Assert.Equal(ScheduleState.Ended, (await world.FindAsync("once")).State);
        var mars = await node.Client.FindAsync("mars", Cancel);
        Assert.Equal(
            (null, ScheduleState.Paused, """{"cron":"@daily","zone":"Mars/Olympus"}"""),
            (mars!.Trigger, mars.State, mars.TriggerJson));
        Assert.StartsWith("(cannot be computed here:", mars.Description, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Client.PauseAsync("beat", "", Cancel));
    }

    [Fact]
    public async Task RunNowAsync_InWhateverState_EnqueuesAndLeavesTheTicksAlone()
    {
        await using var world = new ScheduleWorld();
        var node = world.Node();
        await node.Client.AddAsync(
            "beat",
            Every.Minutes(1),
            Job.Create("report", "north") with { Expires = TimeSpan.FromMinutes(5), Queue = "cpu" },
            cancellationToken: Cancel);
        await node.Client.PauseAsync("beat", "holiday", Cancel);
        var before = await world.FindAsync("beat");
        world.Advance(TimeSpan.FromSeconds(10));

        var first = await node.Client.RunNowAsync("beat", Cancel);
        var second = await node.Client.RunNowAsync("beat", Cancel);

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(JobState.Queued, (await first.GetStatusAsync(Cancel)).State);
        var job = (await world.Storage.Store.FindAsync([first.Id], Cancel))[0]!.Message;
        Assert.Equal(
            ("report", "cpu", world.Now.AddMinutes(5), false), (job.Name, job.Queue, job.Expires, job.HasChosenId));
        Assert.Equal(
            [TickStatus.Manual, TickStatus.Manual],
            (await node.Client.GetHistoryAsync("beat", cancellationToken: Cancel)).Select(static tick => tick.Status));
        Assert.Equal(before, await world.FindAsync("beat"));
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
            (world.Now, TickStatus.Skipped),
            (world.Now.AddMinutes(-1), TickStatus.Skipped),
            (world.Now.AddMinutes(-2), TickStatus.Fired),
        ], newest.Select(static tick => (tick.Tick, tick.Status)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await node.Client.GetHistoryAsync("beat", 1_001, Cancel));
    }

    [Fact]
    public async Task SetAsync_AnotherEditorComesBetween_BothChangesStand()
    {
        await using var world = new ScheduleWorld();
        var (one, other) = (world.Node(), world.Node());
        await one.Client.AddAsync("beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        var between = Between(one, () => other.Client.PauseAsync("beat", "holiday", Cancel));

        var set = await one.Client.SetAsync("beat", Every.Minutes(5), Job.Create("other"), null, Cancel);

        Assert.True(between());
        Assert.Equal((ScheduleState.Paused, "holiday", "other"), (set.State, set.Reason, set.JobName));
        Assert.Equal(TimeSpan.FromMinutes(5), Assert.IsType<IntervalTrigger>(set.Trigger).Period);
    }

    [Fact]
    public async Task AddAsync_TwoAtOnce_OneIsRefused()
    {
        await using var world = new ScheduleWorld();
        var (one, other) = (world.Node(), world.Node());
        var between = Between(
            one,
            () => other.Client.AddAsync("beat", Every.Minutes(1), Job.Create("theirs"), cancellationToken: Cancel));

        await Assert.ThrowsAsync<ScheduleException>(async () =>
            await one.Client.AddAsync("beat", Every.Minutes(1), Job.Create("ours"), cancellationToken: Cancel));

        Assert.True(between());
        Assert.Equal("theirs", (await world.FindAsync("beat")).Job.Name);
    }

    [Fact]
    public async Task PauseAsync_RemovedMeanwhile_SaysSo()
    {
        await using var world = new ScheduleWorld();
        var (one, other) = (world.Node(), world.Node());
        await one.Client.AddAsync("beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        var between = Between(one, () => other.Client.RemoveAsync("beat", Cancel));

        await Assert.ThrowsAsync<ScheduleException>(async () => await one.Client.PauseAsync("beat", "holiday", Cancel));

        Assert.True(between());
        Assert.Null(await one.Client.FindAsync("beat", Cancel));
    }

    [Fact]
    public async Task AnyEdit_ChangedByOthersEachTime_GivesUpWithAnError()
    {
        await using var world = new ScheduleWorld();
        var (one, other) = (world.Node(), world.Node());
        await one.Client.AddAsync("beat", Every.Minutes(1), Job.Create("report"), cancellationToken: Cancel);
        var edits = 0;
        one.Storage.Before = call =>
        {
            if (call == "save")
            {
                Now(other.Client.PauseAsync("beat", $"reason {++edits}", Cancel));
            }
        };

        Assert.Contains(
            "changed by others 20 times",
            (await Assert.ThrowsAsync<ScheduleException>(async () =>
                await one.Client.ResumeAsync("beat", Cancel))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "changed by others 20 times",
            (await Assert.ThrowsAsync<ScheduleException>(async () =>
                await one.Client.SetAsync("beat", Every.Minutes(2), Job.Create("x"), null, Cancel))).Message,
            StringComparison.Ordinal);

        Assert.Equal(
            (40, "reason 40", "report"),
            (edits, (await world.FindAsync("beat")).Reason, (await world.FindAsync("beat")).Job.Name));
    }

    [Fact]
    public async Task SetAsync_TickFiresMeanwhile_NeitherIsLostNorDoubled()
    {
        await using var world = new ScheduleWorld();
        var editor = world.Node();
        await editor.Client.AddAsync("beat", Cron.Parse("* * * * *"), Job.Create("report"), cancellationToken: Cancel);
        world.Advance(TimeSpan.FromMinutes(1));
        var between = Between(editor, () =>
        {
            world.Start();
            return ValueTask.FromResult(true);
        });

        var set = await editor.Client.SetAsync(
            "beat",
            Cron.Parse("*/30 * * * * *"),
            Job.Create("other"),
            new ScheduleOptions { Overlap = OverlapRule.Allow },
            Cancel);
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.True(between());
        Assert.Equal((1L, world.Now.AddSeconds(-30)), (set.Fired, set.NextTick));
        Assert.Equal(
            [60, 30, 0], (await world.HistoryAsync("beat")).Select(tick => (world.Now - tick.Tick).TotalSeconds));
        Assert.Equal([("other", 2L), ("report", 1L)], (await world.Storage.Store.CountersAsync(Cancel))
            .OrderBy(static counter => counter.Name)
            .Select(static counter => (counter.Name, counter.Enqueued)));
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

    /// <summary>Does something once, before the node's next write; the answer says whether it has been done.</summary>
    private static Func<bool> Between<T>(ScheduleNode node, Func<ValueTask<T>> act)
    {
        var isDone = false;
        node.Storage.Before = call =>
        {
            if (call == "save" && !isDone)
            {
                isDone = true;
                Now(act());
            }
        };
        return () => isDone;
    }

    private static void Now<T>(ValueTask<T> call)
    {
        Assert.True(call.IsCompletedSuccessfully, "the memory storage answers at once");
        _ = call.Result;
    }
}

using Lovage.Storage;
using Lovage.Tests.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

/// <summary>Schedules that several editors and nodes change at the same time.</summary>
public sealed class ScheduleClientRaceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        Assert.Equal([("other", 2L), ("report", 1L)], (await world.Storage.History!.CountersAsync(Cancel))
            .OrderBy(static counter => counter.Name)
            .Select(static counter => (counter.Name, counter.Enqueued)));
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

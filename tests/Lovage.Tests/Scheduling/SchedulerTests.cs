using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>Which node polls, when, and what happens when one does not: nodes over one memory storage.</summary>
public sealed class SchedulerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Step_Ticks_FireAtTheirInstants()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("seven", Every.Seconds(7), ScheduleWorld.Always);
        await world.SaveAsync("cron", Cron.Parse("*/5 * * * * *"), ScheduleWorld.Always);
        await world.SaveAsync("once", Once.At(world.Now.AddSeconds(31.5)));
        var node = world.Start();

        world.Advance(60 * Second);

        Assert.Equal([7, 14, 21, 28, 35, 42, 49, 56], await SecondsAsync(world, "seven"));
        Assert.Equal([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60], await SecondsAsync(world, "cron"));
        Assert.Equal([31.5], await SecondsAsync(world, "once"));
        foreach (var id in new[] { "seven", "cron", "once" })
        {
            Assert.All(
                await world.HistoryAsync(id),
                static tick => Assert.Equal((TickStatus.Fired, tick.Tick), (tick.Status, tick.RecordedAt)));
        }

        Assert.Equal(
            (ScheduleState.Ended, null),
            ((await world.FindAsync("once")).State, (await world.FindAsync("once")).NextTick));
        // One instant is due for two of them.
        Assert.Equal(20, node.Storage.Count("record"));
        Assert.InRange(node.Storage.Count("due"), 40, 52);
    }

    [Fact]
    public async Task Step_Firing_HasASpanWhoseContextItsJobCarries()
    {
        using var spans = new SpanList(static name => name == "fire traced");
        await using var world = new ScheduleWorld();
        await world.SaveAsync("traced", Every.Seconds(7), ScheduleWorld.Always);
        world.Start();

        world.Advance(8 * Second);

        var span = Assert.Single(spans.All);
        Assert.Equal((ActivityKind.Internal, default), (span.Kind, span.ParentSpanId));
        Assert.Equal(
            ("traced", "report"), (span.GetTagItem("lovage.schedule.name"), span.GetTagItem("lovage.job.name")));
        var id = Assert.Single(await world.HistoryAsync("traced")).JobId!.Value;
        var job = (await world.Storage.History!.FindAsync([id], TestContext.Current.CancellationToken))[0]!;
        Assert.Equal(
            (span.Id, "traced"),
            (job.Message.Headers["traceparent"], job.Message.Headers[ScheduleHeaders.Schedule]));
    }

    [Fact]
    public async Task RunNowAsync_InsideATrace_TakesItAlong()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("by.hand", Every.Seconds(7), ScheduleWorld.Always);
        using var caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();

        var handle = await world.Node().Client.RunNowAsync("by.hand", TestContext.Current.CancellationToken);

        var job = (await world.Storage.History!.FindAsync([handle.Id], TestContext.Current.CancellationToken))[0]!;
        Assert.Equal(caller.Id, job.Message.Headers["traceparent"]);
    }

    [Fact]
    public async Task Step_NothingToDo_LooksEachFiveSeconds()
    {
        await using var world = new ScheduleWorld();
        var node = world.Start();

        world.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(
            (121, 0, 0), (node.Storage.Count("due"), node.Storage.Count("lead"), node.Storage.Count("record")));
    }

    [Fact]
    public async Task Step_TwoNodes_OnlyTheLeaderFires()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1), ScheduleWorld.Always);
        var first = world.Start();
        var second = world.Start();

        world.Advance(60 * Second);

        Assert.Equal(
            Enumerable.Range(1, 60).Select(static place => (double)place), await SecondsAsync(world, "second"));
        Assert.All(await world.HistoryAsync("second"), static tick => Assert.Equal(tick.Tick, tick.RecordedAt));
        Assert.Equal((60, 0), (first.Storage.Count("record"), second.Storage.Count("record")));
        Assert.InRange(second.Storage.Count("due"), 30, 125);
    }

    [Fact]
    public async Task Step_LeaderIsCutOff_AnotherFiresWhatIsOverdueAndLeadsLater()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1), ScheduleWorld.Always);
        var first = world.Start();
        var second = world.Start(hears: false);
        world.Advance(10 * Second);

        first.Cut();
        world.Advance(50 * Second);

        Assert.Equal(
            Enumerable.Range(1, 60).Select(static place => (double)place), await SecondsAsync(world, "second"));
        var late = (await world.HistoryAsync("second")).Select(static tick => tick.RecordedAt - tick.Tick).ToList();
        Assert.All(late[..10], static span => Assert.Equal(TimeSpan.Zero, span));
        Assert.InRange(late[10], Second, 1.25 * Second);
        Assert.All(late, static span => Assert.InRange(span, TimeSpan.Zero, 1.5 * Second));
        Assert.All(late[^35..], static span => Assert.Equal(TimeSpan.Zero, span));
        Assert.InRange(second.Storage.Count("record"), 35, 50);
    }

    [Fact]
    public async Task Stop_Leader_LetsAnotherLeadWithoutAGap()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1), ScheduleWorld.Always);
        var first = world.Start();
        var second = world.Start();
        world.Advance(10.5 * Second);

        first.Stop();
        world.Advance(20 * Second);

        Assert.Equal(1, first.Storage.Count("resign"));
        Assert.Equal((10, 20), (first.Storage.Count("record"), second.Storage.Count("record")));
        Assert.All(await world.HistoryAsync("second"), static tick => Assert.Equal(tick.Tick, tick.RecordedAt));
        var calls = first.Storage.Calls.Count;
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(calls, first.Storage.Calls.Count);
    }

    [Fact]
    public async Task Stop_StorageGone_EndsAllTheSame()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1));
        var node = world.Start();
        world.Advance(5 * Second);

        node.Cut();
        node.Stop();

        Assert.Contains(node.Log.Of(5006), static line => line.Error is StorageException);
    }

    [Theory]
    [InlineData("""{"cron":"0 0 * * *","zone":"Mars/Olympus"}""", "Mars/Olympus")]
    [InlineData("""{"cron":"0 0 30 2 *"}""", "0 0 30 2 *")]
    [InlineData("""{"every":"00:00:01"}""", "anchor")]
    [InlineData("not even JSON", "JSON")]
    public async Task Step_BrokenTrigger_SaysSoAndHoldsUpNobody(string trigger, string reason)
    {
        await using var world = new ScheduleWorld();
        var due = world.Now.AddSeconds(5);
        await world.SaveAsync("bad", Every.Seconds(5), change: record => record with { Trigger = trigger });
        await world.SaveAsync("good", Every.Seconds(5), ScheduleWorld.Always);
        var node = world.Start();

        world.Advance(60 * Second);

        Assert.Equal(12, (await SecondsAsync(world, "good")).Count);
        var broken = await world.FindAsync("bad");
        Assert.Equal((ScheduleState.Broken, due, 0L), (broken.State, broken.NextTick, broken.Fired));
        Assert.Contains(reason, broken.Reason, StringComparison.Ordinal);
        Assert.Contains("bad", Assert.Single(node.Logged(5005)), StringComparison.Ordinal);
        Assert.Empty(await world.HistoryAsync("bad"));
        await Assert.ThrowsAnyAsync<Exception>(
            async () => await node.Client.ResumeAsync("bad", TestContext.Current.CancellationToken));

        var mended = await node.Client.SetAsync(
            "bad", Every.Seconds(10), Job.Create("report"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((ScheduleState.Active, null), (mended.State, mended.Reason));
        world.Advance(10 * Second);
        Assert.Equal([70], await SecondsAsync(world, "bad"));
    }

    [Theory]
    [InlineData("due")]
    [InlineData("lead")]
    [InlineData("record")]
    public async Task Step_StorageFails_IsTriedAgainUntilItAnswers(string call)
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1), ScheduleWorld.Always);
        var node = world.Start();
        world.Advance(10 * Second);

        node.Storage.Before = made => Fail(made == call);
        world.Advance(20 * Second);
        var failures = node.Log.Of(5006).Count();
        node.Storage.Before = null;
        world.Advance(30 * Second);

        Assert.InRange(failures, 15, 21);
        Assert.Equal(
            Enumerable.Range(1, 60).Select(static place => (double)place), await SecondsAsync(world, "second"));
        Assert.Equal(60, (await world.FindAsync("second")).Fired);
        Assert.Equal(
            60,
            Assert.Single(await world.Storage.History!.CountersAsync(TestContext.Current.CancellationToken)).Enqueued);

        static void Fail(bool fails)
        {
            if (fails)
            {
                throw new StorageException("No route to the storage.", isTransient: true);
            }
        }
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 5)]
    public async Task Step_ScheduleAddedMeanwhile_IsSeenByItsHintOrAtTheNextLook(bool hears, double fired)
    {
        await using var world = new ScheduleWorld();
        world.Start(hears: hears);
        world.Advance(1 * Second);

        await world.SaveAsync("once", Once.At(world.Now.AddSeconds(1)));
        world.Advance(10 * Second);

        Assert.Equal(fired, (Assert.Single(await world.HistoryAsync("once")).RecordedAt - world.Now).TotalSeconds + 11);
    }

    [Fact]
    public async Task Step_MoreThanABatchIsDue_FiresAllAtTheirInstant()
    {
        await using var world = new ScheduleWorld();
        for (var i = 0; i < 600; i++)
        {
            await world.SaveAsync($"minute-{i:000}", Every.Minutes(1));
        }

        var node = world.Start();
        world.Advance(60 * Second);

        foreach (var record in await world.Store.ListAsync(null, 1_000, TestContext.Current.CancellationToken))
        {
            var tick = Assert.Single(await world.HistoryAsync(record.Id));
            Assert.Equal((TickStatus.Fired, world.Now, world.Now), (tick.Status, tick.Tick, tick.RecordedAt));
        }

        Assert.Equal(3, node.Storage.Count("record"));
    }

    [Fact]
    public async Task Step_QueuedTick_FiresWithinHalfASecondOfTheEndBeforeIt()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("minute", Every.Minutes(1), new SchedulePolicy { Overlap = OverlapRule.QueueOne });
        var node = world.Start();
        world.Advance(TimeSpan.FromMinutes(3.25));
        Assert.Equal(
            [TickStatus.Fired, TickStatus.Queued, TickStatus.Skipped],
            (await world.HistoryAsync("minute")).Select(static tick => tick.Status));
        Assert.Single(node.Logged(5004));

        await world.EndJobAsync();
        var ended = world.Now;
        world.Advance(Second);

        var history = await world.HistoryAsync("minute");
        Assert.Equal(
            [TickStatus.Fired, TickStatus.Fired, TickStatus.Skipped], history.Select(static tick => tick.Status));
        Assert.InRange(history[1].RecordedAt - ended, TimeSpan.Zero, Second / 2);
        Assert.Null((await world.FindAsync("minute")).QueuedTick);
    }

    [Fact]
    public async Task Step_NodeComesLate_FollowsTheMisfireRuleAndMeasuresTheLateness()
    {
        using var measured = new Measured("late-metered");
        await using var world = new ScheduleWorld();
        await world.SaveAsync("late-metered", Every.Minutes(1));
        world.Advance(TimeSpan.FromMinutes(5.1));

        var node = world.Start();
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(
            [TickStatus.Missed, TickStatus.Fired, TickStatus.Skipped],
            (await world.HistoryAsync("late-metered")).Select(static tick => tick.Status));
        Assert.Equal([
            ("lovage.schedule.missed", 4.0, "late"),
            ("lovage.schedule.lateness", 6.0, null),
            ("lovage.schedule.missed", 1.0, "overlap"),
        ], measured.All);
        Assert.Contains("missed 4 ticks", Assert.Single(node.Logged(5002)), StringComparison.Ordinal);
        Assert.Contains("skipped 1 ticks", Assert.Single(node.Logged(5003)), StringComparison.Ordinal);
    }

    private static async Task<List<double>> SecondsAsync(ScheduleWorld world, string id)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return [.. (await world.HistoryAsync(id))
            .Where(static tick => tick.Status == TickStatus.Fired)
            .Select(tick => (tick.Tick - start).TotalSeconds)];
    }

    /// <summary>
    /// The measurements of one schedule. Meters are the process's, and other tests run beside this one.
    /// </summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Instrument, double Value, string? Reason)> _all = new();

        internal Measured(string id)
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name is "lovage.schedule.lateness" or "lovage.schedule.missed")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>(
                (instrument, value, tags, _) => Add(id, instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>(
                (instrument, value, tags, _) => Add(id, instrument, value, tags));
            _listener.Start();
        }

        internal IEnumerable<(string Instrument, double Value, string? Reason)> All =>
            _all.Select(static one => (one.Instrument, Math.Round(one.Value, 6), one.Reason));

        public void Dispose() => _listener.Dispose();

        private void Add(
            string id, Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var named = tags.ToArray().ToDictionary();
            if (Equals(named["lovage.schedule.id"], id))
            {
                _all.Enqueue((instrument.Name, value, named.GetValueOrDefault("reason") as string));
            }
        }
    }
}

using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults;

/// <summary>
/// Processes that fire schedules together and are killed or stopped meanwhile: every tick is dealt with once, as its
/// policy says.
/// </summary>
public abstract class ScheduleFaults
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>How long a leader that is gone is waited for.</summary>
    private static readonly TimeSpan LeadLease = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract StorageUnderTest NewStorage();

    [Fact]
    public async Task Kill_OfNodesAtRandom_FiresEachTickOnce()
    {
        var kills = FaultLab.IsLong ? 500 : 20;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        FaultLab.Print($"seed {seed}");
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var shape = new WorkerShape();
        NodeProcess[] nodes = [lab.StartWorker(shape), lab.StartWorker(shape), lab.StartWorker(shape)];
        await lab.UpAsync(nodes);
        var all = await AddAsync(
            lab,
            "all",
            Second,
            new ScheduleOptions { Misfire = MisfireRule.CatchUp, CatchUpMax = 1_000, Grace = 10 * Minute });
        var newest = await lab.Schedules.AddAsync(
            "newest", new IntervalTrigger(Second), FaultJobs.Work(0), cancellationToken: Cancel);

        var heldUp = await PassAsync(5 * Second);
        var firstKill = TimeProvider.System.GetUtcNow();
        for (var kill = 0; kill < kills; kill++)
        {
            var victim = random.Next(nodes.Length);
            await nodes[victim].KillAsync();
            nodes[victim] = lab.StartWorker(shape);
            await Task.Delay(random.Next(450, 700), Cancel);
        }

        // Until nothing reminds of the kills, and five ticks more.
        var quietAgain = TimeProvider.System.GetUtcNow() + LeadLease;
        heldUp += await PassAsync(LeadLease + (5 * Second));
        TickHistory[] histories =
        [
            await TickHistory.EndAsync(lab.Schedules, all),
            await TickHistory.EndAsync(lab.Schedules, newest),
        ];
        await lab.QuiesceAsync(Minute);

        FaultLab.Print($"{kills} kills of 3 nodes: {string.Join("; ", histories.AsEnumerable())}");
        var isQuiet = histories[0].Of(TickStatus.Fired)
            .ToLookup(tick => tick.Tick < firstKill || tick.Tick > quietAgain, static tick => tick.Late);
        FaultLab.Print($"lateness without kills: {Describe(isQuiet[true])}; during kills: {Describe(isQuiet[false])}");
        await CheckAsync(lab, histories);
        Assert.All(histories[0].Ticks, static tick => Assert.Equal(TickStatus.Fired, tick.Status));
        Assert.All(
            isQuiet[true], late => Assert.True(late < TickHistory.OnTime + heldUp, $"{late} late without a kill."));
        Assert.True(isQuiet[false].Count() >= kills / 2, "The kills took too little time to tell.");
    }

    /// <summary>
    /// Under a rule that makes up for no tick, the test shows that other nodes step in while a tick still counts as on
    /// time.
    /// </summary>
    [Fact]
    public async Task Kill_OfTheLeader_CostsNoTick()
    {
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var shape = new WorkerShape();
        var leader = lab.StartWorker(shape);
        await lab.UpAsync(leader);
        var added = await AddAsync(lab, "skip", Second, new ScheduleOptions { Misfire = MisfireRule.Skip });
        await lab.UntilAsync(
            "the first ticks have fired",
            Minute,
            async () => (await lab.Schedules.FindAsync("skip", Cancel))!.Fired >= 2);
        await lab.UpAsync(lab.StartWorker(shape), lab.StartWorker(shape));
        await Task.Delay(2 * Second, Cancel);
        var killed = TimeProvider.System.GetUtcNow();
        await leader.KillAsync();
        await Task.Delay(LeadLease + (2 * Second), Cancel);

        var history = await TickHistory.EndAsync(lab.Schedules, added);
        await lab.QuiesceAsync(Minute);
        FaultLab.Print(
            $"The leader of 3 was killed: {history}; lateness after it: "
                + Describe(
                    history.Of(TickStatus.Fired).Where(tick => tick.Tick > killed).Select(static tick => tick.Late)));
        await CheckAsync(lab, history);
        Assert.Empty(history.Of(TickStatus.Missed));
    }

    [Fact]
    public async Task Pause_OfAllNodes_DealsWithTheMissedTicksByTheirRules()
    {
        const int CatchUpMax = 5;
        var outage = FaultLab.IsLong ? Minute : TimeSpan.FromSeconds(10);
        var slow = 4 * Second;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        NodeProcess[] nodes = [.. Enumerable.Range(0, 3).Select(_ => lab.StartWorker(new WorkerShape()))];
        await lab.UpAsync(nodes);
        var slowOnce = await AddAsync(lab, "slow-once", slow, new ScheduleOptions());
        Schedule[] added =
        [
            slowOnce,
            await AddAsync(
                lab,
                "slow-skip",
                (IntervalTrigger)slowOnce.Trigger!,
                new ScheduleOptions { Misfire = MisfireRule.Skip }),
            await AddAsync(lab, "once", Second, new ScheduleOptions()),
            await AddAsync(lab, "skip", Second, new ScheduleOptions { Misfire = MisfireRule.Skip }),
            await AddAsync(
                lab,
                "catch-up",
                Second,
                new ScheduleOptions { Misfire = MisfireRule.CatchUp, CatchUpMax = CatchUpMax, Grace = 2 * Minute }),
        ];
        await lab.UntilAsync(
            "all have fired",
            Minute,
            async () => (await lab.Schedules.ListAsync(cancellationToken: Cancel)).All(
                static schedule => schedule.Fired >= 1));

        Array.ForEach(nodes, static node => node.Stop());
        var stopped = TimeProvider.System.GetUtcNow();

        // Resumed when the newest slow tick has just ceased to be on time; tried again when this process itself was
        // held up.
        DateTimeOffset newestSlow, resumed;
        do
        {
            var least = TimeProvider.System.GetUtcNow();
            least = least > stopped + outage ? least : stopped + outage;
            newestSlow = slowOnce.NextTick!.Value + (slow * Math.Ceiling((least - slowOnce.NextTick.Value) / slow));
            await Task.Delay(
                newestSlow + TickHistory.OnTime + TimeSpan.FromMilliseconds(300) - TimeProvider.System.GetUtcNow(),
                Cancel);
            resumed = TimeProvider.System.GetUtcNow();
        }
        while (resumed - newestSlow > TickHistory.OnTime + TimeSpan.FromMilliseconds(600));
        Array.ForEach(nodes, static node => node.Continue());
        await lab.UntilAsync("ticks after the pause have fired", Minute, async () =>
            (await lab.Schedules.ListAsync(cancellationToken: Cancel)).All(
                schedule => schedule.LastTick > resumed + (3 * Second)));
        var histories = new Dictionary<string, TickHistory>();
        foreach (var schedule in added)
        {
            histories.Add(schedule.Id, await TickHistory.EndAsync(lab.Schedules, schedule));
        }

        await lab.QuiesceAsync(Minute);
        FaultLab.Print(
            $"3 nodes stopped for {(resumed - stopped).TotalSeconds:0.0} s: {string.Join("; ", histories.Values)}");
        await CheckAsync(lab, [.. histories.Values]);

        // A tick of the last second before the pause may have been under way; one of the last two before its end was on
        // time when they went on.
        var (from, to) = (stopped + Second, resumed - TickHistory.OnTime);
        Assert.All(histories["skip"].Between(from, to), static tick => Assert.Equal(TickStatus.Missed, tick.Status));
        Assert.All(histories["once"].Between(from, to), static tick => Assert.Equal(TickStatus.Missed, tick.Status));
        Assert.All(
            histories["slow-skip"].Between(from, to), static tick => Assert.Equal(TickStatus.Missed, tick.Status));
        var slowTicks = histories["slow-once"].Between(from, to).ToList();
        Assert.Equal(newestSlow, slowTicks[^1].Tick);
        Assert.Equal(
            [.. Enumerable.Repeat(TickStatus.Missed, slowTicks.Count - 1), TickStatus.Fired],
            slowTicks.Select(static tick => tick.Status));
        var caughtUp = histories["catch-up"].Between(from, resumed)
            .Where(static tick => tick is { Status: TickStatus.Fired } && tick.Late > TickHistory.OnTime)
            .ToList();

        // One that was on time when it was looked at may have been late when it was written.
        Assert.InRange(caughtUp.Count, CatchUpMax, CatchUpMax + 1);
        Assert.All(
            histories["catch-up"].Between(from, caughtUp[0].Tick),
            static tick => Assert.Equal(TickStatus.Missed, tick.Status));
        Assert.Equal(
            caughtUp.Count,
            histories["catch-up"].Between(caughtUp[0].Tick - Second, caughtUp[^1].Tick + Second).Count());
    }

    /// <summary>
    /// Lets time pass; returns by how much it took longer, which is what this machine held all processes up.
    /// </summary>
    private static async Task<TimeSpan> PassAsync(TimeSpan time)
    {
        var start = TimeProvider.System.GetTimestamp();
        await Task.Delay(time, Cancel);
        return TimeProvider.System.GetElapsedTime(start) - time;
    }

    private static Task<Schedule> AddAsync(FaultLab lab, string id, TimeSpan period, ScheduleOptions options) =>
        AddAsync(lab, id, new IntervalTrigger(period), options);

    private static async Task<Schedule> AddAsync(
        FaultLab lab, string id, IntervalTrigger trigger, ScheduleOptions options)
    {
        // What an unfinished job does to a tick is not what is tested.
        (options.Overlap, options.OverlapMax) = (OverlapRule.Allow, 1_000);
        return await lab.Schedules.AddAsync(id, trigger, FaultJobs.Work(0), options, Cancel);
    }

    /// <summary>What holds under every fault.</summary>
    private static async Task CheckAsync(FaultLab lab, params IReadOnlyList<TickHistory> histories)
    {
        var records = await lab.RecordsAsync();
        var endings = records.ToDictionary(
            static record => record.Message.Id, static record => record.FinishedAt!.Value);
        Assert.All(histories, history =>
        {
            history.IsWhole();
            history.HasMissedOnlyByRule(endings);
        });
        var fired = histories.SelectMany(static history => history.Of(TickStatus.Fired))
            .Select(static tick => tick.Job!.Value.Value)
            .Order(StringComparer.Ordinal);
        Assert.Equal(fired, records.Select(static record => record.Message.Id.Value).Order(StringComparer.Ordinal));
        Assert.All(records, static record => Assert.Equal(JobState.Succeeded, record.State));
        Assert.Subset(
            lab.Journal.Ids("finish").ToHashSet(),
            records.Select(static record => record.Message.Id.Value).ToHashSet());
    }

    private static string Describe(IEnumerable<TimeSpan> lateness)
    {
        TimeSpan[] sorted = [.. lateness.Order()];
        return $"{sorted.Length} ticks, p50 {sorted[sorted.Length / 2].TotalMilliseconds:0} ms, p99 "
            + $"{sorted[(int)(sorted.Length * 0.99)].TotalMilliseconds:0} ms, at most "
            + $"{sorted[^1].TotalMilliseconds:0} ms";
    }
}

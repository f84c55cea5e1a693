using System.Globalization;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// Whatever the trigger, the rules and the moment: every tick up to now is dealt with once, none after it.
/// </summary>
public sealed class SchedulePlanPropertyTests
{
    private const int Rounds = 1_000;
    private const int TicksMax = 50;

    [Fact]
    public void Make_AnyScheduleAtAnyMoment_DealsWithEveryTickOnce()
    {
        var seed = Environment.GetEnvironmentVariable("LOVAGE_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"LOVAGE_SEED={seed}");
        var random = new Random(seed);
        var seen = new HashSet<TickStatus>();
        var ended = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var trigger = TriggerDraw.Next(random);
            var place = $"LOVAGE_SEED={seed}, round {round}, {trigger.ToJson()}";
            if (trigger.NextAfter(TriggerDraw.Instant(random)) is not { } first)
            {
                continue;
            }

            var (ticks, next) = Ahead(trigger, first, random.Next(1, TicksMax));
            var now = Moment(random, ticks[^1], next);
            var schedule = Schedule(random, trigger, first);
            var unfinished = random.Next(4);

            var firing = SchedulePlan.Make(new DueSchedule(schedule, unfinished), trigger, now, NewId());

            Assert.True(next == firing.NextTick, $"{place}: {firing.NextTick:O} is next instead of {next:O}");
            var rows = firing.Ticks.ToList();
            if (schedule.QueuedTick is { } queued && unfinished == 0)
            {
                Assert.True(
                    rows[0].Tick == queued && rows[0].Status == TickStatus.Fired,
                    $"{place}: the queued tick did not run");
                rows.RemoveAt(0);
            }

            Assert.True(
                ticks.SequenceEqual(rows.SelectMany(row => Expanded(row, ticks))),
                $"{place}: {string.Join(", ", rows)} for {string.Join(", ", ticks)} at {now:O}");
            Assert.True(rows.All(row => row.Through <= now), $"{place}: ahead of {now:O}");
            Assert.True(
                rows.Zip(rows.Skip(1)).All(static pair => pair.First.Status is TickStatus.Fired or TickStatus.Queued
                    || pair.First.Status != pair.Second.Status),
                $"{place}: neighbours are two rows");
            Assert.True(
                firing.Jobs.Select(static job => (JobId?)job.Id).SequenceEqual(
                    firing.Ticks.Where(static row => row.Status == TickStatus.Fired).Select(static row => row.JobId)),
                $"{place}: jobs and ticks differ");
            Bounds(schedule, unfinished, firing, rows, ticks, now, place);
            Assert.Equal(firing.NextTick is null && firing.QueuedTick is null, firing.State == ScheduleState.Ended);
            seen.UnionWith(rows.Select(static row => row.Status));
            ended += firing.State == ScheduleState.Ended ? 1 : 0;
        }

        Assert.Equal([TickStatus.Fired, TickStatus.Queued, TickStatus.Skipped, TickStatus.Missed], seen.Order());
        Assert.True(ended > 0, "What is never reached is not tested.");
    }

    private static void Bounds(
        ScheduleRecord schedule,
        int unfinished,
        Firing firing,
        List<TickRecord> rows,
        List<DateTimeOffset> ticks,
        DateTimeOffset now,
        string place)
    {
        var policy = schedule.Policy;
        var room = Math.Max(0, (policy.Overlap == OverlapRule.Allow ? policy.OverlapMax : 1) - unfinished);
        Assert.True(
            firing.Jobs.Count <= Math.Max(room, schedule.QueuedTick is not null && unfinished == 0 ? 1 : 0),
            $"{place}: {firing.Jobs.Count} jobs where {room} had room");
        Assert.True(
            policy.Overlap == OverlapRule.QueueOne || rows.All(static row => row.Status != TickStatus.Queued),
            $"{place}: queued against its rule");
        var late = rows.Where(static row => row.Status != TickStatus.Missed)
            .SelectMany(row => Expanded(row, ticks))
            .Count(tick => now - tick > SchedulePlan.OnTime);
        var most = policy.Misfire switch { MisfireRule.Skip => 0, MisfireRule.Once => 1, _ => policy.CatchUpMax };
        Assert.True(late <= most, $"{place}: {late} late ticks were not let go, {most} may be");
        Assert.True(
            rows.All(row => row.Status != TickStatus.Missed || now - row.Through > SchedulePlan.OnTime),
            $"{place}: one on time was missed");
        Assert.True(
            policy.Grace is not { } grace
                || rows.All(row => row.Status is not (TickStatus.Fired or TickStatus.Queued)
                    || now - row.Tick <= TimeSpan.FromTicks(Math.Max(grace.Ticks, SchedulePlan.OnTime.Ticks))),
            $"{place}: one ran beyond its grace");
    }

    /// <summary>The ticks from the first on, and the one after them.</summary>
    private static (List<DateTimeOffset> Ticks, DateTimeOffset? Next) Ahead(
        Trigger trigger, DateTimeOffset first, int count)
    {
        var ticks = new List<DateTimeOffset> { first };
        var next = trigger.NextAfter(first);
        while (next is not null && ticks.Count < count)
        {
            ticks.Add(next.Value);
            next = trigger.NextAfter(next.Value);
        }

        return (ticks, next);
    }

    /// <summary>At the last tick, just after it, or somewhere before the next one.</summary>
    private static DateTimeOffset Moment(Random random, DateTimeOffset last, DateTimeOffset? next)
    {
        var gap = (next ?? last.AddDays(400)) - last;
        return random.Next(3) switch
        {
            0 => last,
            1 => last + (gap < TimeSpan.FromSeconds(5) ? gap : TimeSpan.FromSeconds(5)) * random.NextDouble() * 0.999,
            _ => last + (gap * random.NextDouble() * 0.999),
        };
    }

    private static ScheduleRecord Schedule(Random random, Trigger trigger, DateTimeOffset first)
    {
        var policy = new SchedulePolicy
        {
            Misfire = (MisfireRule)random.Next(3),
            Grace = random.Next(2) == 0 ? null : TimeSpan.FromHours(random.Next(5) * random.NextDouble() * 100),
            CatchUpMax = random.Next(1, 20),
            Overlap = (OverlapRule)random.Next(3),
            OverlapMax = random.Next(1, 6),
            Jitter = TimeSpan.FromSeconds(random.Next(2)),
        };
        return new ScheduleRecord
        {
            Id = "nightly",
            Trigger = trigger.ToJson(),
            Job = new JobMessage { Id = default, Name = "report", Queue = "default", Body = JobBody.Empty },
            Policy = policy,
            NextTick = first,
            QueuedTick = policy.Overlap == OverlapRule.QueueOne && random.Next(3) == 0
                ? first.AddMinutes(-random.Next(1, 1_000))
                : null,
        };
    }

    private static List<DateTimeOffset> Expanded(TickRecord row, List<DateTimeOffset> ticks)
    {
        var from = ticks.IndexOf(row.Tick);
        var through = ticks.IndexOf(row.Through);
        return from >= 0 && through - from + 1 == row.Count
            ? ticks.GetRange(from, (int)row.Count)
            : [row.Tick, row.Through];
    }

    private static Func<JobId> NewId()
    {
        var last = 0;
        return () => JobId.Parse($"job-{++last}");
    }
}

using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>Very many ticks that no node fired, and rows of ticks that are skipped one by one.</summary>
public sealed class LongDowntimeTests
{
    private const int Missed = 5002;
    private const int Skipped = 5003;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Step_MillionsOfMissedTicks_AreOneLineAndOneWarning()
    {
        const int Days = 30;
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1));
        world.Advance(TimeSpan.FromDays(Days));

        var node = world.Start();
        world.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(
            [(TickStatus.Missed, (Days * 86_400L) - 3), (TickStatus.Fired, 1), (TickStatus.Skipped, 2)],
            (await world.HistoryAsync("second")).Select(static line => (line.Status, line.Count)));
        Assert.Contains(
            $"missed {(Days * 86_400) - 3} ticks", Assert.Single(node.Logged(Missed)), StringComparison.Ordinal);
        Assert.InRange(node.Storage.Count("record"), 1, 20);
    }

    [Fact]
    public async Task Step_ManySchedulesWithLongGaps_EachIsWholeAndSaidOnce()
    {
        await using var world = new ScheduleWorld();
        for (var i = 0; i < 20; i++)
        {
            await world.SaveAsync(
                $"second{i}", Cron.Parse("* * * * * *"), new SchedulePolicy { Misfire = MisfireRule.Skip });
        }

        world.Advance(TimeSpan.FromHours(20));
        var node = world.Start();
        world.Advance(TimeSpan.FromMilliseconds(1));

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(72_000 - 3, (await world.HistoryAsync($"second{i}"))[0].Count);
        }

        Assert.Equal(20, node.Logged(Missed).Count());
    }

    [Fact]
    public async Task Step_CatchUpAfterALongGap_RunsTheNewestAndTheRestIsOneLine()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("second", Every.Seconds(1), ScheduleWorld.Always with { CatchUpMax = 900 });
        world.Advance(TimeSpan.FromHours(10));

        var node = world.Start();
        world.Advance(TimeSpan.FromMilliseconds(1));

        var history = await world.HistoryAsync("second");
        Assert.Equal((TickStatus.Missed, 36_000L - 903), (history[0].Status, history[0].Count));
        Assert.Equal(903, history.Count(static line => line.Status == TickStatus.Fired));
        Assert.Single(node.Logged(Missed));
    }

    [Fact]
    public async Task Step_TicksSkippedOneByOne_AreOneLine()
    {
        await using var world = new ScheduleWorld();
        await world.SaveAsync("minute", Every.Minutes(1));
        var node = world.Start();

        world.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(
            [(TickStatus.Fired, 1L), (TickStatus.Skipped, 4L)],
            (await world.HistoryAsync("minute")).Select(static line => (line.Status, line.Count)));
        Assert.Equal(4, node.Logged(Skipped).Count());
        Assert.Equal(4, (await world.FindAsync("minute")).Skipped);
    }

    [Theory]
    [InlineData(MisfireRule.Once, 1_998)]
    [InlineData(MisfireRule.Once, 1_999)]
    [InlineData(MisfireRule.Once, 2_000)]
    [InlineData(MisfireRule.Once, 200_000)]
    [InlineData(MisfireRule.Skip, 2_000)]
    [InlineData(MisfireRule.Skip, 200_000)]
    [InlineData(MisfireRule.CatchUp, 2_001)]
    [InlineData(MisfireRule.CatchUp, 200_000)]
    public void MakeRounds_LongGapOfAnInterval_EqualsThatOfCronWhoseTicksAreVisited(MisfireRule misfire, int seconds)
    {
        foreach (var bound in new int?[] { null, seconds / 2, seconds, seconds + 1, seconds + 10 })
        {
            var end = Start.AddSeconds(bound ?? 1_000_000);

            Assert.Equal(
                Planned(Cron.Parse("* * * * * *") with { End = end }), Planned(Every.Seconds(1) with { End = end }));
        }

        // Storages make one line of neighbours that were missed.
        (string Ticks, DateTimeOffset? Next) Planned(Trigger trigger)
        {
            var policy = new SchedulePolicy
            {
                Misfire = misfire,
                CatchUpMax = 1_000,
                Overlap = OverlapRule.Allow,
                OverlapMax = 2_000,
            };
            var schedule = new ScheduleRecord
            {
                Id = "second",
                Trigger = trigger.WithAnchor(Start).ToJson(),
                Job = new JobMessage { Id = default, Name = "report", Queue = "default", Body = JobBody.Empty },
                Policy = policy,
                NextTick = Start,
            };
            var now = Start.AddSeconds(seconds + 0.5);
            var rows = new List<TickRecord>();
            while (schedule.NextTick <= now)
            {
                var firing = SchedulePlan.MakeRounds(
                    new DueSchedule(schedule, 0),
                    Trigger.FromJson(schedule.Trigger),
                    now,
                    static () => JobId.Parse("one"),
                    rounds: 1_000);
                foreach (var row in firing.Ticks)
                {
                    if (rows is [.., { Status: TickStatus.Missed } last] && row.Status == TickStatus.Missed)
                    {
                        rows[^1] = last with { Through = row.Through, Count = last.Count + row.Count };
                    }
                    else
                    {
                        rows.Add(row);
                    }
                }

                schedule = schedule with { NextTick = firing.NextTick };
            }

            return (
                string.Join(", ", rows.Select(static row => $"{row.Status} {row.Count} {row.Tick:O} {row.Through:O}")),
                schedule.NextTick);
        }
    }
}

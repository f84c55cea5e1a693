using System.Globalization;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// What becomes of the ticks of one due schedule, rule by rule. Ticks are written by their place: 0 is the one the
/// schedule stands at.
/// </summary>
public sealed class SchedulePlanTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("00:00:00", null, "Fired 0 > 1")]
    [InlineData("00:00:02", null, "Fired 0 > 1")]
    [InlineData("00:00:02.001", null, "Fired 0 > 1")]
    [InlineData("00:00:59.999", null, "Fired 0 > 1")]
    [InlineData("00:01:00", null, "Missed 0, Fired 1 > 2")]
    [InlineData("00:01:30", null, "Missed 0, Fired 1 > 2")]
    [InlineData("00:10:30", null, "Missed 0-9, Fired 10 > 11")]
    [InlineData("00:00:10", 10, "Fired 0 > 1")]
    [InlineData("00:00:10.001", 10, "Missed 0 > 1")]
    [InlineData("00:10:30", 10, "Missed 0-10 > 11")]
    [InlineData("00:10:30", 100_000, "Missed 0-9, Fired 10 > 11")]
    [InlineData("00:00:02", 0, "Fired 0 > 1")]
    [InlineData("00:00:02.001", 0, "Missed 0 > 1")]
    [InlineData("00:10:02", 0, "Missed 0-9, Fired 10 > 11")]
    public void Make_Once_RunsTheNewestWithinTheGrace(string now, int? grace, string expected) =>
        Assert.Equal(
            expected, Minutely(new SchedulePolicy { Misfire = MisfireRule.Once, Grace = Seconds(grace) }, now));

    [Theory]
    [InlineData("00:00:02", null, "Fired 0 > 1")]
    [InlineData("00:00:02.001", null, "Missed 0 > 1")]
    [InlineData("00:00:02.001", 3_600, "Missed 0 > 1")]
    [InlineData("00:10:30", null, "Missed 0-10 > 11")]
    [InlineData("00:10:01", null, "Missed 0-9, Fired 10 > 11")]
    public void Make_Skip_RunsWhatIsOnTimeOnly(string now, int? grace, string expected) =>
        Assert.Equal(
            expected, Minutely(new SchedulePolicy { Misfire = MisfireRule.Skip, Grace = Seconds(grace) }, now));

    [Theory]
    [InlineData("00:00:00", 3, null, "Fired 0 > 1")]
    [InlineData("00:01:30", 3, null, "Fired 0, Fired 1 > 2")]
    [InlineData("00:10:30", 3, null, "Missed 0-7, Fired 8, Fired 9, Fired 10 > 11")]
    [InlineData("00:10:01", 3, null, "Missed 0-6, Fired 7, Fired 8, Fired 9, Fired 10 > 11")]
    [InlineData("00:10:30", 1, null, "Missed 0-9, Fired 10 > 11")]
    [InlineData("00:10:30", 5, 90, "Missed 0-8, Fired 9, Fired 10 > 11")]
    [InlineData("00:10:30", 5, 0, "Missed 0-10 > 11")]
    public void Make_CatchUp_RunsTheNewestUpToItsNumber(string now, int most, int? grace, string expected) =>
        Assert.Equal(
            expected,
            Minutely(
                new SchedulePolicy
                {
                    Misfire = MisfireRule.CatchUp,
                    CatchUpMax = most,
                    Grace = Seconds(grace),
                    Overlap = OverlapRule.Allow,
                },
                now));

    [Theory]
    [InlineData(OverlapRule.Skip, 1, "Missed 0-5, Fired 6, Skipped 7-10 > 11")]
    [InlineData(OverlapRule.QueueOne, 1, "Missed 0-5, Fired 6, Queued 7, Skipped 8-10 > 11, 7 waits")]
    [InlineData(OverlapRule.Allow, 2, "Missed 0-5, Fired 6, Fired 7, Skipped 8-10 > 11")]
    [InlineData(OverlapRule.Allow, 5, "Missed 0-5, Fired 6, Fired 7, Fired 8, Fired 9, Fired 10 > 11")]
    public void Make_CatchUp_GoesByTheOverlapRule(OverlapRule overlap, int most, string expected) => Assert.Equal(
        expected, Minutely(
            new SchedulePolicy { Misfire = MisfireRule.CatchUp, CatchUpMax = 5, Overlap = overlap, OverlapMax = most },
            "00:10:30"));

    [Theory]
    [InlineData(OverlapRule.Skip, 1, 0, "Fired 0 > 1")]
    [InlineData(OverlapRule.Skip, 1, 1, "Skipped 0 > 1")]
    [InlineData(OverlapRule.Skip, 10, 1, "Skipped 0 > 1")]
    [InlineData(OverlapRule.QueueOne, 1, 0, "Fired 0 > 1")]
    [InlineData(OverlapRule.QueueOne, 1, 1, "Queued 0 > 1, 0 waits")]
    [InlineData(OverlapRule.QueueOne, 10, 7, "Queued 0 > 1, 0 waits")]
    [InlineData(OverlapRule.Allow, 1, 1, "Skipped 0 > 1")]
    [InlineData(OverlapRule.Allow, 2, 1, "Fired 0 > 1")]
    [InlineData(OverlapRule.Allow, 2, 2, "Skipped 0 > 1")]
    [InlineData(OverlapRule.Allow, 2, 9, "Skipped 0 > 1")]
    public void Make_UnfinishedJobs_AreMetByTheOverlapRule(
        OverlapRule overlap, int most, int unfinished, string expected) =>
        Assert.Equal(
            expected, Minutely(new SchedulePolicy { Overlap = overlap, OverlapMax = most }, "00:00:00", unfinished));

    [Theory]
    [InlineData("-00:00:30", 0, "Fired -1 > 0")]
    [InlineData("00:00:00", 0, "Fired -1, Queued 0 > 1, 0 waits")]
    [InlineData("00:00:00", 1, "Skipped 0 > 1, -1 waits")]
    [InlineData("00:10:30", 1, "Missed 0-9, Skipped 10 > 11, -1 waits")]
    [InlineData("00:10:30", 0, "Fired -1, Missed 0-9, Queued 10 > 11, 10 waits")]
    public void Make_QueuedTick_RunsOnceTheJobsBeforeItHaveEnded(string now, int unfinished, string expected) =>
        Assert.Equal(
            expected, Minutely(new SchedulePolicy { Overlap = OverlapRule.QueueOne }, now, unfinished, queued: -1));

    [Theory]
    [InlineData(OverlapRule.Skip, 1, "Missed 0-7, Skipped 8-10 > 11")]
    [InlineData(OverlapRule.Skip, 0, "Missed 0-7, Fired 8, Skipped 9-10 > 11")]
    [InlineData(OverlapRule.QueueOne, 1, "Missed 0-7, Queued 8, Skipped 9-10 > 11, 8 waits")]
    public void Make_EverySecond_NeighboursAreOneRow(OverlapRule overlap, int unfinished, string expected)
    {
        var policy = new SchedulePolicy { Overlap = overlap };

        Assert.Equal(
            expected,
            Shown(Make(Every.Seconds(1), policy, TimeSpan.FromSeconds(10), unfinished), TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData("01:00:00", "Fired 0 > 1")]
    [InlineData("01:00:00.001", "Missed 0 > 1")]
    public void Make_LongPeriod_TheGraceIsAnHour(string now, string expected) =>
        Assert.Equal(
            expected,
            Shown(
                Make(
                    Every.Period(TimeSpan.FromDays(1)),
                    new SchedulePolicy(),
                    TimeSpan.Parse(now, CultureInfo.InvariantCulture)),
                TimeSpan.FromDays(1)));

    [Fact]
    public void Make_CatchUpOfDays_NoTickIsTooOldUnlessTheScheduleSaysSo()
    {
        var policy = new SchedulePolicy { Misfire = MisfireRule.CatchUp, Overlap = OverlapRule.Allow };
        var day = TimeSpan.FromDays(1);

        Assert.Equal("Fired 0, Fired 1, Fired 2 > 3", Shown(Make(Every.Period(day), policy, 2.5 * day), day));
        Assert.Equal(
            "Missed 0-1, Fired 2 > 3", Shown(Make(Every.Period(day), policy with { Grace = day }, 2.5 * day), day));
    }

    [Theory]
    [InlineData(0, "Missed 0, Fired 1 ends", ScheduleState.Ended)]
    [InlineData(1, "Missed 0, Queued 1 ends, 1 waits", ScheduleState.Active)]
    public void Make_LastTick_EndsTheScheduleUnlessItWaits(int unfinished, string expected, ScheduleState state)
    {
        var trigger = Every.Minutes(1) with { End = Start.AddSeconds(90) };

        var firing = Make(
            trigger, new SchedulePolicy { Overlap = OverlapRule.QueueOne }, TimeSpan.FromMinutes(5), unfinished);

        Assert.Equal((expected, state), (Shown(firing, TimeSpan.FromMinutes(1)), firing.State));
    }

    [Fact]
    public void Make_QueuedTickOfAnEndedTrigger_EndsTheSchedule()
    {
        var schedule = Schedule(
            Every.Minutes(1) with { End = Start.AddSeconds(1) },
            new SchedulePolicy { Overlap = OverlapRule.QueueOne }) with
        {
            NextTick = null,
            QueuedTick = Start,
        };

        var firing = SchedulePlan.Make(
            new DueSchedule(schedule, 0), Trigger.FromJson(schedule.Trigger), Start.AddHours(1), NewId());

        Assert.Equal(("Fired 0 ends", ScheduleState.Ended), (Shown(firing, TimeSpan.FromMinutes(1)), firing.State));
    }

    [Fact]
    public void Make_MoreTicksThanARoundHolds_GoesOnWhereItStopped()
    {
        var firing = Make(Every.Seconds(1), new SchedulePolicy(), TimeSpan.FromHours(2));

        Assert.Equal(
            $"Missed 0-{SchedulePlan.TicksMax - 1} > {SchedulePlan.TicksMax}", Shown(firing, TimeSpan.FromSeconds(1)));
        Assert.Equal(SchedulePlan.TicksMax, Assert.Single(firing.Ticks).Count);
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(2_003)]
    [InlineData(2_500)]
    [InlineData(10_000)]
    public void Make_CatchUpOverSeveralRounds_RunsTheNewestAllTheSame(int seconds)
    {
        var policy = new SchedulePolicy
        {
            Misfire = MisfireRule.CatchUp,
            CatchUpMax = 900,
            Overlap = OverlapRule.Allow,
            OverlapMax = 1_000,
        };
        var schedule = Schedule(Every.Seconds(1), policy);

        var rows = Rounds(schedule, Start.AddSeconds(seconds)).SelectMany(static firing => firing.Ticks).ToList();

        // Three are on time.
        var fired = rows.Where(static row => row.Status == TickStatus.Fired).Select(Place).ToList();
        Assert.Equal(Enumerable.Range(seconds - 902, 903), fired);
        Assert.Equal(
            seconds - 902, rows.Where(static row => row.Status == TickStatus.Missed).Sum(static row => row.Count));

        static int Place(TickRecord tick) => (int)(tick.Tick - Start).TotalSeconds;
    }

    [Fact]
    public void Make_Jobs_AreTheTemplateAnewForEachTick()
    {
        var schedule = Schedule(
            Every.Minutes(1),
            new SchedulePolicy
            {
                Misfire = MisfireRule.CatchUp,
                Overlap = OverlapRule.Allow,
                Jitter = TimeSpan.FromSeconds(30),
            });
        schedule = schedule with
        {
            Job = ScheduleTemplate.Of(schedule.Job with { Priority = 3, HasChosenId = true }, TimeSpan.FromMinutes(7)),
        };
        var now = Start.AddSeconds(90);

        var firing = SchedulePlan.Make(new DueSchedule(schedule, 0), Trigger.FromJson(schedule.Trigger), now, NewId());

        Assert.Equal(["job-1", "job-2"], firing.Jobs.Select(static job => job.Id.Value));
        Assert.Equal(firing.Jobs.Select(static job => (JobId?)job.Id), firing.Ticks.Select(static tick => tick.JobId));
        Assert.All(
            firing.Jobs,
            job => Assert.Equal(
                ("report", 3, false, now.AddMinutes(7)), (job.Name, job.Priority, job.HasChosenId, job.Expires)));
        Assert.Equal(
            firing.Ticks.Select(tick => SchedulePlan.Jitter(TimeSpan.FromSeconds(30), "nightly", tick.Tick)),
            firing.Jobs.Select(static job => job.Delay));
        Assert.NotEqual(firing.Jobs[0].Delay, firing.Jobs[1].Delay);
        Assert.Equal((schedule.Id, schedule.Version), (firing.Id, firing.Version));
    }

    [Theory]
    [InlineData(OverlapRule.Skip, 60)]
    [InlineData(OverlapRule.QueueOne, 60)]
    [InlineData(OverlapRule.Allow, 300)]
    public void Make_JitterLongerThanThePeriod_WaitsNoLongerThanToTheNextTick(OverlapRule overlap, int seconds)
    {
        var policy = new SchedulePolicy { Overlap = overlap, Jitter = TimeSpan.FromMinutes(5) };
        var schedule = Schedule(Every.Minutes(1), policy);

        var delays = new List<TimeSpan>();
        for (var tick = Start; tick < Start.AddHours(2); tick = tick.AddMinutes(1))
        {
            var due = new DueSchedule(schedule with { NextTick = tick }, 0);
            delays.Add(SchedulePlan.Make(due, Trigger.FromJson(schedule.Trigger), tick, NewId()).Jobs[0].Delay);
        }

        Assert.InRange(delays.Max(), TimeSpan.FromSeconds(seconds * 0.9), TimeSpan.FromSeconds(seconds));
        Assert.InRange(delays.Min(), TimeSpan.Zero, TimeSpan.FromSeconds(seconds * 0.1));
    }

    [Fact]
    public void Jitter_OfTicksAndSchedules_IsFixedBoundedAndSpread()
    {
        var most = TimeSpan.FromSeconds(60);
        var ticks = Enumerable.Range(0, 6_000).Select(i => Start.AddMinutes(i)).ToList();
        var ofTicks = ticks.ConvertAll(tick => SchedulePlan.Jitter(most, "nightly", tick));
        var ofSchedules = Enumerable.Range(0, 6_000)
            .Select(i => SchedulePlan.Jitter(most, $"schedule-{i}", Start))
            .ToList();

        Assert.Equal(
            ofTicks,
            ticks.ConvertAll(tick => SchedulePlan.Jitter(most, "nightly", tick.ToOffset(TimeSpan.FromHours(9)))));
        foreach (var waits in new[] { ofTicks, ofSchedules })
        {
            Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.Zero, most - TimeSpan.FromTicks(1)));

            // 100 of each second would be even: five standard deviations are 50.
            var bySecond = waits.GroupBy(static wait => (int)wait.TotalSeconds)
                .Select(static group => group.Count())
                .ToList();
            Assert.Equal(60, bySecond.Count);
            Assert.All(bySecond, static count => Assert.InRange(count, 50, 150));
        }

        Assert.Equal(TimeSpan.Zero, SchedulePlan.Jitter(TimeSpan.Zero, "nightly", Start));
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;

    private static string Minutely(SchedulePolicy policy, string now, int unfinished = 0, int? queued = null) =>
        Shown(
            Make(
                Every.Minutes(1),
                policy,
                TimeSpan.Parse(now, CultureInfo.InvariantCulture),
                unfinished,
                queued is { } place ? Start.AddMinutes(place) : null),
            TimeSpan.FromMinutes(1));

    private static Firing Make(
        Trigger trigger, SchedulePolicy policy, TimeSpan now, int unfinished = 0, DateTimeOffset? queued = null)
    {
        var schedule = Schedule(trigger, policy) with { QueuedTick = queued };
        return SchedulePlan.Make(
            new DueSchedule(schedule, unfinished), Trigger.FromJson(schedule.Trigger), Start + now, NewId());
    }

    private static ScheduleRecord Schedule(Trigger trigger, SchedulePolicy policy) => new()
    {
        Id = "nightly",
        Trigger = trigger.WithAnchor(Start).ToJson(),
        Job = new JobMessage { Id = default, Name = "report", Queue = "default", Body = JobBody.Empty },
        Policy = policy,
        NextTick = Start,
        Version = 7,
    };

    private static IEnumerable<Firing> Rounds(ScheduleRecord schedule, DateTimeOffset now)
    {
        var trigger = Trigger.FromJson(schedule.Trigger);
        var newId = NewId();
        while (schedule.NextTick <= now)
        {
            var firing = SchedulePlan.Make(new DueSchedule(schedule, 0), trigger, now, newId);
            Assert.NotEmpty(firing.Ticks);
            schedule = schedule with { NextTick = firing.NextTick, QueuedTick = firing.QueuedTick };
            yield return firing;
        }
    }

    private static Func<JobId> NewId()
    {
        var last = 0;
        return () => JobId.Parse($"job-{++last}");
    }

    private static string Shown(Firing firing, TimeSpan period)
    {
        var rows = firing.Ticks.Select(row => row.Count == 1
            ? $"{row.Status} {Place(row.Tick)}"
            : $"{row.Status} {Place(row.Tick)}-{Place(row.Through)}");
        Assert.All(firing.Ticks, row => Assert.Equal(row.Count - 1, (row.Through - row.Tick) / period));
        return $"{string.Join(", ", rows)}{(firing.NextTick is { } next ? $" > {Place(next)}" : " ends")}"
            + $"{(firing.QueuedTick is { } queued ? $", {Place(queued)} waits" : "")}";

        int Place(DateTimeOffset tick) => (int)Math.Round((tick - Start) / period);
    }
}

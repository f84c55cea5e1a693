using System.Globalization;
using Lovage.Scheduling;
using Lovage.Tests.Scheduling.Corpus;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// When the clock jumps: cases picked by hand, and kinds of jumps that no zone makes from 2024 to 2035.
/// </summary>
public sealed class CronZoneTests
{
    [Theory]

    // Forward, 02:00 to 03:00: what is skipped fires once, at the first instant after the gap.
    [InlineData(
        "America/New_York",
        "30 2 * * *",
        "2026-03-07T12:00:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-09T02:30:00-04:00")]
    [InlineData(
        "America/New_York",
        "0,15,30 2 * * *",
        "2026-03-08T01:59:59-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-09T02:00:00-04:00")]
    [InlineData(
        "America/New_York",
        "*/15 2 * * *",
        "2026-03-08T01:59:59-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-09T02:00:00-04:00")]
    [InlineData(
        "America/New_York",
        "30 2,3 * * *",
        "2026-03-08T01:59:59-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-08T03:30:00-04:00")]
    [InlineData(
        "America/New_York",
        "0 2,3 * * *",
        "2026-03-08T01:59:59-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-09T02:00:00-04:00")]
    [InlineData(
        "America/New_York",
        "*/20 * * * *",
        "2026-03-08T01:40:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-08T03:20:00-04:00")]
    [InlineData(
        "America/New_York",
        "0 */2 * * *",
        "2026-03-08T00:00:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-08T04:00:00-04:00")]
    [InlineData(
        "America/New_York",
        "59 59 1 * * *",
        "2026-03-08T01:00:00-05:00",
        "2026-03-08T01:59:59-05:00",
        "2026-03-09T01:59:59-04:00")]
    [InlineData(
        "America/Sao_Paulo",
        "0 0 * * *",
        "2018-11-03T12:00:00-03:00",
        "2018-11-04T01:00:00-02:00",
        "2018-11-05T00:00:00-02:00")]

    // Back, 02:00 to 01:00: fixed times fire at the first of two, the others at both.
    [InlineData(
        "America/New_York",
        "30 1 * * *",
        "2026-11-01T00:00:00-04:00",
        "2026-11-01T01:30:00-04:00",
        "2026-11-02T01:30:00-05:00")]
    [InlineData(
        "America/New_York",
        "30 1 * * *",
        "2026-11-01T01:00:00-05:00",
        "2026-11-02T01:30:00-05:00",
        "2026-11-03T01:30:00-05:00")]
    [InlineData(
        "America/New_York",
        "0,30 1,2 * * *",
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T02:00:00-05:00",
        "2026-11-01T02:30:00-05:00")]
    [InlineData(
        "America/New_York",
        "30 * * * *",
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:00-05:00",
        "2026-11-01T02:30:00-05:00")]
    [InlineData(
        "America/New_York",
        "*/30 1 * * *",
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:00:00-05:00",
        "2026-11-01T01:30:00-05:00")]
    [InlineData(
        "America/New_York",
        "30 1-1 * * *",
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:00-05:00",
        "2026-11-02T01:30:00-05:00")]
    [InlineData(
        "America/New_York",
        "*/30 30 1 * * *",
        "2026-11-01T01:30:30-04:00",
        "2026-11-01T01:30:00-05:00",
        "2026-11-01T01:30:30-05:00")]

    // Half an hour, at 02:00.
    [InlineData(
        "Australia/Lord_Howe",
        "15 2 * * *",
        "2026-10-03T12:00:00+10:30",
        "2026-10-04T02:30:00+11:00",
        "2026-10-05T02:15:00+11:00")]
    [InlineData(
        "Australia/Lord_Howe",
        "45 1 * * *",
        "2026-04-05T00:00:00+11:00",
        "2026-04-05T01:45:00+11:00",
        "2026-04-06T01:45:00+10:30")]
    [InlineData(
        "Australia/Lord_Howe",
        "45 * * * *",
        "2026-04-05T01:45:00+11:00",
        "2026-04-05T01:45:00+10:30",
        "2026-04-05T02:45:00+10:30")]

    // Two hours.
    [InlineData(
        "Antarctica/Troll",
        "30 1,2 * * *",
        "2026-03-29T00:00:00+00:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T01:30:00+02:00")]

    // A whole day is left out: Samoa had no December 30, 2011.
    [InlineData(
        "Pacific/Apia",
        "0 12 * * *",
        "2011-12-29T12:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
        "2011-12-31T12:00:00+14:00")]
    [InlineData(
        "Pacific/Apia",
        "0 12 30 12 *",
        "2011-01-01T00:00:00Z",
        "2011-12-31T00:00:00+14:00",
        "2012-12-30T12:00:00+14:00")]
    [InlineData(
        "Pacific/Apia",
        "0 */6 * * *",
        "2011-12-29T18:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
        "2011-12-31T06:00:00+14:00")]
    public void NextAfter_AtAJumpOfTheClock_FollowsTheRules(
        string zone, string expression, string instant, string first, string second)
    {
        var trigger = Cron.Parse(expression, zone);
        Assert.Equal(At(first).ToUniversalTime(), trigger.NextAfter(At(instant)));
        Assert.Equal(At(second).ToUniversalTime(), trigger.NextAfter(At(first)));
        Assert.Equal(TimeSpan.Zero, trigger.NextAfter(At(instant))!.Value.Offset);
    }

    [Theory]
    [InlineData("Pacific/Apia", "2011-12-30T10:00:00Z")]
    [InlineData("Pacific/Kwajalein", "1993-08-21T12:00:00Z")]
    [InlineData("America/Caracas", "2007-12-09T07:00:00Z")]
    [InlineData("Asia/Pyongyang", "2015-08-14T15:00:00Z")]
    [InlineData("Europe/Dublin", "1968-02-18T02:00:00Z")]
    [InlineData("Antarctica/Casey", "2020-10-03T16:01:00Z")]
    [InlineData("Africa/Casablanca", "2019-05-05T02:00:00Z")]
    [InlineData("Asia/Kathmandu", "1985-12-31T18:30:00Z")]
    [InlineData("Asia/Gaza", "2011-07-31T21:00:00Z")]
    [InlineData("America/Argentina/San_Luis", "2008-01-21T02:00:00Z")]
    public void NextAfter_AtAJumpOfThePast_EqualsTheMinuteWalker(string zone, string change)
    {
        var rules = TimeZoneInfo.FindSystemTimeZoneById(zone);
        Assert.NotEqual(rules.GetUtcOffset(At(change).AddMinutes(-1)), rules.GetUtcOffset(At(change)));
        CompareAround(rules, At(change).UtcDateTime);
    }

    [Theory]
    [InlineData(60, 36)]
    [InlineData(60, 29)]
    [InlineData(30, 33)]
    [InlineData(-60, 36)]
    [InlineData(120, 40)]
    [InlineData(-45, 31)]
    public void NextAfter_TwoJumpsWithinADayAndAHalf_EqualsTheMinuteWalker(int minutes, int hoursApart)
    {
        // The clock moves at 02:00 on June 1 and back so many hours later.
        var (start, end) = (new DateTime(2030, 6, 1, 2, 0, 0), new DateTime(2030, 6, 1, 2, 0, 0).AddHours(hoursApart));
        var rule = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            new DateTime(2030, 1, 1),
            new DateTime(2030, 12, 31),
            TimeSpan.FromMinutes(minutes),
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(
                new DateTime(1, 1, 1, start.Hour, start.Minute, 0), start.Month, start.Day),
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(
                new DateTime(1, 1, 1, end.Hour, end.Minute, 0), end.Month, end.Day));
        var zone = TimeZoneInfo.CreateCustomTimeZone("Test", TimeSpan.FromHours(1), "Test", "Test", "Test", [rule]);
        CompareAround(zone, new DateTime(2030, 6, 2, 0, 0, 0, DateTimeKind.Utc));
    }

    [Fact]
    public void NextAfter_ZoneWhoseClockJumpsEachYearByALot_AlwaysEndsAndMovesOn()
    {
        var rule = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date,
            DateTime.MaxValue.Date,
            TimeSpan.FromHours(14),
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(new DateTime(1, 1, 1, 0, 0, 0), 1, 1),
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(new DateTime(1, 1, 1, 14, 0, 0), 1, 2));
        var zone = TimeZoneInfo.CreateCustomTimeZone("Test", TimeSpan.Zero, "Test", "Test", "Test", [rule]);
        var timeline = new ZoneTimeline(zone);
        foreach (var text in new[] { "* * * * *", "0 0 29 2 *", "0 0 1 1 *", "30 7 1,2 1 *", "*/10 * 1 1 *" })
        {
            var pattern = new CronPattern(CronParser.Parse(text, CronRules.Standard, out _)!);
            var instant = new DateTime(2025, 12, 30).Ticks;
            for (var i = 0; i < 500; i++)
            {
                var next = timeline.NextAfterTicks(instant, pattern);
                Assert.True(next > instant, $"'{text}' after {new DateTime(instant):s}: {next}");
                instant = next.Value;
            }
        }
    }

    [Fact]
    public void NextAfter_EndsOfTheCalendar_EndWithNull()
    {
        foreach (var zone in new[] { "UTC", "Pacific/Kiritimati", "Pacific/Niue", "America/New_York" })
        {
            var trigger = Cron.Parse("* * * * *", zone);
            Assert.Null(trigger.NextAfter(DateTimeOffset.MaxValue));
            Assert.Null(Cron.Parse("0 0 29 2 *", zone).NextAfter(At("9996-03-01T00:00:00Z")));
            Assert.Equal(2, trigger.NextAfter(DateTimeOffset.MinValue)!.Value.Year);
            var late = trigger.NextAfter(At("9998-12-30T00:00:00Z"));
            Assert.Equal(At("9998-12-30T00:01:00Z"), late);
        }
    }

    private static void CompareAround(TimeZoneInfo zone, DateTime change)
    {
        var timeline = new ZoneTimeline(zone);
        var window = new ZoneWindow(zone, change.AddHours(-48), change.AddHours(48), TimeSpan.FromMinutes(1));
        foreach (var cron in CronCorpus.All)
        {
            var naive = new NaiveCron(cron);
            if (naive.HasSeconds)
            {
                continue;
            }

            var pattern = new CronPattern(CronParser.Parse(
                cron.Text, cron.Dialect == CronDialect.Celery ? CronRules.Celery : CronRules.Standard, out _)!);
            var instant = window.From.Ticks - 1;
            foreach (var tick in window.TicksOf(naive))
            {
                var found = timeline.NextAfterTicks(instant, pattern);
                Assert.True(
                    found == tick.Ticks,
                    $"{cron} in {zone.Id} after {new DateTime(instant):s}: {tick:s} by the walker, "
                        + $"{(found is { } ticks ? new DateTime(ticks) : null):s} by the trigger");
                instant = tick.Ticks;
            }

            Assert.True(timeline.NextAfterTicks(instant, pattern) is not { } beyond || beyond >= window.Until.Ticks);
        }
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

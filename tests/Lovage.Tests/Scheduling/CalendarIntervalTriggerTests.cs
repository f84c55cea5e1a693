using System.Globalization;

namespace Lovage.Tests.Scheduling;

public sealed class CalendarIntervalTriggerTests(ITestOutputHelper output)
{
    [Fact]
    public void NextAfter_MonthlyFromThe31st_KeepsTheDay()
    {
        var trigger = new CalendarIntervalTrigger(new CalendarPeriod(Months: 1), anchor: new DateOnly(2027, 1, 31));
        Assert.Equal(
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"],
            Days(trigger, "2027-01-30T00:00:00Z", 6));
        Assert.Equal(["2028-02-29", "2028-03-31"], Days(trigger, "2028-01-31T00:00:00Z", 2));
        Assert.Equal(["2000-02-29", "2000-03-31"], Days(trigger, "2000-01-31T00:00:00Z", 2));
    }

    [Fact]
    public void NextAfter_Quarterly_BeginsAsTheCalendarDoes()
    {
        Assert.Equal(
            ["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"],
            Days(Every.Quarters(1), "2026-01-01T00:00:00Z", 4));
        Assert.Equal(
            ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31"],
            Days(Every.Quarters(1, 31), "2026-01-01T00:00:00Z", 4));
        Assert.Equal(["2026-07-31", "2027-01-31"], Days(Every.Quarters(2, 31), "2026-02-01T00:00:00Z", 2));
    }

    [Fact]
    public void NextAfter_OtherUnits_CountFromTheAnchor()
    {
        Assert.Equal(["2026-01-02", "2026-01-03"], Days(Every.Days(1), "2026-01-01T00:00:00Z", 2));
        Assert.Equal(["2026-01-05", "2026-01-12"], Days(Every.Weeks(1), "2026-01-01T00:00:00Z", 2));
        Assert.Equal(["2026-01-04", "2026-01-11"], Days(Every.Weeks(1, DayOfWeek.Sunday), "2026-01-01T00:00:00Z", 2));
        Assert.Equal(["2028-02-29", "2029-02-28"], Days(Every.Years(1, 2, 29), "2028-01-01T00:00:00Z", 2));
        Assert.Equal(
            ["2026-01-10", "2026-01-13"],
            Days(
                new CalendarIntervalTrigger(new CalendarPeriod(Days: 3), anchor: new DateOnly(2026, 1, 1)),
                "2026-01-07T00:00:00Z",
                2));
        Assert.Equal(
            ["2026-01-31", "2026-03-03", "2026-04-06"],
            Days(
                new CalendarIntervalTrigger(
                    new CalendarPeriod(Months: 1, Days: 3), anchor: new DateOnly(2026, 1, 31)) with
                {
                    Start = At("2026-01-31T00:00:00Z"),
                },
                "2026-01-01T00:00:00Z",
                3));
    }

    [Fact]
    public void NextAfter_TimeAndZone_AreThoseOfTheClockThere()
    {
        var trigger = Every.Days(1, new TimeOnly(2, 30), "America/New_York");
        Assert.Equal(At("2026-03-07T02:30:00-05:00"), trigger.NextAfter(At("2026-03-06T12:00:00-05:00")));
        Assert.Equal(At("2026-03-08T03:00:00-04:00"), trigger.NextAfter(At("2026-03-07T12:00:00-05:00")));
        Assert.Equal(At("2026-03-09T02:30:00-04:00"), trigger.NextAfter(At("2026-03-08T03:00:00-04:00")));
        var repeated = Every.Days(1, new TimeOnly(1, 30), "America/New_York");
        Assert.Equal(At("2026-11-01T01:30:00-04:00"), repeated.NextAfter(At("2026-10-31T12:00:00-04:00")));
        Assert.Equal(At("2026-11-02T01:30:00-05:00"), repeated.NextAfter(At("2026-11-01T01:30:00-04:00")));

        // Samoa had no December 30, 2011.
        var month = Every.Months(1, 30, timeZone: "Pacific/Apia");
        Assert.Equal(At("2011-12-31T00:00:00+14:00"), month.NextAfter(At("2011-12-01T00:00:00Z")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4)]
    public void NextAfter_RandomPeriods_EqualsAWalkFromTheAnchor(int? seed)
    {
        var used = seed ?? Environment.TickCount;
        output.WriteLine($"seed {used}");
        var random = new Random(used);
        for (var round = 0; round < 400; round++)
        {
            var (months, days) = random.Next(3) switch
            {
                0 => (random.Next(1, 40), 0),
                1 => (0, random.Next(1, 400)),
                _ => (random.Next(1, 20), random.Next(1, 60)),
            };
            var anchor = DateOnly.FromDateTime(TriggerDraw.Instant(random).UtcDateTime);
            var time = new TimeOnly(random.Next(24), random.Next(60));
            int? day = days == 0 && random.Next(2) == 0 ? random.Next(1, 32) : null;
            var trigger = new CalendarIntervalTrigger(
                new CalendarPeriod(Months: months, Days: days), day: day, time: time, anchor: anchor);
            var expected = Enumerable.Range(-40, 80).Select(k =>
            {
                var first = new DateOnly(anchor.Year, anchor.Month, 1).AddMonths(k * months);
                var wanted = Math.Min(day ?? anchor.Day, DateTime.DaysInMonth(first.Year, first.Month));
                return new DateTimeOffset(first.AddDays(wanted - 1).AddDays(k * days).ToDateTime(time), TimeSpan.Zero);
            }).ToList();
            for (var i = 1; i < expected.Count; i++)
            {
                Assert.True(expected[i] > expected[i - 1]);
                Assert.True(
                    expected[i] == trigger.NextAfter(expected[i - 1]),
                    $"seed {used}: {trigger.ToJson()} after {expected[i - 1]:u}");
                Assert.Equal(expected[i], trigger.NextAfter(expected[i].AddTicks(-1)));
            }
        }
    }

    [Fact]
    public void NextAfter_EndsOfTheCalendar_EndWithNull()
    {
        var trigger = Every.Years(100);
        Assert.Null(trigger.NextAfter(At("9950-01-01T00:00:00Z")));
        Assert.Equal(At("9901-01-01T00:00:00Z"), trigger.NextAfter(At("9802-01-01T00:00:00Z")));
        Assert.Equal(At("0101-01-01T00:00:00Z"), trigger.NextAfter(DateTimeOffset.MinValue));
        Assert.Equal(2, Every.Days(1).NextAfter(DateTimeOffset.MinValue)!.Value.Year);
        Assert.Null(Every.Days(1).NextAfter(DateTimeOffset.MaxValue));
        Assert.NotNull(new CalendarIntervalTrigger(
            new CalendarPeriod(Months: 1, Days: 1), anchor: new DateOnly(9998, 12, 31)).NextAfter(
            DateTimeOffset.MinValue));
        Assert.NotNull(
            new CalendarIntervalTrigger(new CalendarPeriod(Months: 7), anchor: new DateOnly(1, 1, 1)).NextAfter(
                At("9990-01-01T00:00:00Z")));
    }

    [Fact]
    public void Constructor_OutOfRange_Throws()
    {
        Assert.Throws<TriggerException>(() => new CalendarIntervalTrigger(new CalendarPeriod()));
        Assert.Throws<TriggerException>(() => new CalendarIntervalTrigger(new CalendarPeriod(Days: -1)));
        Assert.Throws<TriggerException>(() => new CalendarIntervalTrigger(new CalendarPeriod(Years: 100, Days: 30)));
        Assert.Throws<TriggerException>(() => Every.Months(1, 0));
        Assert.Throws<TriggerException>(() => Every.Months(0));
        Assert.Throws<TriggerException>(() => Every.Quarters(int.MaxValue));
        Assert.Throws<TriggerException>(() => Every.Years(1, 13));
        Assert.Throws<TriggerException>(() => Every.Days(1, new TimeOnly(1)));
        Assert.Throws<TriggerException>(() => Every.Days(1, timeZone: "Nowhere"));
        Assert.Throws<TriggerException>(() => new CalendarIntervalTrigger(new CalendarPeriod(Days: 1), day: 5));
    }

    private static IEnumerable<string> Days(Trigger trigger, string instant, int count)
    {
        var next = At(instant);
        for (var i = 0; i < count; i++)
        {
            next = trigger.NextAfter(next)!.Value;
            Assert.Equal(TimeSpan.Zero, next.TimeOfDay);
            yield return next.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

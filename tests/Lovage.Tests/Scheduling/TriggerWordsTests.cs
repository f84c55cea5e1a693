namespace Lovage.Tests.Scheduling;

public sealed class TriggerWordsTests
{
    [Theory]
    [InlineData("* * * * *", "Every minute (UTC)")]
    [InlineData("* * * * * *", "Every second (UTC)")]
    [InlineData("*/15 * * * *", "Every 15 minutes (UTC)")]
    [InlineData("0,15,30,45 * * * *", "Every 15 minutes (UTC)")]
    [InlineData("30 * * * * *", "At second 30 of every minute (UTC)")]
    [InlineData("0,30 * 9-17 * * *", "Every 30 seconds of hours 9 to 17 (UTC)")]
    [InlineData("10,30 * 9-17 * * *", "At seconds 10 and 30 of every minute of hours 9 to 17 (UTC)")]
    [InlineData("*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 (UTC)")]
    [InlineData("0 * * * *", "Every hour (UTC)")]
    [InlineData("@hourly", "Every hour (UTC)")]
    [InlineData("15 * * * *", "Every hour at minute 15 (UTC)")]
    [InlineData("30 */4 * * *", "Every 4 hours at minute 30 (UTC)")]
    [InlineData("0 */4 * * *", "Every 4 hours (UTC)")]
    [InlineData("0 */12 * * *", "At 00:00 and 12:00 every day (UTC)")]
    [InlineData("0 9-17 * * *", "At minute 0 of hours 9 to 17 (UTC)")]
    [InlineData("*/15 9-17 * * MON-FRI", "Every 15 minutes of hours 9 to 17 on Monday to Friday (UTC)")]
    [InlineData("*/10 */2 * * *", "Every 10 minutes of every 2nd hour from 00 (UTC)")]
    [InlineData("0 0 * * *", "At 00:00 every day (UTC)")]
    [InlineData("5,35 2 * * *", "At 02:05 and 02:35 every day (UTC)")]
    [InlineData("30 5 2 * * *", "At 02:05:30 every day (UTC)")]
    [InlineData("*/10 5 * * * *", "Every 10 seconds during minute 5 (UTC)")]
    [InlineData("0 0 13 * FRI", "At 00:00 on the 13th or on Friday (UTC)")]
    [InlineData("0 0 */13 * FRI", "At 00:00 on the 1st, 14th and 27th when it is Friday (UTC)")]
    [InlineData("0 0 1,2,3,22 JAN,MAR *", "At 00:00 on the 1st, 2nd, 3rd and 22nd in January and March (UTC)")]
    [InlineData("0 0 L * *", "At 00:00 on the last day of the month (UTC)")]
    [InlineData("0 0 L-3 * *", "At 00:00 on the day 3 before the month's last (UTC)")]
    [InlineData("0 0 LW * *", "At 00:00 on the last weekday of the month (UTC)")]
    [InlineData("0 0 L-2W * *", "At 00:00 on the weekday nearest the day 2 before the month's last (UTC)")]
    [InlineData("0 0 11,15W * *", "At 00:00 on the 11th or the weekday nearest the 15th (UTC)")]
    [InlineData("0 0 * * FRIL", "At 00:00 on the last Friday of the month (UTC)")]
    [InlineData("0 0 * * MON#2", "At 00:00 on the 2nd Monday of the month (UTC)")]
    [InlineData("0 0 * * MON#1,WED", "At 00:00 on Wednesday or the 1st Monday of the month (UTC)")]
    [InlineData("@yearly", "At 00:00 on the 1st in January (UTC)")]
    public void Describe_Cron_IsPlainEnglish(string expression, string words) =>
        Assert.Equal(words, Cron.Parse(expression).Describe());

    public static TheoryData<Trigger, string> Others => new()
    {
        { Cron.Parse("0 0 * * *", "Asia/Shanghai"), "At 00:00 every day (Asia/Shanghai)" },
        { Cron.ParseCelery("0 0 13 * fri"), "At 00:00 on the 13th when it is Friday (UTC)" },
        { Every.Seconds(1), "Every second" },
        { Every.Minutes(5), "Every 5 minutes" },
        { Every.Period(TimeSpan.FromSeconds(90_061)), "Every 1 day, 1 hour, 1 minute and 1 second" },
        { Every.Hours(1).WithAnchor(Utc), "Every hour, counted from 2026-01-02 03:04:05 UTC" },
        { Once.At(Utc), "Once, at 2026-01-02 03:04:05 UTC" },
        { Every.Days(1, new TimeOnly(8, 0), "Europe/Berlin"), "Every day at 08:00 (Europe/Berlin)" },
        { Every.Days(3), "Every 3 days, counted from 2001-01-01, at 00:00 (UTC)" },
        { Every.Weeks(1, DayOfWeek.Sunday), "Every week on Sunday at 00:00 (UTC)" },
        { Every.Weeks(2), "Every 2 weeks on Monday, counted from 2001-01-01, at 00:00 (UTC)" },
        { Every.Months(1), "Every month on the 1st at 00:00 (UTC)" },
        { Every.Months(1, 31), "Every month on the 31st (or the month's last day) at 00:00 (UTC)" },
        {
            Every.Months(2, 29),
            "Every 2 months on the 29th (or the month's last day), counted from 2001-01-01, at 00:00 (UTC)"
        },
        {
            Every.Quarters(1, 15, new TimeOnly(6, 0, 30)),
            "Every quarter, in its first month, on the 15th at 06:00:30 (UTC)"
        },
        { Every.Years(1, 2, 29), "Every year on February 29 (or the month's last day) at 00:00 (UTC)" },
        { Every.Years(4, 7, 4), "Every 4 years on July 4, counted from 2001-07-01, at 00:00 (UTC)" },
        {
            new CalendarIntervalTrigger(new CalendarPeriod(Months: 1, Days: 2)),
            "Every 1 month and 2 days, counted from 2001-01-01, at 00:00 (UTC)"
        },
        { Trigger.Any(Every.Minutes(5), Cron.Parse("@daily")), "Every 5 minutes or at 00:00 every day (UTC)" },
        {
            Trigger.All(Every.Days(1), Trigger.Any(Every.Weeks(1))),
            "Every day at 00:00 (UTC) and at the same instant (every week on Monday at 00:00 (UTC))"
        },
        {
            Every.Minutes(5) with { Start = Utc, End = Utc.AddDays(1) },
            "Every 5 minutes, from 2026-01-02 03:04:05 UTC, before 2026-01-03 03:04:05 UTC"
        },
    };

    private static DateTimeOffset Utc { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(Others))]
    public void Describe_EachKind_IsPlainEnglish(Trigger trigger, string words)
    {
        Assert.Equal(words, trigger.Describe());
        Assert.Equal(words, trigger.ToString());
    }

    [Fact]
    public void Describe_LongestTriggers_StaysShort()
    {
        var lists =
            $"{string.Join(',', Enumerable.Range(0, 30).Select(i => i * i % 59))} "
                + $"{string.Join(',', Enumerable.Range(0, 12).Select(i => i * i % 23))} * * *";
        var cron = Cron.Parse(lists);
        Assert.Contains(" more", cron.Describe(), StringComparison.Ordinal);
        var tree = Trigger.Any(
            [.. Enumerable.Repeat<Trigger>(Trigger.Any([.. Enumerable.Repeat<Trigger>(cron, 14)]), 4)]);
        Assert.Equal(500, tree.Describe().Length);
        Assert.EndsWith("...", tree.Describe(), StringComparison.Ordinal);
    }
}

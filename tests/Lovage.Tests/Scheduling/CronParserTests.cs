using System.Globalization;

namespace Lovage.Tests.Scheduling;

/// <summary>Which texts are expressions, what they mean, and what is said about the others.</summary>
public sealed class CronParserTests
{
    [Theory]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")]
    [InlineData("  0\t12  * *   * ", "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z")]
    [InlineData("*/15 * * * *", "2026-01-01T00:59:59Z", "2026-01-01T01:00:00Z")]
    [InlineData("*/60 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")]
    [InlineData("5/20 * * * *", "2026-01-01T00:25:00Z", "2026-01-01T00:45:00Z")]
    [InlineData("1,2,58-59 * * * *", "2026-01-01T00:02:00Z", "2026-01-01T00:58:00Z")]
    [InlineData("10-40/15 * * * *", "2026-01-01T00:25:00Z", "2026-01-01T00:40:00Z")]
    [InlineData("0 0 1 JAN-mar *", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("0 0 * * MON", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")]
    [InlineData("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("0 0 * * 5-7", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("0 0 * * FRI-SUN", "2026-01-04T00:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("0 0 * * 7-2", "2026-01-06T00:00:00Z", "2026-01-11T00:00:00Z")]
    [InlineData("0 0 * * 0-7/7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("0 0 * * 5/2", "2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z")]
    [InlineData("0 0 13 * FRI", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("0 0 */13 * FRI", "2026-01-01T00:00:00Z", "2026-02-27T00:00:00Z")]
    [InlineData("0 0 1-31 * FRI", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("0 0 */30 2 *", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("0 0 ? * FRI", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("0 0 13 * ?", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z")]
    [InlineData("0 0 L * *", "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 l-3 * *", "2026-02-01T00:00:00Z", "2026-02-25T00:00:00Z")]
    [InlineData("0 0 L-30 * *", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")]
    [InlineData("0 0 LW * *", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z")]
    [InlineData("0 0 L-1W * *", "2026-02-02T00:00:00Z", "2026-02-27T00:00:00Z")]
    [InlineData("0 0 15W * *", "2026-02-01T00:00:00Z", "2026-02-16T00:00:00Z")]
    [InlineData("0 0 1W * *", "2026-07-31T00:00:00Z", "2026-08-03T00:00:00Z")]
    [InlineData("0 0 31W * *", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z")]
    [InlineData("0 0 31w * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z")]
    [InlineData("0 0 10,L,20W * *", "2026-06-10T00:00:00Z", "2026-06-19T00:00:00Z")]
    [InlineData("0 0 * * 5L", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z")]
    [InlineData("0 0 * * FRIL", "2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z")]
    [InlineData("0 0 * * 7l", "2026-01-01T00:00:00Z", "2026-01-25T00:00:00Z")]
    [InlineData("0 0 * * MON#2", "2026-01-01T00:00:00Z", "2026-01-12T00:00:00Z")]
    [InlineData("0 0 * * 1#5", "2026-01-01T00:00:00Z", "2026-03-30T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 ?", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 * 2 MON#5", "2072-03-01T00:00:00Z", "2112-02-29T00:00:00Z")]
    [InlineData("30 0 0 * * *", "2026-01-01T00:00:30Z", "2026-01-02T00:00:30Z")]
    [InlineData("*/20 * * * * *", "2026-01-01T00:00:40Z", "2026-01-01T00:01:00Z")]
    [InlineData("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@annually", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@MONTHLY", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData(" @midnight ", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")]
    public void NextAfter_StandardExpression_IsTheExpectedInstant(string expression, string instant, string expected) =>
        Assert.Equal(At(expected), Cron.Parse(expression).NextAfter(At(instant)));

    [Theory]
    [InlineData("", null, 1, "five fields")]
    [InlineData("   ", null, 1, "this has 0")]
    [InlineData("* * * *", null, 1, "this has 4")]
    [InlineData("* * * * * * *", null, 1, "this has 7")]
    [InlineData("60 * * * *", "minute", 1, "60 is out of range; 0 to 59")]
    [InlineData("* 24 * * *", "hour", 3, "0 to 23")]
    [InlineData("* * 0 * *", "day of month", 5, "1 to 31")]
    [InlineData("* * 32 * *", "day of month", 5, "1 to 31")]
    [InlineData("* * * 13 *", "month", 7, "1 to 12")]
    [InlineData("* * * * 8", "day of week", 9, "0 to 7")]
    [InlineData("61 * * * * *", "second", 1, "0 to 59")]
    [InlineData("99999999999999999999 * * * *", "minute", 1, "a number this large")]
    [InlineData("*/0 * * * *", "minute", 3, "write 1 to 60")]
    [InlineData("*/61 * * * *", "minute", 3, "larger than the field")]
    [InlineData("* */25 * * *", "hour", 5, "write 1 to 24")]
    [InlineData("*/ * * * *", "minute", 3, "a number is missing")]
    [InlineData("*/x * * * *", "minute", 3, "not 'x'")]
    [InlineData("5-1 * * * *", "minute", 1, "write 5-59,0-1")]
    [InlineData("* 22-2 * * *", "hour", 3, "write 22-23,0-2")]
    [InlineData("* 22-2/2 * * *", "hour", 3, "write 22,0,2")]
    [InlineData("* * * * FRI-MON", "day of week", 9, "write 5-6,0-1")]
    [InlineData("1- * * * *", "minute", 3, "a number is missing")]
    [InlineData("-1 * * * *", "minute", 1, "not '-'")]
    [InlineData("1,,2 * * * *", "minute", 3, "a value is missing")]
    [InlineData("1, * * * *", "minute", 3, "a value is missing")]
    [InlineData("1.5 * * * *", "minute", 2, "'.' is not expected")]
    [InlineData("** * * * *", "minute", 2, "'*' is not expected")]
    [InlineData("1-2-3 * * * *", "minute", 4, "'-' is not expected")]
    [InlineData("MON * * * *", "minute", 1, "names are for months")]
    [InlineData("* * * FOO *", "month", 7, "JAN to DEC")]
    [InlineData("* * * JANUARY *", "month", 7, "JAN to DEC")]
    [InlineData("* * * * FUN", "day of week", 9, "SUN to SAT")]
    [InlineData("* * * * L", "day of week", 9, "FRIL")]
    [InlineData("? * * * *", "minute", 1, "write *")]
    [InlineData("* * ?,1 * *", "day of month", 5, "stands alone")]
    [InlineData("* * X * *", "day of month", 5, "LW")]
    [InlineData("* * W * *", "day of month", 5, "15W")]
    [InlineData("* * L-0 * *", "day of month", 7, "L-1 to L-30")]
    [InlineData("* * L-31 * *", "day of month", 7, "L-1 to L-30")]
    [InlineData("* * L-99W * *", "day of month", 7, "99 days before")]
    [InlineData("* * 1-5W * *", "day of month", 8, "'W' is not expected")]
    [InlineData("* * 32W * *", "day of month", 5, "1 to 31")]
    [InlineData("* * * * MON#6", "day of week", 13, "#1 to #5")]
    [InlineData("* * * * MON#0", "day of week", 13, "#1 to #5")]
    [InlineData("* * * * MON#", "day of week", 13, "a number is missing")]
    [InlineData("* * * * 1-5L", "day of week", 12, "'L' is not expected")]
    [InlineData("0 0 30 2 *", "day of month", 5, "never fire")]
    [InlineData("0 0 31 4,6,9,11 *", "day of month", 5, "never fire")]
    [InlineData("0 0 0 30 FEB ?", "day of month", 7, "never fire")]
    [InlineData("0 0 */31 2 MON#5", "day of month", 5, "never fire")]
    [InlineData("0 0 L-29 2 *", "day of month", 5, "never fire")]
    [InlineData("@reboot", null, 1, "@daily")]
    [InlineData("@dailyy", null, 1, "@daily")]
    [InlineData("@daily 1", null, 1, "this has 2")]
    [InlineData("0 0 * *\n*", null, 1, "this has 4")]
    [InlineData("\u0661 * * * *", "minute", 1, "U+0661")]
    public void Parse_InvalidText_SaysWhatAndWhere(string expression, string? field, int character, string words)
    {
        var fault = Assert.Throws<TriggerException>(() => Cron.Parse(expression));
        Assert.Equal(field, fault.Field);
        Assert.Equal(character - 1, fault.Position);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Contains($"character {character}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TooLong_IsRefused()
    {
        var longest = "0,1 0 * * *".PadRight(256);
        Assert.Equal("0,1 0 * * *", Cron.Parse(longest).Expression);
        Assert.Contains(
            "at most 256",
            Assert.Throws<TriggerException>(() => Cron.Parse(longest + " ")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Null_Throws()
    {
        Assert.Throws<ArgumentNullException>(() => Cron.Parse(null!));
        Assert.Throws<ArgumentNullException>(() => Cron.Parse("@daily", null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CronTrigger("@daily", dialect: (CronDialect)7));
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("")]
    [InlineData("../../../etc/passwd")]
    [InlineData("/dev/zero")]
    [InlineData("America")]
    [InlineData("tzdata.zi")]
    [InlineData("localtime")]
    [InlineData("right/UTC")]
    [InlineData("posix/Europe/Berlin")]
    [InlineData("Europe/Berlin\0")]
    [InlineData("W. Europe Standard Time")]
    public void Parse_UnknownZone_IsRefused(string zone)
    {
        var fault = Assert.Throws<TriggerException>(() => Cron.Parse("@daily", zone));
        Assert.Contains("is not known here", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', fault.Message);
    }

    [Fact]
    public void Parse_ZoneInOtherCase_IsRefusedWhateverRanBefore()
    {
        var before = Assert.Throws<TriggerException>(() => Cron.Parse("@daily", "africa/nairobi"));
        Assert.Equal("Africa/Nairobi", Cron.Parse("@daily", "Africa/Nairobi").TimeZone);

        var after = Assert.Throws<TriggerException>(() => Cron.Parse("@daily", "africa/nairobi"));

        Assert.Equal(before.Message, after.Message);
        Assert.Contains("tzdata-legacy", after.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ZoneInOtherCase_KeepsTheZonesOwnId()
    {
        Assert.Equal("Europe/Berlin", Cron.Parse("@daily", "Europe/Berlin").TimeZone);
        Assert.Equal("UTC", Cron.Parse("@daily", "utc").TimeZone);
    }

    [Fact]
    public void Equals_SameTextZoneDialectAndBounds_IsTrue()
    {
        var one = Cron.Parse("0  0 * * *", "Asia/Shanghai") with { End = At("2030-01-01T00:00:00Z") };
        var same = new CronTrigger("0 0 * * *", "Asia/Shanghai") { End = At("2030-01-01T01:00:00+01:00") };
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, same with { End = null });
        Assert.NotEqual(one, same with { Start = At("2020-01-01T00:00:00Z") });
        Assert.NotEqual(Cron.Parse("0 0 * * *"), Cron.Parse("0 0 * * *", "Asia/Shanghai"));
        Assert.NotEqual(Cron.Parse("0 0 * * *"), Cron.ParseCelery("0 0 * * *"));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

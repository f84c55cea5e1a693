using System.Text.Json;

namespace Lovage.Tests.Scheduling;

public sealed class TriggerJsonTests
{
    public static TheoryData<Trigger, string> Forms => new()
    {
        { Cron.Parse("0 0 * * *", "Asia/Shanghai"), """{"cron":"0 0 * * *","zone":"Asia/Shanghai"}""" },
        { Cron.Parse("@daily"), """{"cron":"@daily"}""" },
        { Cron.ParseCelery("0 0 13 * fri"), """{"cron":"0 0 13 * fri","dialect":"celery"}""" },
        { Every.Minutes(5), """{"every":"00:05:00"}""" },
        { Every.Minutes(5).WithAnchor(Utc(2026, 1, 2)), """{"every":"00:05:00","anchor":"2026-01-02T00:00:00Z"}""" },
        { Every.Period(TimeSpan.FromMilliseconds(90_061_500)), """{"every":"1.01:01:01.5000000"}""" },
        { Once.At(Utc(2026, 1, 2).AddMilliseconds(25)), """{"at":"2026-01-02T00:00:00.025Z"}""" },
        {
            Every.Months(1, 31, timeZone: "Europe/Berlin"),
            """{"calendar":{"months":1},"day":31,"zone":"Europe/Berlin"}"""
        },
        { Every.Quarters(1, time: new TimeOnly(8, 30)), """{"calendar":{"months":3},"day":1,"time":"08:30"}""" },
        {
            Every.Weeks(2, DayOfWeek.Friday, new TimeOnly(8, 30, 15)),
            """{"calendar":{"weeks":2},"time":"08:30:15","anchor":"2001-01-05"}"""
        },
        {
            new CalendarIntervalTrigger(new CalendarPeriod(1, 2, 3, 4), anchor: new DateOnly(2026, 1, 31)),
            """{"calendar":{"years":1,"months":2,"weeks":3,"days":4},"anchor":"2026-01-31"}"""
        },
        {
            Trigger.Any(Cron.Parse("@daily"), Trigger.All(Once.At(Utc(2026, 1, 2)))),
            """{"any":[{"cron":"@daily"},{"all":[{"at":"2026-01-02T00:00:00Z"}]}]}"""
        },
        {
            Cron.Parse("@daily") with { Start = Utc(2026, 1, 2), End = Utc(2027, 1, 2) },
            """{"cron":"@daily","start":"2026-01-02T00:00:00Z","end":"2027-01-02T00:00:00Z"}"""
        },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void ToJson_EachKind_IsTheCanonicalForm(Trigger trigger, string json)
    {
        Assert.Equal(json, trigger.ToJson());
        Assert.Equal(trigger, Trigger.FromJson(json));
        using var document = JsonDocument.Parse($$"""{"trigger":{{json}}}""");
        Assert.Equal(trigger, Trigger.FromJson(document.RootElement.GetProperty("trigger")));
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            trigger.WriteTo(writer);
        }

        Assert.Equal(trigger, Trigger.FromJson(System.Text.Encoding.UTF8.GetString(stream.ToArray())));
    }

    [Theory]
    [InlineData("""{"dialect":"standard","zone":"UTC","cron":" 0 0  * * *"}""", """{"cron":"0 0 * * *"}""")]
    [InlineData("""{"at":"2026-01-02T01:00+01:00"}""", """{"at":"2026-01-02T00:00:00Z"}""")]
    [InlineData("""{"at":"2026-01-02T00:00:00.1234567Z"}""", """{"at":"2026-01-02T00:00:00.123Z"}""")]
    [InlineData(
        """{"calendar":{"months":1,"days":0},"day":31,"time":"00:00","zone":"UTC","anchor":"2001-01-01"}""",
        """{"calendar":{"months":1},"day":31}""")]
    [InlineData(
        """{"every":"1:00:00","anchor":"2026-01-02T00:00:00-00:00"}""",
        """{"every":"01:00:00","anchor":"2026-01-02T00:00:00Z"}""")]
    public void FromJson_OtherSpelling_BecomesCanonical(string json, string canonical) =>
        Assert.Equal(canonical, Trigger.FromJson(json).ToJson());

    [Theory]
    [InlineData("", null, "not JSON")]
    [InlineData("{", null, "not JSON")]
    [InlineData("[]", "$", "an object")]
    [InlineData("null", "$", "an object")]
    [InlineData("{}", "$", "it is empty")]
    [InlineData("""{"rrule":"FREQ=DAILY"}""", "$", "no kind of trigger that is known here (it has rrule)")]
    [InlineData("""{"cron":"@daily","every":"00:05:00"}""", "$", "several kinds of trigger, cron and every")]
    [InlineData("""{"cron":"@daily","cron":"@hourly"}""", null, "twice")]
    [InlineData("""{"cron":"@daily","anchor":"2026-01-01T00:00:00Z"}""", "$.anchor", "'anchor' is not known here")]
    [InlineData("""{"cron":"@daily","zne":"UTC"}""", "$.zne", "'zne' is not known here")]
    [InlineData("""{"cron":5}""", "$.cron", "a text")]
    [InlineData("""{"cron":null}""", "$.cron", "a text")]
    [InlineData("""{"cron":"* * * * 9"}""", "$.cron", "day of week, character 9")]
    [InlineData("""{"cron":"@daily","zone":"Mars/Olympus"}""", "$.cron", "'Mars/Olympus' is not known here")]
    [InlineData("""{"cron":"@daily","dialect":"quartz"}""", "$.dialect", "'quartz' is no dialect")]
    [InlineData("""{"cron":"@daily","start":"2026-01-01"}""", "$.start", "no instant")]
    [InlineData("""{"cron":"@daily","start":"2026-01-01T00:00:00"}""", "$.start", "no instant")]
    [InlineData(
        """{"cron":"@daily","start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}""", "$", "before it starts")]
    [InlineData("""{"cron":"\ud800"}""", "$.cron", "lone surrogate")]
    [InlineData("""{"\ud800":"@daily"}""", null, "cannot be read")]
    [InlineData("""{"every":"5"}""", "$.every", "write [days.]hours:minutes:seconds")]
    [InlineData("""{"every":"5 minutes"}""", "$.every", "write [days.]hours:minutes:seconds")]
    [InlineData("""{"every":"00:00:00.5"}""", "$.every", "1 s to 36,525 days")]
    [InlineData("""{"every":"-00:05:00"}""", "$.every", "1 s to 36,525 days")]
    [InlineData("""{"every":"36526.00:00:00"}""", "$.every", "1 s to 36,525 days")]
    [InlineData("""{"calendar":{}}""", "$.calendar", "at least a day")]
    [InlineData("""{"calendar":{"months":-1}}""", "$.calendar", "-1 months")]
    [InlineData("""{"calendar":{"months":1.5}}""", "$.calendar.months", "a whole number")]
    [InlineData("""{"calendar":{"fortnights":1}}""", "$.calendar.fortnights", "not known here")]
    [InlineData("""{"calendar":{"years":101}}""", "$.calendar", "at most 100 years")]
    [InlineData("""{"calendar":{"months":1},"day":32}""", "$.calendar", "1 to 31")]
    [InlineData("""{"calendar":{"weeks":1},"day":5}""", "$.calendar", "years and months only")]
    [InlineData("""{"calendar":{"days":1},"time":"24:00"}""", "$.time", "no time of the day")]
    [InlineData("""{"calendar":{"days":1},"anchor":"2026-02-30"}""", "$.anchor", "no date")]
    [InlineData("""{"calendar":{"days":1},"anchor":"9999-01-01"}""", "$.calendar", "too late")]
    [InlineData("""{"calendar":"monthly"}""", "$.calendar", "an object")]
    [InlineData("""{"any":[]}""", "$.any", "1 to 16")]
    [InlineData("""{"any":{}}""", "$.any", "a list")]
    [InlineData("""{"any":[{"cron":"@daily"},{"every":"x"}]}""", "$.any[1].every", "no period")]
    [InlineData(
        """{"any":[{"all":[{"any":[{"all":[{"cron":"@daily"}]}]}]}]}""",
        "$.any[0].all[0].any[0].all[0]",
        "at most 4 deep")]
    public void FromJson_NotATrigger_SaysWhatAndWhere(string json, string? field, string words)
    {
        var fault = Assert.Throws<TriggerException>(() => Trigger.FromJson(json));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Equal(field, fault.Field);
    }

    [Fact]
    public void FromJson_ElementOfALaxDocument_IsReadStrictly()
    {
        static TriggerException Refused(string json)
        {
            using var document = JsonDocument.Parse(json);
            return Assert.Throws<TriggerException>(() => Trigger.FromJson(document.RootElement));
        }

        Assert.Contains("twice", Refused("""{"cron":"@daily","cron":"@daily"}""").Message, StringComparison.Ordinal);
        Assert.Contains("surrogate", Refused("""{"\ud800":"@daily"}""").Message, StringComparison.Ordinal);
        Assert.Throws<TriggerException>(() => Trigger.FromJson(default(JsonElement)));
        Assert.Throws<ArgumentNullException>(() => Trigger.FromJson(null!));
    }

    [Fact]
    public void FromJson_TooMuch_IsRefused()
    {
        Assert.Throws<TriggerException>(() => Trigger.FromJson(new string(' ', 16_385)));
        Assert.Throws<TriggerException>(() => Trigger.FromJson(string.Concat(Enumerable.Repeat("{\"any\":[", 500))));
        var sixteen = string.Join(',', Enumerable.Repeat("""{"cron":"@daily"}""", 16));
        Assert.Equal(16, Assert.IsType<AnyTrigger>(Trigger.FromJson($$"""{"any":[{{sixteen}}]}""")).Parts.Length);
        Assert.Throws<TriggerException>(() => Trigger.FromJson($$"""{"any":[{{sixteen}},{"cron":"@daily"}]}"""));
        var many = string.Join(',', Enumerable.Repeat($$"""{"any":[{{sixteen}}]}""", 4));
        Assert.Contains(
            "at most 64",
            Assert.Throws<TriggerException>(() => Trigger.FromJson($$"""{"all":[{{many}}]}""")).Message,
            StringComparison.Ordinal);
    }

    private static DateTimeOffset Utc(int year, int month, int day) => new(year, month, day, 0, 0, 0, TimeSpan.Zero);
}

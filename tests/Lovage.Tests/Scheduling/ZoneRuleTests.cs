using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Lovage.Scheduling;

namespace Lovage.Tests.Scheduling;

/// <summary>The last line of a zone file, which .NET misreads when an hour of it is not one of the day.</summary>
public sealed class ZoneRuleTests
{
    private const string Santiago = "<-04>4<-03>,M9.1.6/24,M4.1.6/24";
    private const string Cairo = "EET-2EEST,M4.5.5/0,M10.5.4/24";
    private const string Nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
    private const string Jerusalem = "IST-2IDT,M3.4.4/26,M10.5.0";
    private const string Gaza = "EET-2EEST,M3.4.4/50,M10.4.4/50";
    private const string Berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

    private const int HoursCompared = 2 * 366 * 24;

    private static readonly string Folder = Environment.GetEnvironmentVariable("TZDIR") ?? "/usr/share/zoneinfo";

    /// <summary>The last second before a change and the first one after it, as zdump tells them.</summary>
    [Theory]
    [InlineData(Santiago, "2026-04-05T03:00:00Z", -3, -4)]
    [InlineData(Santiago, "2026-09-06T04:00:00Z", -4, -3)]
    [InlineData(Cairo, "2026-04-23T22:00:00Z", 2, 3)]
    [InlineData(Cairo, "2026-10-29T21:00:00Z", 3, 2)]
    [InlineData(Nuuk, "2026-03-29T01:00:00Z", -2, -1)]
    [InlineData(Nuuk, "2026-10-25T01:00:00Z", -1, -2)]
    [InlineData(Jerusalem, "2026-03-27T00:00:00Z", 2, 3)]
    [InlineData(Jerusalem, "2026-10-24T23:00:00Z", 3, 2)]
    [InlineData(Gaza, "2027-03-27T00:00:00Z", 2, 3)]
    [InlineData(Gaza, "2027-10-29T23:00:00Z", 3, 2)]
    [InlineData(Berlin, "2026-03-29T01:00:00Z", 1, 2)]
    [InlineData(Berlin, "2026-10-25T01:00:00Z", 2, 1)]
    [InlineData("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-03-29T01:00:00Z", 0, 1)]
    [InlineData("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-04T15:00:00Z", 11, 10.5)]
    [InlineData("AAA3BBB,J60/0,J300/0", "2028-03-01T03:00:00Z", -3, -2)]
    [InlineData("AAA3BBB,J59/0,J300/0", "2028-02-28T03:00:00Z", -3, -2)]
    [InlineData("AAA3BBB,59/0,299/0", "2028-02-29T03:00:00Z", -3, -2)]
    [InlineData("AAA3BBB,M1.1.1/-30,M7.1.0", "2028-01-01T21:00:00Z", -3, -2)]
    [InlineData("AAA3BBB,M1.1.0/-167,M7.1.0", "2027-12-26T04:00:00Z", -3, -2)]
    public void OffsetAt_AroundAChange_IsThatOfTheRule(string line, string change, double before, double after)
    {
        var rule = Assert.IsType<ZoneRule>(ZoneRule.Parse(line, long.MinValue));
        var instant = Seconds(change);

        Assert.Equal((before * 3_600, after * 3_600), (rule.OffsetAt(instant - 1), rule.OffsetAt(instant)));
    }

    [Fact]
    public void OffsetAt_DaylightSavingAllYear_NeverEnds()
    {
        var rule = Assert.IsType<ZoneRule>(ZoneRule.Parse("AAA3BBB,0/0,J365/25", long.MinValue));

        for (var instant = Seconds("2027-12-30T00:00:00Z"); instant < Seconds("2029-02-01T00:00:00Z"); instant += 1_800)
        {
            Assert.Equal(-7_200, rule.OffsetAt(instant));
        }
    }

    [Fact]
    public void OffsetAt_EndsOfTheCalendar_DoesNotFail()
    {
        var rule = Assert.IsType<ZoneRule>(ZoneRule.Parse(Santiago, long.MinValue));

        Assert.Equal(-10_800, rule.OffsetAt(Seconds("0002-01-01T00:00:00Z")));
        Assert.Equal(-10_800, rule.OffsetAt(DateTime.MaxValue.Ticks / TimeSpan.TicksPerSecond));
    }

    [Theory]
    [InlineData("")]
    [InlineData("UTC0")]
    [InlineData("CET-1CEST")]
    [InlineData("CET-1CEST,M3.5.0")]
    [InlineData("CET-1CEST,M13.5.0,M10.5.0")]
    [InlineData("CET-1CEST,M3.6.0,M10.5.0")]
    [InlineData("CET-1CEST,M3.5.7,M10.5.0")]
    [InlineData("CET-1CEST,J0,J300")]
    [InlineData("CET-1CEST,366,J300")]
    [InlineData("CET-1CEST,M3.5.0/169,M10.5.0")]
    [InlineData("CET-1CEST,M3.5.0,M10.5.0\n")]
    public void Parse_NoRule_IsNull(string line) => Assert.Null(ZoneRule.Parse(line, 0));

    [Theory]
    [InlineData(Santiago, true)]
    [InlineData(Cairo, true)]
    [InlineData(Nuuk, true)]
    [InlineData(Jerusalem, true)]
    [InlineData(Berlin, false)]
    [InlineData("<-06>6<-05>,M9.1.6/22,M4.1.6/22", false)]
    [InlineData("AAA3BBB,59/0,J300", true)]
    public void IsMisreadBySystem_HourOfAnotherDay_IsTrue(string line, bool isMisread) =>
        Assert.Equal(isMisread, ZoneRule.Parse(line, 0)!.IsMisreadBySystem);

    [Theory]
    [InlineData("America/Santiago", Santiago, "2026-04-03T16:00:00Z", "2026-04-04T15:00:00Z", "2026-04-05T16:00:00Z")]
    [InlineData("Africa/Cairo", Cairo, "2026-10-28T10:00:00Z", "2026-10-29T09:00:00Z", "2026-10-30T10:00:00Z")]
    [InlineData("America/Nuuk", Nuuk, "2026-03-27T15:00:00Z", "2026-03-28T14:00:00Z", "2026-03-29T13:00:00Z")]
    [InlineData("Asia/Jerusalem", Jerusalem, "2026-03-25T11:00:00Z", "2026-03-26T10:00:00Z", "2026-03-27T09:00:00Z")]
    public void NextAfter_SlimFile_FiresAtNoonOfTheZone(
        string id, string line, string instant, string first, string second)
    {
        var rule = ZoneFile.ReadRule(File("\n" + line + "\n", Seconds("2024-01-01T00:00:00Z")));
        var timeline = new ZoneTimeline(TimeZoneInfo.FindSystemTimeZoneById(id), rule);
        var noon = new CronPattern(CronParser.Parse("0 12 * * *", CronRules.Standard, out _)!);

        Assert.Equal(Seconds(first), timeline.NextAfter(Seconds(instant), noon));
        Assert.Equal(Seconds(second), timeline.NextAfter(Seconds(first), noon));
    }

    [Fact]
    public void ReadRule_File_HoldsFromItsLastChange()
    {
        var last = Seconds("2024-04-07T03:00:00Z");

        Assert.Equal(last, ZoneFile.ReadRule(File("\n" + Santiago + "\n", last))!.From);
        Assert.Equal(long.MinValue, ZoneFile.ReadRule(File("\n" + Santiago + "\n"))!.From);
    }

    [Fact]
    public void ReadRule_DamagedFile_IsNull()
    {
        var file = File("\n" + Santiago + "\n", 1);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Null(ZoneFile.ReadRule(file.AsSpan(0, length)));
        }

        for (var place = 0; place < file.Length; place++)
        {
            var damaged = file.ToArray();
            damaged[place] ^= 0xff;
            _ = ZoneFile.ReadRule(damaged);
        }

        Assert.Null(ZoneFile.ReadRule(File("", 1)));
        Assert.Null(ZoneFile.ReadRule(File("\n\n", 1)));
    }

    [Fact]
    public void ReadRule_EveryZoneOfThisMachine_AgreesWithTheSystemWhereItReadsRight()
    {
        Assert.SkipUnless(Directory.Exists(Folder), "This machine has no zone files.");
        var rules = 0;
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones().Where(static zone => zone.HasIanaId))
        {
            var path = Path.Combine(Folder, zone.Id);
            if (!System.IO.File.Exists(path) || ZoneFile.ReadRule(System.IO.File.ReadAllBytes(path)) is not { } rule)
            {
                continue;
            }

            // .NET follows the line after the last change of the file. Where it misreads the line, it is right only
            // about changes that the file lists, and these are the line's until 2037.
            var listedUntil = Seconds("2037-01-01T00:00:00Z");
            var isListed = rule.From > listedUntil && rule.From < Seconds("2038-01-01T00:00:00Z");
            var from = rule.IsMisreadBySystem ? Seconds("2034-01-01T00:00:00Z") : Math.Max(rule.From, listedUntil);
            for (var hour = 0; hour < HoursCompared && (isListed || !rule.IsMisreadBySystem); hour++)
            {
                var instant = from + (hour * 3_600L);
                var system = zone.GetUtcOffset(
                    new DateTime(instant * TimeSpan.TicksPerSecond, DateTimeKind.Utc)).TotalSeconds;
                Assert.True(
                    system == rule.OffsetAt(instant),
                    $"{zone.Id} at {new DateTime(instant * TimeSpan.TicksPerSecond):s}: {system}");
            }

            rules++;
        }

        Assert.True(rules > 50, $"{rules} rules were read.");
    }

    [Theory]
    [InlineData("America/Santiago", true)]
    [InlineData("Europe/Berlin", false)]
    [InlineData("Asia/Shanghai", false)]
    [InlineData("No/Such", false)]
    [InlineData("America", false)]
    public void FindRule_ZoneOfThisMachine_IsThereWhenTheSystemMisreadsIt(string id, bool isThere)
    {
        Assert.SkipUnless(Directory.Exists(Folder), "This machine has no zone files.");

        Assert.Equal(isThere, ZoneFile.FindRule(id) is not null);
    }

    [Fact]
    public void Of_SameZone_IsTheSameTimeline()
    {
        var first = ZoneTimelines.Of(TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo"));

        Assert.Same(first, ZoneTimelines.Of(TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo")));
        Assert.NotSame(first, ZoneTimelines.Of(TimeZoneInfo.FindSystemTimeZoneById("Asia/Seoul")));
    }

    [Fact]
    public void Parse_KnownZone_ReadsItsRulesOnce()
    {
        _ = Cron.Parse("@daily", "Europe/Berlin");
        _ = Cron.Parse("@daily");
        var inUtc = Allocated("UTC");

        // The rules of Europe/Berlin are some 16 KB.
        Assert.InRange(Allocated("Europe/Berlin"), inUtc - 1_000, inUtc + 1_000);

        static long Allocated(string zone)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = Cron.Parse("@daily", zone);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    /// <summary>A file of version 2 whose block of 64 bits lists these changes.</summary>
    private static byte[] File(string end, params long[] changes)
    {
        var file = new List<byte>();
        AddBlock(0, 4);
        AddBlock(changes.Length, 8);
        file.AddRange(Encoding.ASCII.GetBytes(end));
        return [.. file];

        void AddBlock(int times, int size)
        {
            file.AddRange("TZif2"u8.ToArray());
            file.AddRange(new byte[15]);
            foreach (var count in new[] { 0, 0, 0, times, 1, 4 })
            {
                var bytes = new byte[sizeof(int)];
                BinaryPrimitives.WriteInt32BigEndian(bytes, count);
                file.AddRange(bytes);
            }

            foreach (var change in changes.Take(times))
            {
                var bytes = new byte[size];
                BinaryPrimitives.WriteInt64BigEndian(bytes, change - Seconds("1970-01-01T00:00:00Z"));
                file.AddRange(bytes);
            }

            file.AddRange(new byte[times]);
            file.AddRange(new byte[6]);
            file.AddRange("-04\0"u8.ToArray());
        }
    }

    private static long Seconds(string instant) =>
        DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture).UtcTicks / TimeSpan.TicksPerSecond;
}

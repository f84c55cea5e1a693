using System.Diagnostics;

namespace Lovage.Tests.Scheduling.Corpus;

/// <summary>
/// 400 expressions in every zone around every change of its clock, compared with <see cref="NaiveCron"/> walking minute
/// by minute. The default run takes some of the changes; LOVAGE_CRON_CORPUS=all takes all of them.
/// </summary>
public sealed class CronCorpusTests(ITestOutputHelper output)
{
    private const int ChangesByDefault = 20;
    private const int DaysByDefault = 3;
    private const int ProbesPerWindow = 4;
    private static readonly bool IsWhole = Environment.GetEnvironmentVariable("LOVAGE_CRON_CORPUS") == "all";
    private static readonly TimeSpan Around = TimeSpan.FromHours(36);
    private static readonly TimeSpan AroundWithSeconds = TimeSpan.FromHours(2);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Corpus_HasFourHundredDifferentExpressions()
    {
        Assert.Equal(CronCorpus.Size, CronCorpus.All.Count);
        Assert.True(CronCorpus.All.Distinct().Count() > CronCorpus.Size * 0.95);
        var naive = CronCorpus.All.Select(cron => new NaiveCron(cron)).ToList();
        Assert.True(naive.Count(cron => !cron.IsInterval) > 40);
        Assert.True(naive.Count(cron => cron.HasSeconds) > 20);
    }

    [Fact]
    public void NextAfter_AroundEveryChangeOfTheClock_EqualsTheMinuteWalker()
    {
        var zones = ZoneChanges.Distinct(IsWhole ? TimeSpan.FromMinutes(15) : TimeSpan.FromHours(6));
        var changes = zones.SelectMany(zone => zone.Changes.Select(change => (zone.Zone, Change: change))).ToList();
        Assert.True(
            zones.Count > 50 && changes.Count > 500,
            $"{zones.Count} zones with {changes.Count} changes: the zone files are not what they should be.");
        if (!IsWhole)
        {
            // Another change of another zone each time, and always the half hour of Lord Howe.
            var stride = (changes.Count / (ChangesByDefault - 2)) + 1;
            changes =
            [
                .. changes.Where((_, i) => i % stride == 0),
                .. changes.Where(change => change.Zone.Id == "Australia/Lord_Howe").Take(2),
            ];
        }

        var clock = Stopwatch.StartNew();
        var compared = 0L;
        Parallel.ForEach(changes, Options, place =>
        {
            Interlocked.Add(ref compared, Compare(
                new ZoneWindow(place.Zone, place.Change - Around, place.Change + Around, Minute),
                place.Zone.Id,
                withSeconds: false));
            Interlocked.Add(ref compared, Compare(
                new ZoneWindow(place.Zone, place.Change - AroundWithSeconds, place.Change + AroundWithSeconds, Second),
                place.Zone.Id,
                withSeconds: true));
        });
        output.WriteLine(
            $"{CronCorpus.Size} expressions (seed {CronCorpus.Seed}), {zones.Count} sets of rules, {changes.Count} "
                + $"changes: {compared:N0} next times compared in {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.True(compared > changes.Count * 10_000L);
    }

    [Fact]
    public void NextAfter_FarFromChanges_EqualsTheMinuteWalker()
    {
        var clock = Stopwatch.StartNew();
        var compared = 0L;
        (string Zone, DateTime From)[] places =
        [
            ("UTC", Utc(2024, 2, 27)),
            ("Asia/Shanghai", Utc(2026, 12, 30)),
            ("Asia/Kathmandu", Utc(2025, 6, 28)),
            ("America/New_York", Utc(2028, 2, 28)),
            ("Pacific/Kiritimati", Utc(2031, 8, 30)),
        ];
        Parallel.ForEach(places, Options, place =>
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(place.Zone);
            var until = place.From.AddDays(IsWhole ? 120 : DaysByDefault);
            Interlocked.Add(
                ref compared, Compare(new ZoneWindow(zone, place.From, until, Minute), place.Zone, withSeconds: false));
            Interlocked.Add(ref compared, Compare(
                new ZoneWindow(zone, place.From, place.From + AroundWithSeconds, Second),
                place.Zone,
                withSeconds: true));
        });
        output.WriteLine(
            $"{places.Length} places: {compared:N0} next times compared in {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.True(compared > places.Length * 10_000L);
    }

    private static ParallelOptions Options =>
        new()
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount,
            CancellationToken = TestContext.Current.CancellationToken,
        };

    private static DateTime Utc(int year, int month, int day) => new(year, month, day, 0, 0, 0, DateTimeKind.Utc);

    private static long Compare(ZoneWindow window, string zone, bool withSeconds)
    {
        var compared = 0L;
        var random = new Random(CronCorpus.Seed);
        foreach (var cron in CronCorpus.All)
        {
            var naive = new NaiveCron(cron);
            if (naive.HasSeconds != withSeconds)
            {
                continue;
            }

            var trigger = cron.In(zone);
            var expected = window.TicksOf(naive);
            var instant = new DateTimeOffset(window.From) - Second;
            foreach (var tick in expected)
            {
                var next = trigger.NextAfter(instant);
                if (next != tick)
                {
                    Assert.Fail($"{cron} in {zone} after {instant:u}: {tick:u} by the walker, {next:u} by the trigger");
                }

                instant = next.Value;
            }

            compared += expected.Count + ProbesPerWindow + 1;
            var after = trigger.NextAfter(instant);
            Assert.True(
                after >= window.Until,
                $"{cron} in {zone} after {instant:u}: none by the walker before {window.Until:u}, {after:u} by the "
                    + "trigger");
            for (var probe = 0; probe < ProbesPerWindow; probe++)
            {
                var asked = new DateTimeOffset(
                    window.From.AddTicks(random.NextInt64((window.Until - window.From).Ticks)));
                var index = expected.BinarySearch(asked.UtcDateTime);
                index = index < 0 ? ~index : index + 1;
                var answer = trigger.NextAfter(asked);
                Assert.True(
                    index < expected.Count ? answer == expected[index] : answer >= window.Until,
                    $"{cron} in {zone} after {asked:O}: {(index < expected.Count ? expected[index] : "none"):u} by "
                        + $"the walker, {answer:u} by the trigger");
            }
        }

        return compared;
    }
}

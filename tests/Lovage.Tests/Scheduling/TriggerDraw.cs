using System.Collections.Immutable;
using Lovage.Tests.Scheduling.Corpus;

namespace Lovage.Tests.Scheduling;

/// <summary>Triggers of every kind, drawn from a seed.</summary>
internal static class TriggerDraw
{
    private static readonly string[] Zones =
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ];

    internal static Trigger Next(Random random, int depth = 1)
    {
        var trigger = random.Next(depth < 3 ? 8 : 6) switch
        {
            0 or 1 => CronCorpus.All[random.Next(CronCorpus.All.Count)].In(Zones[random.Next(Zones.Length)]),
            2 => new IntervalTrigger(
                TimeSpan.FromMilliseconds(random.NextInt64(1_000, 10_000_000_000)), Instant(random)),
            3 => Once.At(Instant(random)),
            4 => Every.Months(random.Next(1, 30), random.Next(1, 32), Time(random), Zones[random.Next(Zones.Length)]),
            5 => Calendar(random),
            6 => Trigger.Any(Parts(random, depth)),
            _ => (Trigger)Trigger.All(Parts(random, depth)),
        };
        trigger = random.Next(4) == 0 ? trigger with { Start = Instant(random, 2020, 2030) } : trigger;
        return random.Next(4) == 0 ? trigger with { End = Instant(random, 2031, 2045) } : trigger;
    }

    internal static DateTimeOffset Instant(Random random, int from = 2015, int until = 2045) =>
        new(random.NextInt64(new DateTime(from, 1, 1).Ticks, new DateTime(until, 1, 1).Ticks), TimeSpan.Zero);

    private static ImmutableArray<Trigger> Parts(Random random, int depth) =>
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Next(random, depth + 1))];

    private static TimeOnly Time(Random random) => random.Next(3) == 0
        ? default
        : new TimeOnly(random.Next(24), random.Next(60), random.Next(2) == 0 ? 0 : random.Next(60));

    private static CalendarIntervalTrigger Calendar(Random random) => new(
        new CalendarPeriod(random.Next(3), random.Next(15), random.Next(5), random.Next(1, 50)),
        time: Time(random),
        timeZone: Zones[random.Next(Zones.Length)],
        anchor: random.Next(2) == 0 ? null : DateOnly.FromDateTime(Instant(random).UtcDateTime));
}

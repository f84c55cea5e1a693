using System.Globalization;

namespace Lovage.Tests.Scheduling.Corpus;

/// <summary>
/// The 400 expressions: some picked by hand, the others drawn from a seed. Hours are mostly those at which clocks
/// change.
/// </summary>
internal static class CronCorpus
{
    internal const int Size = 400;
    internal const int Seed = 20_261_122;
    private const int YearsOfTheCalendar = 400;

    private static readonly string[] Picked =
    [
        "* * * * *", "*/2 * * * *", "*/5 * * * *", "*/7 * * * *", "*/10 * * * *", "*/15 * * * *", "*/20 * * * *",
        "*/30 * * * *", "*/59 * * * *", "*/60 * * * *", "0 * * * *", "15 * * * *", "30 * * * *", "45 * * * *",
        "59 * * * *", "0 */2 * * *", "0 */3 * * *", "30 */2 * * *", "15 1-23/2 * * *", "0 0-4 * * *", "0 0 * * *",
        "30 0 * * *", "59 23 * * *", "0 1 * * *", "30 1 * * *", "59 1 * * *", "0 2 * * *", "1 2 * * *", "15 2 * * *",
        "30 2 * * *", "45 2 * * *", "59 2 * * *", "0 3 * * *", "30 3 * * *", "0 4 * * *", "0,30 2 * * *",
        "0,15,30,45 1,2,3 * * *", "10,20 0,1,2,3 * * *", "*/15 2 * * *", "*/30 1-3 * * *", "20-40 2 * * *", "* 2 * * *",
        "30 2-2 * * *", "30 2 * * SUN", "30 2 * * SUN#2", "30 2 * * SUNL", "30 1 * * SUNL", "30 1 * 3,10,11 SUN",
        "0 2 * * SAT", "0 0 * * FRI", "30 2 8-14 3 *", "30 2 25-31 3 SUN", "30 2 13 * FRI", "0 0 1 * *", "0 0 L * *",
        "30 1 L * *", "0 0 L-3 * *", "30 23 LW * *", "0 9 15W * *", "30 2 1W * *", "0 2 31W * *", "15 2 L-2W * *",
        "0 12 * * MON#1,MON#3", "0 12 * * 5#5", "0 8 29 2 *", "30 2 */2 * SUN", "30 2 ? * SUN", "30 2 ? * ?",
        "0 6 * * 1-5", "0 6 * * 5-7", "0 6 * * FRI-SUN", "0 6 * * 0,7", "*/10 0-3 * 3,4,9,10,11 SAT,SUN",
        "5/10 * * * *", "30 1/2 * * *", "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually",
        "0 0 1 1,4,7,10 *", "59 23 31 12 *", "0,59 0,23 * * *",
    ];

    private static readonly string[] PickedWithSeconds =
    [
        "* * * * * *", "*/10 * * * * *", "0 * * * * *", "30 */15 * * * *", "0 30 2 * * *", "0,30 0,30 1,2 * * *",
        "59 59 1 * * *", "0-5 0 2 * * *", "*/7 */7 */2 * * *", "15 30 1 * * SUNL", "0 0 3 * * ?", "1 0 0 * * *",
    ];

    private static readonly string[] PickedFromCelery =
    [
        "*/15 * * * *", "0 4 * * *", "30 2 * * *", "0 0 13 * fri", "0 0 * * mon-fri", "0 22-2 * * *", "55-5 * * * *",
        "0 0 * * */2", "0 0 */3 * *", "1-20/5 * * * *", "30 2 25-31 3 sunday", "*/30 1-3 * * sat,sun", "0 0 1-7 * mon",
        "0 23-3/2 * * *", "0 0 * nov-feb *", "0 2 28-3 * *", "30 1,2 * * fri-mon",
    ];

    private static readonly Lazy<List<CronCase>> Cases = new(Make);

    internal static IReadOnlyList<CronCase> All => Cases.Value;

    private static List<CronCase> Make()
    {
        List<CronCase> cases =
        [
            .. Picked.Concat(PickedWithSeconds).Select(text => new CronCase(text, CronDialect.Standard)),
            .. PickedFromCelery.Select(text => new CronCase(text, CronDialect.Celery)),
        ];
        var random = new Random(Seed);
        var draw = 0;
        while (cases.Count < Size)
        {
            // One in eight has seconds, one in eight is Celery's.
            var dialect = draw % 8 == 3 ? CronDialect.Celery : CronDialect.Standard;
            var cron = new CronCase(Draw(random, dialect, withSeconds: draw++ % 8 == 7), dialect);
            if (FiresInTheCalendar(cron))
            {
                cases.Add(cron);
            }
            else
            {
                Assert.Contains(
                    "never", Assert.Throws<TriggerException>(() => cron.In("UTC")).Message, StringComparison.Ordinal);
            }
        }

        return cases;
    }

    private static bool FiresInTheCalendar(CronCase cron)
    {
        var naive = new NaiveCron(cron);
        for (var date = new DateOnly(2000, 1, 1); date.Year < 2000 + YearsOfTheCalendar; date = date.AddDays(1))
        {
            if (naive.MatchesDay(date))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A valid expression, unless its days never come.</summary>
    internal static string Draw(Random random, CronDialect dialect, bool withSeconds)
    {
        var isCelery = dialect == CronDialect.Celery;
        var fields = new List<string>();
        if (withSeconds)
        {
            fields.Add(Field(random, 0, 59, isCelery));
        }

        fields.Add(Field(random, 0, 59, isCelery));
        fields.Add(random.Next(3) switch
        {
            0 => Field(random, 0, 23, isCelery),
            1 => Numbers(random, 0, 4),
            _ => Field(random, 0, 5, isCelery),
        });
        fields.Add(DayOfMonth(random, isCelery));
        fields.Add(random.Next(4) == 0 ? Field(random, 1, 12, isCelery) : "*");
        fields.Add(DayOfWeek(random, isCelery));
        return string.Join(' ', fields);
    }

    private static string Field(Random random, int min, int max, bool isCelery) => random.Next(6) switch
    {
        0 => "*",
        1 => string.Create(CultureInfo.InvariantCulture, $"*/{random.Next(1, max - min + 2)}"),
        2 => Span(random, min, max, isCelery),
        3 => string.Create(
            CultureInfo.InvariantCulture, $"{Span(random, min, max, isCelery)}/{random.Next(1, (max - min) / 2)}"),
        4 => $"{Numbers(random, min, max)},{Span(random, min, max, isCelery)}",
        _ => Numbers(random, min, max),
    };

    private static string Numbers(Random random, int min, int max) =>
        string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(min, max + 1)));

    private static string Span(Random random, int min, int max, bool wraps)
    {
        var (low, high) = (random.Next(min, max + 1), random.Next(min, max + 1));
        (low, high) = low > high && !wraps ? (high, low) : (low, high);
        return string.Create(CultureInfo.InvariantCulture, $"{low}-{high}");
    }

    private static string DayOfMonth(Random random, bool isCelery) =>
        (isCelery ? random.Next(7) : random.Next(14)) switch
        {
            < 4 => "*",
            4 => Field(random, 1, 31, isCelery),
            5 => Numbers(random, 1, 31),
            6 => Span(random, 1, 31, isCelery),
            7 => "?",
            8 => "L",
            9 => string.Create(CultureInfo.InvariantCulture, $"L-{random.Next(1, 10)}"),
            10 => "LW",
            11 => string.Create(CultureInfo.InvariantCulture, $"L-{random.Next(1, 10)}W"),
            12 => string.Create(CultureInfo.InvariantCulture, $"{random.Next(1, 32)}W"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{random.Next(1, 32)},L,{random.Next(1, 32)}W"),
        };

    private static string DayOfWeek(Random random, bool isCelery)
    {
        string[] names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
        var name = names[random.Next(7)];
        return (isCelery ? random.Next(8) : random.Next(14)) switch
        {
            < 4 => "*",
            4 => Field(random, 0, isCelery ? 6 : 7, isCelery).Replace("*/8", "*/7", StringComparison.Ordinal),
            5 => $"{name},{names[random.Next(7)]}",
            6 => "MON-FRI",
            7 => name,
            8 => "?",
            9 => string.Create(CultureInfo.InvariantCulture, $"{name}#{random.Next(1, 6)}"),
            10 => $"{name}L",
            11 => string.Create(CultureInfo.InvariantCulture, $"{random.Next(0, 8)}L"),
            12 => $"{name}L,{names[random.Next(7)]}#1",
            _ => string.Create(CultureInfo.InvariantCulture, $"{random.Next(0, 8)},{names[random.Next(7)]}L"),
        };
    }
}

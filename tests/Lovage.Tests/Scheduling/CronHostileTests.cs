using System.Globalization;
using Lovage.Scheduling;
using Lovage.Tests.Scheduling.Corpus;

namespace Lovage.Tests.Scheduling;

/// <summary>Texts of an attacker: each is read, or refused by the one typed error, soon.</summary>
public sealed class CronHostileTests(ITestOutputHelper output)
{
    private const int Mutations = 200_000;
    private static readonly TimeSpan SlowestMax = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ParseMax = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan NextMax = TimeSpan.FromMicroseconds(50);
    private static readonly DateTimeOffset Instant = new(2026, 3, 28, 23, 59, 59, TimeSpan.Zero);

    private static readonly string[] Tokens =
    [
        "*", "/", "-", ",", "#", "L", "W", "?", "@", " ", "\t", "0", "7", "9", "31", "99", "999999999999", "*/1", "-1",
        "L-3W", "MON", "SUNL", "FEB", "\0", "\u0661", "\ud800", "\uff0a", "\u202e", "é", "\r\n", "$", "%s", "'", "\"",
    ];

    public static TheoryData<string> Bombs =>
    [
        new string('*', 10_000),
        string.Join(',', Enumerable.Range(0, 5_000)),
        string.Concat(Enumerable.Repeat("1,", 5_000)) + " * * * *",
        new string(' ', 10_000),
        new string('1', 250) + " * * *",
        string.Join(' ', Enumerable.Repeat("*", 128)),
        string.Concat(Enumerable.Repeat("*/1,", 50)) + "* * * * *",
        $"{string.Join(',', Enumerable.Range(0, 60))} {string.Join(',', Enumerable.Range(0, 24))} * * *",
        $"{string.Join(',', Enumerable.Range(0, 60))} * * * * *",
        "0 0 " + string.Join(',', Enumerable.Range(1, 31).Select(day => $"{day}W")) + " * *",
        "0 0 * * " + string.Join(
            ',', Enumerable.Range(0, 7).SelectMany(day => Enumerable.Range(1, 5).Select(nth => $"{day}#{nth}"))),
        "0 0 29 2 MON#5",
        "* * * * * *",
        "59 59 23 31 12 *",
    ];

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Parse_Bomb_IsReadOrRefusedSoon(string text)
    {
        var slowest = Quickest(() => Exercise(text, CronDialect.Standard, "Europe/Berlin"));
        Assert.True(slowest < SlowestMax, $"it took {slowest}");
        var parse = Quickest(() => CronParser.Parse(text, CronRules.Standard, out _));
        Assert.True(parse < ParseMax, $"to parse took {parse}");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(20_261_122)]
    public void Parse_MutatedExpression_IsReadOrRefused(int? seed)
    {
        var used = seed ?? Environment.TickCount;
        output.WriteLine($"seed {used}");
        var random = new Random(used);
        int read = 0, refused = 0;
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < Mutations / 2; round++)
        {
            var original = CronCorpus.All[random.Next(CronCorpus.All.Count)];
            var text = Mutate(original.Text, random);
            var zone = round % 3 == 0 ? "Europe/Berlin" : "UTC";
            try
            {
                // A slow one may be the machine's fault: it gets another chance.
                var start = TimeProvider.System.GetTimestamp();
                var isRead = Exercise(text, original.Dialect, zone);
                var took = TimeProvider.System.GetElapsedTime(start);
                took = took < SlowestMax ? took : Quickest(() => Exercise(text, original.Dialect, zone));
                slowest = took > slowest ? took : slowest;
                (read, refused) = isRead ? (read + 1, refused) : (read, refused + 1);
            }
            catch (Exception fault) when (fault is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {used}, round {round}, '{text}': {fault}");
            }
        }

        output.WriteLine($"{read} read, {refused} refused, slowest {slowest.TotalMilliseconds:0.0} ms");
        Assert.True(read > Mutations / 20, $"seed {used}: only {read} were read, so that the mutations test nothing");
        Assert.True(
            refused > Mutations / 20, $"seed {used}: only {refused} were refused, so that the mutations test nothing");
        Assert.True(slowest < SlowestMax, $"seed {used}: one took {slowest}");
    }

    [Fact]
    public void Parse_HostileText_IsShownHarmlessly()
    {
        foreach (var text in new[]
        {
            "\0\u001b[31m * * * *",
            "* * * * \u202e",
            new string('\u0085', 40) + " * * * *",
            "\ud800 * * * *",
            "*\r\n* * * * *",
        })
        {
            var fault = Assert.Throws<TriggerException>(() => Cron.Parse(text));
            Assert.DoesNotContain(fault.Message, char.IsControl);
            Assert.InRange(fault.Message.Length, 1, 800);
        }
    }

    [Theory]
    [InlineData("* * * * *", "UTC")]
    [InlineData("*/15 9-17 * * MON-FRI", "Europe/Berlin")]
    [InlineData("30 2 * * *", "America/New_York")]
    [InlineData("0 0 L * *", "Asia/Shanghai")]
    [InlineData("0 9 15W * MON#2", "Australia/Lord_Howe")]
    [InlineData("0 0 29 2 *", "Africa/Casablanca")]
    [InlineData("* * * * * *", "Europe/Berlin")]
    public void NextAfter_OrdinaryExpression_TakesMicroseconds(string text, string zone)
    {
        const int Rounds = 200;
        var trigger = Cron.Parse(text, zone);
        var took = Quickest(() =>
        {
            var instant = Instant;
            for (var i = 0; i < Rounds; i++)
            {
                instant = trigger.NextAfter(instant) ?? Instant;
            }
        }) / Rounds;
        output.WriteLine($"'{text}' in {zone}: {took.TotalMicroseconds:0.0} µs");
        Assert.True(took < NextMax, $"'{text}' in {zone}: {took.TotalMicroseconds:0.0} µs");
    }

    private static bool Exercise(string text, CronDialect dialect, string zone)
    {
        if (CronParser.Parse(text, dialect == CronDialect.Celery
            ? CronRules.Celery
            : CronRules.Standard, out var error) is null)
        {
            Assert.InRange(error!.Position, 0, text.Length);
            Assert.True(error.Message.Length < 250 && !error.Message.Any(char.IsControl), error.Message);
            return false;
        }

        var trigger = new CronTrigger(text, zone, dialect);
        var instant = Instant;
        for (var i = 0; i < 3 && trigger.NextAfter(instant) is { } next; i++)
        {
            Assert.True(next > instant, $"{next:O} is not after {instant:O}");
            instant = next;
        }

        Assert.InRange(trigger.Describe().Length, 1, 500);
        Assert.Equal(trigger, Trigger.FromJson(trigger.ToJson()));
        return true;
    }

    private static string Mutate(string original, Random random)
    {
        var text = original;
        for (var times = random.Next(1, 3); times > 0; times--)
        {
            var at = random.Next(text.Length + 1);
            var until = Math.Min(text.Length, at + random.Next(1, 4));
            text = random.Next(8) switch
            {
                0 => text.Insert(at, Tokens[random.Next(Tokens.Length)]),
                1 => text.Remove(at, until - at),
                2 => text[..at] + Tokens[random.Next(Tokens.Length)] + text[until..],
                3 => text.Insert(at, text[at..until]),
                4 => text.Insert(at, random.Next(100).ToString(CultureInfo.InvariantCulture)),
                _ => OtherDigit(text, at, random),
            };
        }

        return text;
    }

    private static string OtherDigit(string text, int from, Random random)
    {
        var at = text.AsSpan(from).IndexOfAnyInRange('0', '9');
        return at < 0 ? text : string.Concat(
            text.AsSpan(0, from + at),
            random.Next(10).ToString(CultureInfo.InvariantCulture),
            text.AsSpan(from + at + 1));
    }

    private static TimeSpan Quickest(Action action) => Enumerable.Range(0, 5).Min(_ =>
    {
        var start = TimeProvider.System.GetTimestamp();
        action();
        return TimeProvider.System.GetElapsedTime(start);
    });
}

namespace Lovage.Tests.Scheduling;

/// <summary>What holds for every kind of trigger.</summary>
public sealed class TriggerPropertyTests(ITestOutputHelper output)
{
    private const int Triggers = 500;
    private const int InstantsEach = 5;

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public void NextAfter_IsLaterMonotoneAndWithinBounds(int? seed)
    {
        var used = seed ?? Environment.TickCount;
        output.WriteLine($"seed {used}");
        var random = new Random(used);
        var ticks = 0;
        for (var i = 0; i < Triggers; i++)
        {
            var trigger = TriggerDraw.Next(random);
            DateTimeOffset? before = null;
            foreach (var instant in Enumerable.Range(0, InstantsEach).Select(_ => TriggerDraw.Instant(random)).Order())
            {
                var next = trigger.NextAfter(instant);
                var told = $"seed {used}: {trigger.ToJson()} after {instant:O}: {next:O}";
                Assert.True(
                    next is null || (next > instant
                        && next.Value.Offset == TimeSpan.Zero
                        && next.Value.Ticks % TimeSpan.TicksPerMillisecond == 0),
                    told);
                Assert.True(
                    next is null || ((trigger.Start is null || next >= trigger.Start)
                        && (trigger.End is null || next < trigger.End)),
                    told);

                // A trigger that finds no tick within its bound may find one from a later instant.
                if (!told.Contains("\"all\"", StringComparison.Ordinal))
                {
                    Assert.True(before is null || next is null || next >= before, told);
                    Assert.True(before is null || before <= instant || next == before, told);
                }

                if (next is { } tick)
                {
                    ticks++;
                    Assert.Equal(tick, trigger.NextAfter(tick.AddTicks(-1)));
                }

                before = next;
            }
        }

        output.WriteLine($"{ticks} ticks");
        Assert.True(ticks > Triggers, $"seed {used}: only {ticks} ticks");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(2)]
    public void FromJson_OfToJson_IsEqualAndCanonical(int? seed)
    {
        var used = seed ?? Environment.TickCount;
        output.WriteLine($"seed {used}");
        var random = new Random(used);
        for (var i = 0; i < Triggers; i++)
        {
            var trigger = TriggerDraw.Next(random);
            var json = trigger.ToJson();
            var again = Trigger.FromJson(json);
            Assert.True(trigger.Equals(again), $"seed {used}: {json}");
            Assert.Equal(trigger.GetHashCode(), again.GetHashCode());
            Assert.Equal(json, again.ToJson());
            Assert.Equal(trigger.Describe(), again.Describe());
            var instant = TriggerDraw.Instant(random);
            Assert.Equal(trigger.NextAfter(instant), again.NextAfter(instant));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public void FromJson_MutatedText_IsReadOrRefused(int? seed)
    {
        const string Alphabet = "{}[],:\"\\0123456789-.eTZ+ \0\ud800*/LW#?abcdefcronyalsi";
        var used = seed ?? Environment.TickCount;
        output.WriteLine($"seed {used}");
        var random = new Random(used);
        int read = 0, refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var text = (i % 2 == 0 ? Trigger.Any(TriggerDraw.Next(random)) : TriggerDraw.Next(random))
                .ToJson()
                .ToCharArray();
            for (var times = random.Next(1, 3); times > 0; times--)
            {
                text[random.Next(text.Length)] = Alphabet[random.Next(Alphabet.Length)];
            }

            try
            {
                _ = Trigger.FromJson(new string(text)).ToJson();
                read++;
            }
            catch (TriggerException)
            {
                refused++;
            }
            catch (Exception fault)
            {
                Assert.Fail($"seed {used}: {new string(text)}: {fault}");
            }
        }

        output.WriteLine($"{read} read, {refused} refused");
        Assert.True(read > 200 && refused > 200, $"seed {used}: {read} read, {refused} refused");
    }
}

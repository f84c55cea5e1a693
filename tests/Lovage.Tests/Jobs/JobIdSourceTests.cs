namespace Lovage.Tests.Jobs;

public sealed class JobIdSourceTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero);

    [Fact]
    public void Next_EveryId_IsAUuidOfVersion7AndTheRfcVariant()
    {
        var ids = new JobIdSource(new TestClock(Start));
        for (var i = 0; i < 10_000; i++)
        {
            var text = ids.Next().Value;
            Assert.True(JobId.TryParse(text, out _));
            var id = Guid.ParseExact(text, "D");
            Assert.Equal(7, id.Version);
            Assert.InRange(id.Variant, 8, 11);
            Assert.Equal(text, text.ToLowerInvariant());
        }
    }

    [Fact]
    public void Next_FirstOfAMillisecond_HoldsItsTime()
    {
        var id = Guid.Parse(new JobIdSource(new TestClock(Start)).Next().Value);
        Assert.Equal(Start.ToUnixTimeMilliseconds(), Milliseconds(id));
    }

    [Fact]
    public void Next_MoreThanAMillisecondHolds_StaysInOrderAndBorrowsTheNext()
    {
        var ids = new JobIdSource(new TestClock(Start));
        var values = Enumerable.Range(0, 10_000).Select(_ => ids.Next().Value).ToArray();

        Assert.Equal(values.Order(StringComparer.Ordinal), values);
        Assert.Equal(values.Length, values.Distinct().Count());
        Assert.Equal(
            [
                (Start.ToUnixTimeMilliseconds(), 4_096),
                (Start.ToUnixTimeMilliseconds() + 1, 4_096),
                (Start.ToUnixTimeMilliseconds() + 2, 1_808),
            ],
            values.GroupBy(value => Milliseconds(Guid.Parse(value))).Select(group => (group.Key, group.Count())));
    }

    [Fact]
    public void Next_ClockSetBack_StaysInOrder()
    {
        var clock = new SettableClock { Now = Start };
        var ids = new JobIdSource(clock);
        var values = new List<string> { ids.Next().Value };
        foreach (var shift in (TimeSpan[])[
            TimeSpan.FromHours(-5),
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(-1),
            TimeSpan.FromMilliseconds(1),
            TimeSpan.FromSeconds(-30),
        ])
        {
            clock.Now = Start + shift;
            values.Add(ids.Next().Value);
            values.Add(ids.Next().Value);
        }

        Assert.Equal(values.Order(StringComparer.Ordinal), values);
        Assert.Equal(values.Count, values.Distinct().Count());
    }

    [Fact]
    public async Task Next_SeveralThreads_NeverGivesTheSameTwice()
    {
        var ids = new JobIdSource(TimeProvider.System);
        var parts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () => Enumerable.Range(0, 25_000).Select(_ => ids.Next()).ToArray(),
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        Assert.Equal(100_000, parts.SelectMany(part => part).Distinct().Count());
        Assert.All(
            parts,
            part => Assert.Equal(
                part.Select(id => id.Value).Order(StringComparer.Ordinal), part.Select(id => id.Value)));
    }

    [Fact]
    public void Next_TwoSourcesAtTheSameTime_DoNotMeet()
    {
        var clock = new TestClock(Start);
        var sources = Enumerable.Range(0, 200).Select(_ => new JobIdSource(clock)).ToArray();
        Assert.Equal(
            20_000,
            sources.SelectMany(source => Enumerable.Range(0, 100).Select(_ => source.Next())).Distinct().Count());
    }

    [Fact]
    public void Next_SameSeed_GivesTheSameIds()
    {
        string[] Ids(int seed)
        {
            var source = new JobIdSource(new TestClock(Start), new Random(seed));
            return [.. Enumerable.Range(0, 100).Select(_ => source.Next().Value)];
        }

        Assert.Equal(Ids(5), Ids(5));
        Assert.NotEqual(Ids(5), Ids(6));
    }

    private static long Milliseconds(Guid id) => Convert.ToInt64(id.ToString("N")[..12], 16);

    private sealed class SettableClock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

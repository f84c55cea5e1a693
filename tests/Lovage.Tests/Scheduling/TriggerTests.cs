using System.Globalization;

namespace Lovage.Tests.Scheduling;

/// <summary>Intervals, dates, bounds, and triggers made of others.</summary>
public sealed class TriggerTests
{
    private static readonly DateTimeOffset Noon = At("2026-01-01T12:00:00Z");

    [Fact]
    public void NextAfter_Interval_IsAWholeNumberOfPeriodsFromTheAnchor()
    {
        var trigger = Every.Minutes(7).WithAnchor(Noon);
        Assert.Equal(Noon.AddMinutes(7), trigger.NextAfter(Noon));
        Assert.Equal(Noon, trigger.NextAfter(Noon.AddTicks(-1)));
        Assert.Equal(Noon.AddMinutes(-7), trigger.NextAfter(Noon.AddMinutes(-7).AddTicks(-1)));
        Assert.Equal(Noon.AddMinutes(7 * 1_000_001), trigger.NextAfter(Noon.AddMinutes(7 * 1_000_000)));
        Assert.Equal(Noon.AddMinutes(14), trigger.NextAfter(Noon.AddMinutes(9).ToOffset(TimeSpan.FromHours(5))));
        Assert.Null(trigger.NextAfter(DateTimeOffset.MaxValue));
        Assert.NotNull(trigger.NextAfter(DateTimeOffset.MinValue));
    }

    [Fact]
    public void NextAfter_IntervalWithoutAnchor_ThrowsUntilItHasOne()
    {
        var trigger = Every.Seconds(10);
        Assert.Contains(
            "WithAnchor",
            Assert.Throws<InvalidOperationException>(() => trigger.NextAfter(Noon)).Message,
            StringComparison.Ordinal);
        var anchored = trigger.WithAnchor(Noon.AddTicks(7));
        Assert.Equal(Noon.AddSeconds(10), anchored.NextAfter(Noon));
        Assert.Equal(anchored, anchored.WithAnchor(Noon.AddSeconds(3)));
        Assert.Equal(Cron.Parse("@daily"), Cron.Parse("@daily").WithAnchor(Noon));
        var nested = Trigger.Any(Trigger.All(trigger), Every.Seconds(7).WithAnchor(Noon)) with
        {
            End = Noon.AddDays(1),
        };
        Assert.Equal(
            Trigger.Any(Trigger.All(anchored), Every.Seconds(7).WithAnchor(Noon)) with { End = Noon.AddDays(1) },
            nested.WithAnchor(Noon));
    }

    [Fact]
    public void Interval_OutOfRange_Throws()
    {
        Assert.Throws<TriggerException>(() => Every.Seconds(0));
        Assert.Throws<TriggerException>(() => Every.Minutes(-5));
        Assert.Throws<TriggerException>(() => Every.Period(TimeSpan.FromMilliseconds(999)));
        Assert.Throws<TriggerException>(() => Every.Period(TimeSpan.FromTicks(10_000_001)));
        Assert.Throws<TriggerException>(() => Every.Period(TimeSpan.MaxValue));
        Assert.Equal(TimeSpan.FromMilliseconds(1_500), Every.Period(TimeSpan.FromMilliseconds(1_500)).Period);
    }

    [Fact]
    public void NextAfter_Date_FiresOnce()
    {
        var trigger = Once.At(Noon.AddTicks(5).ToOffset(TimeSpan.FromHours(-3)));
        Assert.Equal(Noon, trigger.NextAfter(DateTimeOffset.MinValue));
        Assert.Equal(Noon, trigger.NextAfter(Noon.AddTicks(-1)));
        Assert.Null(trigger.NextAfter(Noon));
    }

    [Fact]
    public void NextAfter_StartAndEnd_AreTheFirstAndBeyondTheLast()
    {
        var trigger = Cron.Parse("0 * * * *") with { Start = Noon, End = Noon.AddHours(2) };
        Assert.Equal(Noon, trigger.NextAfter(Noon.AddYears(-1)));
        Assert.Equal(Noon.AddHours(1), trigger.NextAfter(Noon));
        Assert.Null(trigger.NextAfter(Noon.AddHours(1)));
        Assert.Equal(Noon.AddHours(1), (trigger with { Start = Noon.AddTicks(10_000) }).NextAfter(Noon.AddYears(-1)));
        Assert.Null((trigger with { Start = Noon.AddHours(3) }).NextAfter(Noon));
        Assert.Equal(Noon, (Once.At(Noon) with { Start = Noon, End = Noon.AddHours(1) }).NextAfter(Noon.AddDays(-1)));
        Assert.Null((Once.At(Noon) with { End = Noon }).NextAfter(Noon.AddDays(-1)));
        Assert.Equal(
            TimeSpan.Zero, (trigger with { Start = Noon.ToOffset(TimeSpan.FromHours(2)) }).Start!.Value.Offset);
        Assert.Equal(Noon, (trigger with { End = Noon.AddTicks(9_999) }).End);
    }

    [Fact]
    public void NextAfter_Any_IsTheEarliestAndOnceWhenTwoMeet()
    {
        var trigger = Trigger.Any(Cron.Parse("0 */6 * * *"), Cron.Parse("0 */4 * * *"), Once.At(Noon.AddMinutes(1)));
        Assert.Equal(
            [0, 1, 240, 360, 480, 720],
            Ticks(trigger, Noon.AddTicks(-1), 6).Select(tick => (int)(tick - Noon).TotalMinutes));
        Assert.Null(Trigger.Any(Once.At(Noon), Once.At(Noon.AddDays(-1))).NextAfter(Noon));
        Assert.Equal(Noon.AddHours(4), (trigger with { Start = Noon.AddHours(2) }).NextAfter(Noon));
    }

    [Fact]
    public void NextAfter_All_IsWhereEveryPartFires()
    {
        var friday = Trigger.All(Cron.Parse("0 12 13 * *"), Cron.Parse("0 12 * * FRI"));
        Assert.Equal([
            At("2026-02-13T12:00:00Z"),
            At("2026-03-13T12:00:00Z"),
            At("2026-11-13T12:00:00Z"),
            At("2027-08-13T12:00:00Z"),
        ], Ticks(friday, Noon, 4));
        var beats = Trigger.All(
            Every.Minutes(4).WithAnchor(Noon),
            Every.Minutes(6).WithAnchor(Noon.AddMinutes(2)),
            Every.Minutes(5).WithAnchor(Noon));
        Assert.Equal(Noon.AddMinutes(20), beats.NextAfter(Noon));
        Assert.Equal(Noon.AddMinutes(80), beats.NextAfter(Noon.AddMinutes(20)));
        Assert.Equal(Noon, Trigger.All(Every.Minutes(4).WithAnchor(Noon)).NextAfter(Noon.AddTicks(-1)));
        Assert.Null(Trigger.All(Cron.Parse("@daily"), Once.At(Noon)).NextAfter(At("2025-01-01T00:00:00Z")));
        Assert.Equal(
            At("2026-01-02T00:00:00Z"),
            Trigger.All(Cron.Parse("@daily"), Every.Seconds(1).WithAnchor(Noon)).NextAfter(Noon));
        Assert.Equal(
            At("2026-01-05T08:00:00Z"),
            Trigger.All(
                Trigger.Any(Every.Weeks(1, time: new TimeOnly(8, 0)), Cron.Parse("@hourly")),
                Cron.Parse("0 8 * * MON")).NextAfter(Noon));
    }

    [Fact]
    public void NextAfter_AllThatNeverMeet_EndsWithNullSoonWithoutHinderingOthers()
    {
        var never = Trigger.All(
            Cron.Parse("0 * * * *", "America/New_York"),
            Cron.Parse("30 * * * *", "Australia/Lord_Howe"),
            Cron.Parse("15 * * * *", "Europe/Berlin"));
        var nested = Trigger.All([.. Enumerable.Repeat<Trigger>(
            Trigger.Any([.. Enumerable.Repeat<Trigger>(never, 3), Cron.Parse("5 * * * *")]),
            3), Cron.Parse("10 * * * *")]);
        foreach (var trigger in new Trigger[]
        {
            never,
            nested,
            Trigger.All(Every.Seconds(2).WithAnchor(Noon), Every.Seconds(2).WithAnchor(Noon.AddSeconds(1))),
        })
        {
            var quickest = TimeSpan.MaxValue;
            for (var i = 0; i < 3; i++)
            {
                var start = TimeProvider.System.GetTimestamp();
                Assert.Null(trigger.NextAfter(Noon));
                var took = TimeProvider.System.GetElapsedTime(start);
                quickest = took < quickest ? took : quickest;
            }

            Assert.True(quickest < TimeSpan.FromMilliseconds(500), $"{trigger.ToJson()} took {quickest}");
        }

        Assert.Equal(Noon.AddMinutes(5), Trigger.Any(never, never, Cron.Parse("5 * * * *")).NextAfter(Noon));
        Assert.Equal(
            At("2026-01-02T00:00:00Z"),
            Trigger.Any(never, Trigger.All(Cron.Parse("@daily"), Cron.Parse("@hourly"))).NextAfter(Noon));
    }

    [Fact]
    public void Parts_NoneTooManyOrTooDeep_Throw()
    {
        Assert.Throws<TriggerException>(() => Trigger.Any());
        Assert.Throws<TriggerException>(
            () => Trigger.All(default(System.Collections.Immutable.ImmutableArray<Trigger>)));
        Assert.Throws<TriggerException>(() => Trigger.Any(null!, Cron.Parse("@daily")));
        Assert.Throws<TriggerException>(() => Trigger.Any([.. Enumerable.Repeat<Trigger>(Once.At(Noon), 17)]));
        Assert.Throws<TriggerException>(() => Trigger.Any(Trigger.All(Trigger.Any(Trigger.All(Once.At(Noon))))));
        Assert.Equal(3, Assert.IsType<AllTrigger>(Trigger.Any(Trigger.All(Trigger.Any(Once.At(Noon)))).Parts[0]).Depth);
    }

    [Fact]
    public void Equals_Parts_ComparesThemInOrder()
    {
        var (one, two) = (Cron.Parse("@daily"), Every.Minutes(5));
        Assert.Equal(Trigger.Any(one, two), Trigger.Any(Cron.Parse("@daily"), Every.Minutes(5)));
        Assert.Equal(Trigger.All(one, two).GetHashCode(), Trigger.All(one, two).GetHashCode());
        Assert.NotEqual(Trigger.Any(one, two), Trigger.Any(two, one));
        Assert.NotEqual<Trigger>(Trigger.Any(one), Trigger.All(one));
        Assert.NotEqual(Trigger.Any(one), Trigger.Any(one) with { End = Noon });
    }

    private static IEnumerable<DateTimeOffset> Ticks(Trigger trigger, DateTimeOffset instant, int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return instant = trigger.NextAfter(instant)!.Value;
        }
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

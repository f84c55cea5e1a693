namespace Lovage.Tests.Scheduling;

/// <summary>Which anchors a trigger takes over when its schedule is registered again.</summary>
public sealed class StoredAnchorsTests
{
    private static readonly DateTimeOffset Stored = new(2026, 3, 2, 10, 7, 12, 345, TimeSpan.Zero);
    private static readonly DateTimeOffset Other = Stored.AddMinutes(-3);
    private static readonly DateTimeOffset Now = Stored.AddHours(4);
    private static readonly Trigger Yearly = Cron.Parse("0 0 1 1 *");

    [Fact]
    public void WithAnchorsOf_SameTrigger_IsTheStoredOneAtAnyDepth()
    {
        Trigger[] triggers =
        [
            Every.Hours(6),
            Trigger.Any(Every.Hours(6), Yearly),
            Trigger.All(Trigger.Any(Yearly, Every.Hours(6)), Every.Seconds(2)) with { End = Now.AddYears(1) },
            Trigger.Any(Trigger.Any(Trigger.Any(Every.Minutes(1)))),
            Yearly,
            Every.Months(1),
        ];

        foreach (var trigger in triggers)
        {
            var stored = trigger.WithAnchor(Stored);
            Assert.Equal(stored, trigger.WithAnchorsOf(stored, Now));
            Assert.Equal(trigger.WithAnchor(Now), trigger.WithAnchorsOf(null, Now));
        }
    }

    [Fact]
    public void WithAnchorsOf_GivenAnchor_IsKept()
    {
        var given = Every.Hours(6) with { Anchor = Other };

        Assert.Equal(given, given.WithAnchorsOf(Every.Hours(6).WithAnchor(Stored), Now));
        Assert.Equal(
            Trigger.Any(given, At(6, Stored)),
            Trigger.Any(given, Every.Hours(6)).WithAnchorsOf(Trigger.Any(At(6, Other), At(6, Stored)), Now));
    }

    [Fact]
    public void WithAnchorsOf_OtherPartsChanged_TheIntervalsKeepTheirBeats()
    {
        var stored = Trigger.Any(At(6, Stored), At(5, Other), Yearly);

        Assert.Equal(
            Trigger.Any(Cron.Parse("@monthly"), At(5, Other), At(6, Stored), At(7, Now)),
            Trigger.Any(Cron.Parse("@monthly"), Every.Hours(5), Every.Hours(6), Every.Hours(7))
                .WithAnchorsOf(stored, Now));
        Assert.Equal(At(5, Other), Every.Hours(5).WithAnchorsOf(stored, Now));
        Assert.Equal(
            Trigger.Any(At(6, Stored), Yearly), Trigger.Any(Every.Hours(6), Yearly).WithAnchorsOf(At(6, Stored), Now));
    }

    [Fact]
    public void WithAnchorsOf_EqualIntervals_AreToldApartByTheirOrder()
    {
        var stored = Trigger.Any(At(6, Stored), Trigger.All(At(6, Other), Yearly));

        Assert.Equal(
            stored, Trigger.Any(Every.Hours(6), Trigger.All(Every.Hours(6), Yearly)).WithAnchorsOf(stored, Now));
        Assert.Equal(
            Trigger.Any(At(6, Stored), At(6, Now)),
            Trigger.Any(Every.Hours(6), Every.Hours(6)).WithAnchorsOf(At(6, Stored), Now));
    }

    private static IntervalTrigger At(int hours, DateTimeOffset anchor) => Every.Hours(hours) with { Anchor = anchor };
}

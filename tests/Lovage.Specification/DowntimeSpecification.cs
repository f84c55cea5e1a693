using Xunit;

namespace Lovage.Specification;

/// <summary>An app starts again after a year in which no process fired its schedule of each second.</summary>
public abstract class DowntimeSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Missed = 5002;
    private const int MissedByChange = 5014;
    private const int Days = 365;
    private const int SecondsInDay = 86_400;

    [Fact]
    public async Task Start_MillionsOfMissedTicks_AreOneLineAndOneWarning()
    {
        await StartAndStopAsync(Every.Seconds(1));
        Time.Advance(TimeSpan.FromDays(Days));

        await using var app = await StartAsync(Every.Seconds(1));
        await app.FirstOfAsync(Missed);

        await AssertHistoryAsync();
        Assert.Single(app.Logged(Missed));
    }

    [Fact]
    public async Task Start_MillionsOfMissedTicksAndTheTriggerChanges_AreOneLineAndOneWarning()
    {
        await StartAndStopAsync(Every.Seconds(1));
        Time.Advance(TimeSpan.FromDays(Days));

        await using var app = await StartAsync(Cron.Parse("0 3 * * *"));

        await AssertHistoryAsync();
        Assert.Single(app.Logged(MissedByChange));
    }

    private async Task AssertHistoryAsync() => Assert.Equal(
        [(TickStatus.Missed, (Days * SecondsInDay) - 3L), (TickStatus.Fired, 1), (TickStatus.Skipped, 2)],
        (await Schedules.HistoryAsync("second", 10, Stop)).Reverse().Select(static line => (line.Status, line.Count)));

    private async Task StartAndStopAsync(Trigger trigger)
    {
        await using var app = await StartAsync(trigger);
    }

    private Task<ScheduleApp> StartAsync(Trigger trigger) => ScheduleApp.StartAsync(
        Storage, Time, "1", lovage => lovage.AddSchedule("second", trigger, Job.Create("report")));
}

using Xunit;

namespace Lovage.Specification;

/// <summary>An app starts again after a long time in which no process fired its schedules.</summary>
public abstract class DowntimeSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Missed = 5002;
    private const int SecondsInDay = 86_400;

    [Fact]
    public async Task Start_MillionsOfMissedTicks_AreOneLineAndOneWarning()
    {
        const int Days = 30;
        await StartAndStopAsync();
        Time.Advance(TimeSpan.FromDays(Days));

        await using var app = await StartAsync();
        await app.FirstOfAsync(Missed);

        Assert.Equal(
            [(TickStatus.Missed, (Days * SecondsInDay) - 3L), (TickStatus.Fired, 1), (TickStatus.Skipped, 2)],
            (await Schedules.HistoryAsync("second", 10, Stop)).Reverse()
                .Select(static line => (line.Status, line.Count)));
        Assert.Single(app.Logged(Missed));
    }

    private async Task StartAndStopAsync()
    {
        await using var app = await StartAsync();
    }

    private Task<ScheduleApp> StartAsync() => ScheduleApp.StartAsync(
        Storage,
        Time,
        "1",
        static lovage => lovage.AddSchedule("second", Every.Seconds(1), Job.Create("report")));
}

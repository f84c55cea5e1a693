using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

public abstract partial class FiringSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Theory]
    [InlineData(TickStatus.Missed, TickStatus.Skipped)]
    [InlineData(TickStatus.Skipped, TickStatus.Missed)]
    public async Task Record_NeighboursOfTheSameKind_AreOneLine(TickStatus status, TickStatus other)
    {
        var first = (await DueOneAsync()).NextTick!.Value;
        await RecordNextAsync(status);
        var second = await RecordNextAsync(status, count: 3);
        await Schedules.RunAsync("nightly", A.Message(), Stop);
        var third = await RecordNextAsync(status);

        var lines = (await Schedules.HistoryAsync("nightly", 10, Stop)).Where(
            static line => line.Status != TickStatus.Manual);
        Assert.Equal(
            new TickRecord(first, status) { Through = third, Count = 5, RecordedAt = Time.GetUtcNow() },
            Assert.Single(lines));
        Assert.Equal(second + Minute, third);

        await RecordNextAsync(other);
        await RecordAsync(A.NextFiring(await ScheduleAsync("nightly")));
        await RecordNextAsync(status);
        await RecordNextAsync(status);
        Assert.Equal(
            [(status, 5L), (other, 1), (TickStatus.Fired, 1), (status, 2)],
            (await Schedules.HistoryAsync("nightly", 10, Stop)).Reverse()
                .Where(static line => line.Status != TickStatus.Manual)
                .Select(static line => (line.Status, line.Count)));
        var after = await ScheduleAsync("nightly");
        Assert.Equal((8L, 1L), (after.Missed + after.Skipped, after.Fired));

        // A line that was pruned is not there to be extended.
        Time.Advance(60 * Minute);
        await Schedules.PruneAsync(Minute, 10, Stop);
        var anew = await RecordNextAsync(status);
        Assert.Equal(
            new TickRecord(anew, status) { RecordedAt = Time.GetUtcNow() },
            (await Schedules.HistoryAsync("nightly", 10, Stop))[0]);
    }

    /// <summary>Records the next ticks as not fired, when they are due.</summary>
    /// <returns>The last one.</returns>
    private async Task<DateTimeOffset> RecordNextAsync(TickStatus status, int count = 1)
    {
        var schedule = await ScheduleAsync("nightly");
        var tick = schedule.NextTick!.Value;
        var line = new TickRecord(tick, status) { Through = tick + ((count - 1) * Minute), Count = count };
        Time.Advance(count * Minute);
        Assert.Equal(FireStatus.Recorded, await RecordAsync(TestData.Firing(schedule, [line])));
        return line.Through;
    }
}

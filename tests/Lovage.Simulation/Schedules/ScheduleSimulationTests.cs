using System.Diagnostics;
using System.Globalization;

namespace Lovage.Simulation.Schedules;

/// <summary>
/// Three nodes, wrong and jumping clocks, crashes at the tick: no tick twice, none early, none missing in silence. Each
/// seed can be run again alone.
/// </summary>
public sealed class ScheduleSimulationTests
{
    private const int DefaultSeeds = 400;

    [Fact]
    public void Run_DefaultSeeds_EveryTickIsDealtWithOnce()
    {
        var (first, count) = int.TryParse(
            Environment.GetEnvironmentVariable("LOVAGE_SIM_SEED"), CultureInfo.InvariantCulture, out var only)
            ? (only, 1)
            : (1, DefaultSeeds);
        var watch = Stopwatch.StartNew();
        var violations = new List<string>();
        var (fired, missed, skipped) = (0L, 0L, 0L);
        for (var seed = first; seed < first + count && violations.Count < 5; seed++)
        {
            var result = ScheduleWorld.Run(seed);
            if (result.Violation is { } violation)
            {
                violations.Add($"Seed {seed}: {violation}");
            }

            (fired, missed, skipped) = (fired + result.Fired, missed + result.Missed, skipped + result.Skipped);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{count} seeds in {watch.Elapsed.TotalSeconds:0.0} s: {fired:N0} ticks fired, {missed:N0} missed and "
                + $"said so, {skipped:N0} skipped.");
        Assert.True(violations.Count == 0, string.Join('\n', violations));
        Assert.True(count == 1 || (missed > 0 && skipped > 0), "What is never reached is not tested.");
    }

    [Theory]
    [InlineData(ScheduleBug.OwnClock)]
    [InlineData(ScheduleBug.NextFromNow)]
    [InlineData(ScheduleBug.SilentMiss)]
    public void Run_PlantedBug_IsCaught(ScheduleBug bug) =>
        Assert.True(
            Enumerable.Range(1, 100).Any(seed => ScheduleWorld.Run(seed, bug).Violation is not null),
            $"{bug} was not noticed in 100 seeds.");
}

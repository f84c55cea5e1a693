using System.Diagnostics;
using System.Globalization;
using Lovage.Simulation.Storage;

namespace Lovage.Simulation;

/// <summary>Many seeds, no violation; each can be run again alone.</summary>
public sealed class SimulationTests
{
    private const string SeedVariable = "LOVAGE_SIM_SEED";
    private const string LongVariable = "LOVAGE_LONG_TESTS";
    private const int DefaultSeeds = 2_000;
    private const int LongSeeds = 20_000;

    /// <summary>
    /// A simulation that has become several times slower is noticed; slow and shared cores, on which processor time
    /// counts for less, are none of its business.
    /// </summary>
    private const int SeedsPerSecondMin = 30;

    private const int ViolationsShown = 12;
    private const int MutantSeeds = 2_000;

    [Fact]
    public void Run_DefaultSeeds_HoldsEveryInvariant()
    {
        if (Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } only)
        {
            RunOne(int.Parse(only, CultureInfo.InvariantCulture));
            return;
        }

        var count = Environment.GetEnvironmentVariable(LongVariable) == "1" ? LongSeeds : DefaultSeeds;
        var markers = new long[Enum.GetValues<Marker>().Length];
        var steps = 0L;
        var violated = new List<string>();
        var watch = Stopwatch.StartNew();
        var processor = Environment.CpuUsage.TotalTime;
        for (var seed = 1; seed <= count; seed++)
        {
            var result = World.Run(seed);
            if (result.Violation is not null)
            {
                violated.Add(Describe(result));
                if (violated.Count == ViolationsShown)
                {
                    break;
                }
            }

            steps += result.Steps;
            for (var i = 0; i < markers.Length; i++)
            {
                markers[i] += result.Markers[i];
            }
        }

        // By processor time, so that a busy machine makes no difference.
        var perSecond = count / (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
        Print(
            $"{count} seeds in {watch.Elapsed.TotalSeconds:0.0} s: {count / watch.Elapsed.TotalSeconds:0} seeds/s, "
                + $"{perSecond:0} a second of one core; {steps:N0} steps.");
        Print(string.Join(", ", Enum.GetValues<Marker>().Select(marker => $"{marker} {markers[(int)marker]:N0}")));
        Assert.True(violated.Count == 0, string.Join('\n', violated));
        foreach (var marker in Enum.GetValues<Marker>())
        {
            Assert.True(
                markers[(int)marker] > 0,
                $"No seed of {count} came to: {marker}. What is never reached is not tested.");
        }

        Assert.True(
            perSecond >= SeedsPerSecondMin, $"{perSecond:0} seeds/s a core are too few to be run with every change.");
    }

    [Fact]
    public void Run_SameSeedTwice_LeavesTheSameTrace()
    {
        for (var seed = 1; seed <= DefaultSeeds; seed += 10)
        {
            var (first, second) = (World.Run(seed), World.Run(seed));
            Assert.True(
                (first.Hash, first.Steps) == (second.Hash, second.Steps),
                $"Seed {seed} took two ways: {first.Steps} and {second.Steps} steps.");
        }
    }

    [Theory]
    [InlineData(nameof(PlantedBug.NoFence), "its lease had passed on")]
    [InlineData(nameof(PlantedBug.AcknowledgeBeforeOutcome), "Not everything ended|took back|was told that its lease")]
    [InlineData(nameof(PlantedBug.ClaimCountsAsStart), "took back|were declined")]
    [InlineData(nameof(PlantedBug.FollowUpAfterCommit), "Not everything ended|answered with Unknown")]
    [InlineData(nameof(PlantedBug.WakeUpWithoutPoll), "Not everything ended|has stopped and still holds")]
    [InlineData(nameof(PlantedBug.ReleasePenalises), "were recorded")]
    [InlineData(nameof(PlantedBug.OfferCountsAsFailure), "were recorded")]
    [InlineData(nameof(PlantedBug.RenewRevivesLostLease), "was told that its lease")]
    [InlineData(nameof(PlantedBug.RetryLosesDelay), "before it was due")]
    [InlineData(nameof(PlantedBug.StartNotWrittenAhead), "is recorded as")]
    public void Run_WithPlantedBug_IsFoundOut(string name, string expected)
    {
        var planted = Enum.Parse<PlantedBug>(name);
        for (var seed = 1; seed <= MutantSeeds; seed++)
        {
            if (World.Run(seed, planted).Violation is { } violation)
            {
                Print($"{planted}: seed {seed} {violation}");
                Assert.Matches(expected, violation);
                return;
            }
        }

        Assert.Fail($"{planted} went unnoticed in {MutantSeeds} seeds.");
    }

    private static void RunOne(int seed)
    {
        var result = World.Run(seed, write: Print);
        Print(Describe(result));
        Assert.True(result.Violation is null, Describe(result));
    }

    private static string Describe(SimulationResult result) =>
        $"Seed {result.Seed} {result.Violation ?? "held"}\nRun it alone, with its trace: {SeedVariable}={result.Seed} "
            + "dotnet run --project tests/Lovage.Simulation -- --filter-method \"*Run_DefaultSeeds*\" "
            + "--show-live-output on";

    private static void Print(string text) => TestContext.Current.TestOutputHelper!.WriteLine(text);
}

namespace Lovage.Simulation.Storage;

/// <summary>How often what goes wrong in one seed's world; drawn from the seed.</summary>
internal sealed record FaultProfile
{
    private FaultProfile()
    {
    }

    /// <summary>True when nothing goes wrong, so that the invariants hold without excuses.</summary>
    internal bool IsCalm { get; private init; }

    internal double ErrorBefore { get; private init; }

    internal double ErrorAfter { get; private init; }

    internal double Delay { get; private init; }

    internal TimeSpan DelayMax { get; private init; }

    internal double Repeat { get; private init; }

    internal double CrashAtCall { get; private init; }

    internal double SignalLoss { get; private init; }

    /// <summary>Crashes, pauses, stops and cut-offs of nodes at moments of their own.</summary>
    internal int NodeFaults { get; private init; }

    internal static FaultProfile Draw(Random random)
    {
        if (random.Next(12) == 0)
        {
            return new FaultProfile { IsCalm = true };
        }

        return new FaultProfile
        {
            ErrorBefore = Rate(random, 0.02),
            ErrorAfter = Rate(random, 0.02),
            Delay = Rate(random, 0.08),
            DelayMax = random.Next(3) == 0 ? TimeSpan.FromSeconds(12) : TimeSpan.FromSeconds(0.5),
            Repeat = Rate(random, 0.03),
            CrashAtCall = Rate(random, 0.006),
            SignalLoss = random.Next(3) switch { 0 => 0, 1 => 0.3, _ => 1 },
            NodeFaults = random.Next(0, 7),
        };
    }

    private static double Rate(Random random, double max) => random.Next(2) == 0 ? 0 : random.NextDouble() * max;
}

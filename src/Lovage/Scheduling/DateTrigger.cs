namespace Lovage;

/// <summary>Fires once.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record DateTrigger : Trigger
{
    /// <summary>Makes the trigger.</summary>
    /// <param name="at">When, kept to the millisecond.</param>
    public DateTrigger(DateTimeOffset at) => At = Scheduling.Instants.Canonical(at);

    /// <summary>When, in UTC.</summary>
    public DateTimeOffset At { get; }

    private protected override long? NextCore(long instant, ref int steps) =>
        At.UtcTicks > instant ? At.UtcTicks : null;
}

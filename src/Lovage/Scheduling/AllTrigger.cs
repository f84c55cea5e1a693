using System.Collections.Immutable;
using Lovage.Scheduling;

namespace Lovage;

/// <summary>
/// Fires at the instants at which all of its parts fire. The search is bounded: after 10,000 ticks of the parts without
/// a common one it returns null, as if there were no more. For two parts these are 5,000 ticks of the rarer one: 13
/// years when it is daily, three days when it fires each minute.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record AllTrigger : Trigger
{
    internal AllTrigger(ImmutableArray<Trigger> parts) => Parts = TriggerParts.Checked(parts);

    /// <summary>The parts: 1 to 16.</summary>
    public ImmutableArray<Trigger> Parts { get; }

    internal override int Depth => TriggerParts.Depth(Parts);

    internal override int Size => TriggerParts.Size(Parts);

    internal override IEnumerable<IntervalTrigger> Intervals => Parts.SelectMany(static part => part.Intervals);

    /// <inheritdoc/>
    public override AllTrigger WithAnchor(DateTimeOffset anchor) =>
        new(TriggerParts.WithAnchor(Parts, anchor)) { Start = Start, End = End };

    internal override AllTrigger WithAnchors(StoredAnchors anchors) =>
        new(TriggerParts.WithAnchors(Parts, anchors)) { Start = Start, End = End };

    /// <summary>True when the other one has equal parts in the same order, and the same bounds.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(AllTrigger? other) => base.Equals(other) && Parts.AsSpan().SequenceEqual(other.Parts.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => TriggerParts.HashCodeOf(base.GetHashCode(), Parts);

    private protected override long? NextCore(long instant, ref int steps)
    {
        // Each part in turn leaps to its first tick at or after the latest one seen. When no part moves any more, they
        // have met.
        long? met = null;
        for (var (part, agreed) = (0, 0); agreed < Parts.Length; part = (part + 1) % Parts.Length)
        {
            if (steps <= 0 || Parts[part].NextAfter(met - 1 ?? instant, ref steps) is not { } next)
            {
                return null;
            }

            agreed = next == met ? agreed + 1 : 1;
            met = next;
        }

        return met;
    }
}

using System.Collections.Immutable;
using Lovage.Scheduling;

namespace Lovage;

/// <summary>Fires when any of its parts does; once when several do at the same instant.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record AnyTrigger : Trigger
{
    internal AnyTrigger(ImmutableArray<Trigger> parts) => Parts = TriggerParts.Checked(parts);

    /// <summary>The parts: 1 to 16.</summary>
    public ImmutableArray<Trigger> Parts { get; }

    internal override int Depth => TriggerParts.Depth(Parts);

    internal override int Size => TriggerParts.Size(Parts);

    internal override IEnumerable<IntervalTrigger> Intervals => Parts.SelectMany(static part => part.Intervals);

    /// <inheritdoc/>
    public override AnyTrigger WithAnchor(DateTimeOffset anchor) =>
        new(TriggerParts.WithAnchor(Parts, anchor)) { Start = Start, End = End };

    internal override AnyTrigger WithAnchors(StoredAnchors anchors) =>
        new(TriggerParts.WithAnchors(Parts, anchors)) { Start = Start, End = End };

    /// <summary>True when the other one has equal parts in the same order, and the same bounds.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(AnyTrigger? other) => base.Equals(other) && Parts.AsSpan().SequenceEqual(other.Parts.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => TriggerParts.HashCodeOf(base.GetHashCode(), Parts);

    private protected override long? NextCore(long instant, ref int steps)
    {
        long? first = null;
        for (var i = 0; i < Parts.Length; i++)
        {
            // A part without a tick must not use up the steps that the others need.
            var share = steps / (Parts.Length - i);
            var left = share;
            var next = Parts[i].NextAfter(instant, ref left);
            steps -= share - left;
            first = next is null || first < next ? first : next;
        }

        return first;
    }
}

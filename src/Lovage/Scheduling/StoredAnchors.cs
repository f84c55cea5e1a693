namespace Lovage.Scheduling;

/// <summary>
/// The anchors that a trigger's intervals get when its schedule is registered again: each one's own where it was given,
/// else the stored one of its place, so that an interval keeps its beat.
/// </summary>
/// <remarks>
/// A place is found by order and period. An interval therefore keeps its beat when other parts of the trigger change
/// around it. Not safe for use by several threads: it serves one registration.
/// </remarks>
/// <param name="stored">The stored trigger; null when there is none, or this machine cannot read it.</param>
/// <param name="otherwise">The anchor of an interval that the stored trigger does not have.</param>
internal sealed class StoredAnchors(Trigger? stored, DateTimeOffset otherwise)
{
    private readonly List<IntervalTrigger> _left = [.. stored?.Intervals ?? []];

    /// <summary>The anchor of the next interval, in the order of the trigger's parts.</summary>
    internal DateTimeOffset Next(IntervalTrigger interval)
    {
        var place = _left.FindIndex(known => known.Period == interval.Period);
        DateTimeOffset? known = null;
        if (place >= 0)
        {
            known = _left[place].Anchor;
            _left.RemoveAt(place);
        }

        return interval.Anchor ?? known ?? otherwise;
    }
}

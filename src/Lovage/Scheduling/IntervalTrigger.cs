using Lovage.Scheduling;

namespace Lovage;

/// <summary>
/// Fires at every whole number of periods before and after its anchor, by elapsed time: no time zone, no daylight
/// saving. <see cref="Trigger.Start"/> bounds it; the anchor only sets the phase.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record IntervalTrigger : Trigger
{
    internal static readonly TimeSpan PeriodMin = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan PeriodMax = TimeSpan.FromDays(36_525);

    /// <summary>Makes the trigger.</summary>
    /// <param name="period">1 s to 36,525 days (100 years), in whole milliseconds.</param>
    /// <param name="anchor">One tick; all others follow from it. Null (the default): the schedule client sets it by
    /// <see cref="WithAnchor"/> when it registers the schedule.</param>
    /// <exception cref="TriggerException">The period is out of range.</exception>
    public IntervalTrigger(TimeSpan period, DateTimeOffset? anchor = null)
    {
        if (period < PeriodMin || period > PeriodMax || period.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            throw new TriggerException(
                $"A period of {period:c} is not possible; 1 s to {PeriodMax.TotalDays:N0} days, in whole "
                    + "milliseconds, are.");
        }

        Period = period;
        Anchor = anchor;
    }

    /// <summary>The time from one tick to the next.</summary>
    public TimeSpan Period { get; }

    /// <summary>One tick, kept to the millisecond; all others follow from it. Null when it is not set yet.</summary>
    public DateTimeOffset? Anchor
    {
        get;
        init => field = Instants.Canonical(value);
    }

    /// <inheritdoc/>
    public override IntervalTrigger WithAnchor(DateTimeOffset anchor) =>
        Anchor is null ? this with { Anchor = anchor } : this;

    internal override IEnumerable<IntervalTrigger> Intervals => [this];

    internal override IntervalTrigger WithAnchors(StoredAnchors anchors) => this with { Anchor = anchors.Next(this) };

    private protected override long? NextCore(long instant, ref int steps)
    {
        var anchor = Anchor?.UtcTicks ?? throw new InvalidOperationException(
            "An interval without an anchor has no ticks yet: give it one, or call WithAnchor.");
        var (periods, rest) = Math.DivRem(instant - anchor, Period.Ticks);
        var next = anchor + ((rest < 0 ? periods : periods + 1) * Period.Ticks);
        return next <= DateTimeOffset.MaxValue.UtcTicks ? next : null;
    }
}

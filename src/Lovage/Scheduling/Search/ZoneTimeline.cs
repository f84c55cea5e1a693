namespace Lovage.Scheduling;

/// <summary>
/// Hangs a <see cref="LocalPattern"/> into a time zone. The rules, the same for every zone and every kind of change of
/// the clock:
/// <list type="bullet">
/// <item>times that the clock skips fire once, all together, at the first instant after the gap;</item>
/// <item>times that the clock repeats fire at their first occurrence, and at each one when the pattern says that it
/// keeps its rhythm.</item>
/// </list>
/// Instants are whole seconds of UTC since 0001-01-01 00:00.
/// </summary>
/// <remarks>
/// <see cref="TimeZoneInfo"/> tells the offset at an instant, but not when it changes next. So the search asks every
/// six hours, and only around the times that may fire. No zone has changed its clock twice within 30 hours since 1880.
/// Immutable.
/// </remarks>
internal sealed class ZoneTimeline
{
    private const long SecondsInHour = 3_600;

    private const long LookEvery = 6 * SecondsInHour;

    // Offsets lie within 14 hours of UTC, so that a clock jumps by 28 hours at the most.
    private const long OffsetMax = 14 * SecondsInHour;
    private const long JumpMax = 2 * OffsetMax;
    private const long Earliest = 366 * LocalPattern.SecondsInDay;
    private static readonly long Latest = new DateTime(LocalPattern.YearMax + 1, 1, 1).Ticks / TimeSpan.TicksPerSecond;

    // Each turn returns, passes a change of the clock or leaps to the next time that may fire; three are usual.
    private const int TurnsMax = 1_000;

    private readonly ZoneRule? _rule;
    private readonly long? _fixedOffset;

    /// <summary>Reads the zone's rules once.</summary>
    /// <param name="zone">The zone.</param>
    /// <param name="rule">When the clock changes in the years for which .NET misreads it; null for none.</param>
    internal ZoneTimeline(TimeZoneInfo zone, ZoneRule? rule = null)
    {
        Zone = zone;
        _rule = rule;
        _fixedOffset = rule is null && zone.GetAdjustmentRules().Length == 0
            ? zone.BaseUtcOffset.Ticks / TimeSpan.TicksPerSecond
            : null;
    }

    /// <summary>The zone.</summary>
    internal TimeZoneInfo Zone { get; }

    /// <summary>
    /// As <see cref="NextAfter"/>, in ticks of UTC; what is not a whole second is rounded down, since ticks are whole.
    /// </summary>
    internal long? NextAfterTicks(long instant, LocalPattern pattern) =>
        NextAfter(instant / TimeSpan.TicksPerSecond, pattern) * TimeSpan.TicksPerSecond;

    /// <summary>The first instant that fires after this one; null when there is none.</summary>
    internal long? NextAfter(long instant, LocalPattern pattern)
    {
        if (instant >= Latest)
        {
            return null;
        }

        // The search is done up to "position"; "from" is the first local time after it.
        var position = Math.Max(instant, Earliest);
        var offset = OffsetAt(position);
        var from = position + offset + 1;
        for (var turn = 0; turn < TurnsMax; turn++)
        {
            if (pattern.AtOrAfter(from) is not { } local)
            {
                return null;
            }

            var candidate = local - offset;
            var limit = Math.Min(candidate, position + JumpMax);
            if (FindChange(position, limit, offset) is { } change)
            {
                var changed = OffsetAt(change);
                if (local < change + changed)
                {
                    return change;
                }

                (position, offset, from) = (change, changed, change + changed);
            }
            else if (limit < candidate)
            {
                // The clock cannot show this time sooner, and it never shows a past time.
                position = Math.Max(limit, local - OffsetMax - 1);
                offset = OffsetAt(position);
                from = position + offset + 1;
            }
            else if (pattern.RepeatsWithTheClock || FindEndOfRepeat(candidate, offset) is not { } repeatEnd)
            {
                return candidate;
            }
            else
            {
                (position, from) = (candidate, repeatEnd);
            }
        }

        return null;
    }

    internal long OffsetAt(long instant) =>
        _fixedOffset
            ?? (instant >= _rule?.From
                ? _rule.OffsetAt(instant)
                : Zone.GetUtcOffset(new DateTime(instant * TimeSpan.TicksPerSecond, DateTimeKind.Utc))
                    .Ticks / TimeSpan.TicksPerSecond);

    /// <summary>The first instant after "after", up to and with "limit", at which the offset is another one.</summary>
    private long? FindChange(long after, long limit, long offset)
    {
        if (_fixedOffset is not null)
        {
            return null;
        }

        for (var same = after; same < limit;)
        {
            var next = Math.Min(same + LookEvery, limit);
            if (OffsetAt(next) != offset)
            {
                return Bisect(same, next, offset);
            }

            same = next;
        }

        return null;
    }

    private long Bisect(long same, long other, long offset)
    {
        while (other - same > 1)
        {
            var middle = same + ((other - same) / 2);
            (same, other) = OffsetAt(middle) == offset ? (middle, other) : (same, middle);
        }

        return other;
    }

    /// <summary>
    /// When the clock has shown this instant's local time before: the local time up to which it repeats itself.
    /// </summary>
    private long? FindEndOfRepeat(long instant, long offset)
    {
        if (_fixedOffset is not null)
        {
            return null;
        }

        for (var back = LookEvery; back < JumpMax + LookEvery; back += LookEvery)
        {
            var earlier = OffsetAt(instant - Math.Min(back, JumpMax));
            var first = instant + offset - earlier;
            if (earlier > offset && OffsetAt(first) == earlier)
            {
                return FindChange(first, instant, earlier) + earlier;
            }
        }

        return null;
    }
}

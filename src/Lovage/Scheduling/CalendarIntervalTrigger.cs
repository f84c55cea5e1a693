using Lovage.Scheduling;

namespace Lovage;

/// <summary>
/// Fires at one time of the day, every so many years, months, weeks and days of the calendar, and keeps the day:
/// monthly from January 31 fires on February 28 or 29 and then on March 31.
/// </summary>
/// <remarks>
/// It adds the years and months to <see cref="Anchor"/> first, all at once, then the weeks and days. Ticks lie before
/// the anchor too; <see cref="Trigger.Start"/> bounds them. A time that the clock skips fires at the first instant
/// after the gap. A time that the clock repeats fires at its first occurrence. Immutable, safe for use by several
/// threads.
/// </remarks>
public sealed record CalendarIntervalTrigger : Trigger
{
    internal const int CountMax = 40_000;
    internal const int YearsMax = 100;
    private const int MonthsInYear = 12;
    private const int DaysInWeek = 7;

    private readonly CalendarPattern _pattern;
    private readonly ZoneTimeline _timeline;

    /// <summary>
    /// Makes the trigger. At least one of years, months, weeks and days is more than 0; together they are at most 100
    /// years.
    /// </summary>
    /// <param name="period">The period.</param>
    /// <param name="day">The day of the month, 1 to 31, or the month's last day where it is shorter; for periods of
    /// years and months only. Null (the default): the anchor's.</param>
    /// <param name="time">The time of the day, in whole seconds; midnight by default.</param>
    /// <param name="timeZone">The IANA id of the zone whose calendar and clock it reads; UTC by default.</param>
    /// <param name="anchor">A day on which it fires; all other days follow from it. Null (the default): Monday, January
    /// 1, 2001, so that months and quarters begin as the calendar's do.</param>
    /// <exception cref="TriggerException">The period, the day, the time or the anchor is out of range, or the zone is
    /// not known.</exception>
    public CalendarIntervalTrigger(
        CalendarPeriod period,
        int? day = null,
        TimeOnly time = default,
        string timeZone = ZoneIds.Utc,
        DateOnly? anchor = null)
    {
        var (years, months, weeks, days) = period;
        Years = Checked(years, nameof(years));
        Months = Checked(months, nameof(months));
        Weeks = Checked(weeks, nameof(weeks));
        Days = Checked(days, nameof(days));
        var (allMonths, allDays) = ((long)years * MonthsInYear + months, (long)weeks * DaysInWeek + days);
        if (allMonths + allDays == 0 || allMonths / (double)MonthsInYear + allDays / 365.25 > YearsMax)
        {
            throw new TriggerException(
                $"A calendar period is at least a day and at most {YearsMax} years; give years, months, weeks or "
                    + "days.");
        }

        if (day is < 1 or > 31 || (day is not null && (allMonths == 0 || allDays > 0)))
        {
            throw new TriggerException(
                $"Day {day} is not possible: 1 to 31 are, for a period of years and months only. Set the anchor to "
                    + "the first day instead.");
        }

        if (time.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new TriggerException($"The time of the day {time:O} is not in whole seconds.");
        }

        Day = day;
        Time = time;
        Anchor = anchor ?? DefaultAnchor;
        if (Anchor.Year > LocalPattern.YearMax)
        {
            throw new TriggerException(
                $"The anchor {Anchor:O} is too late: its year is at most {LocalPattern.YearMax}.");
        }

        var zone = ZoneIds.Find(timeZone);
        TimeZone = zone.Id;
        _pattern = new CalendarPattern(Anchor, (int)allMonths, (int)allDays, day, time);
        _timeline = ZoneTimelines.Of(zone);
    }

    /// <summary>Years of the period.</summary>
    public int Years { get; }

    /// <summary>Months of the period.</summary>
    public int Months { get; }

    /// <summary>Weeks of the period.</summary>
    public int Weeks { get; }

    /// <summary>Days of the period.</summary>
    public int Days { get; }

    /// <summary>The day of the month wanted; null for the anchor's.</summary>
    public int? Day { get; }

    /// <summary>The time of the day.</summary>
    public TimeOnly Time { get; }

    /// <summary>The IANA id of the zone.</summary>
    public string TimeZone { get; }

    /// <summary>A day on which it fires; all other days follow from it.</summary>
    public DateOnly Anchor { get; }

    internal static DateOnly DefaultAnchor { get; } = new(2001, 1, 1);

    /// <summary>True when the other one has the same period, day, time, zone, anchor and bounds.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(CalendarIntervalTrigger? other) =>
        base.Equals(other) && (Years, Months, Weeks, Days) == (other.Years, other.Months, other.Weeks, other.Days)
        && (Day, Time, TimeZone, Anchor) == (other.Day, other.Time, other.TimeZone, other.Anchor);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(base.GetHashCode(), Years, Months, (Weeks, Days), Day, Time, TimeZone, Anchor);

    private protected override long? NextCore(long instant, ref int steps) =>
        _timeline.NextAfterTicks(instant, _pattern);

    private static int Checked(int count, string name) =>
        count is >= 0 and <= CountMax
            ? count
            : throw new TriggerException($"{count} {name} are not possible; 0 to {CountMax} are.", name);
}

using Lovage.Scheduling;

namespace Lovage;

/// <summary>
/// Triggers that fire at equal distances. Seconds, minutes, hours and periods are elapsed time, counted from when the
/// schedule is registered; days, weeks, months, quarters and years are the calendar's, at a time of the day in a time
/// zone.
/// </summary>
public static class Every
{
    private const int MonthsInQuarter = 3;

    /// <summary>Every so many seconds.</summary>
    /// <param name="seconds">1 or more.</param>
    /// <exception cref="TriggerException">The period is out of range.</exception>
    public static IntervalTrigger Seconds(int seconds) => Period(TimeSpan.FromSeconds(seconds));

    /// <summary>Every so many minutes.</summary>
    /// <param name="minutes">1 or more.</param>
    /// <exception cref="TriggerException">The period is out of range.</exception>
    public static IntervalTrigger Minutes(int minutes) => Period(TimeSpan.FromMinutes(minutes));

    /// <summary>Every so many hours of elapsed time.</summary>
    /// <param name="hours">1 or more.</param>
    /// <exception cref="TriggerException">The period is out of range.</exception>
    public static IntervalTrigger Hours(int hours) => Period(TimeSpan.FromHours(hours));

    /// <summary>Every so long.</summary>
    /// <param name="period">1 s to 36,525 days.</param>
    /// <exception cref="TriggerException">The period is out of range.</exception>
    public static IntervalTrigger Period(TimeSpan period) => new(period);

    /// <summary>Every so many days of the calendar, counted from January 1, 2001.</summary>
    /// <param name="days">1 or more.</param>
    /// <param name="time">The time of the day; midnight by default.</param>
    /// <param name="timeZone">The IANA id of the zone; UTC by default.</param>
    /// <exception cref="TriggerException">The period is out of range, or the zone is not known.</exception>
    public static CalendarIntervalTrigger Days(int days, TimeOnly time = default, string timeZone = ZoneIds.Utc) =>
        new(new CalendarPeriod(Days: days), time: time, timeZone: timeZone);

    /// <summary>Every so many weeks, counted from the first week of 2001.</summary>
    /// <param name="weeks">1 or more.</param>
    /// <param name="day">The day of the week; Monday by default.</param>
    /// <param name="time">The time of the day; midnight by default.</param>
    /// <param name="timeZone">The IANA id of the zone; UTC by default.</param>
    /// <exception cref="TriggerException">The period is out of range, or the zone is not known.</exception>
    public static CalendarIntervalTrigger Weeks(
        int weeks, DayOfWeek day = DayOfWeek.Monday, TimeOnly time = default, string timeZone = ZoneIds.Utc) =>
        new(
            new CalendarPeriod(Weeks: weeks),
            time: time,
            timeZone: timeZone,
            anchor: CalendarIntervalTrigger.DefaultAnchor.AddDays(
                (day - DayOfWeek.Monday + CronFields.DaysInWeek) % CronFields.DaysInWeek));

    /// <summary>Every so many months, counted from January 2001.</summary>
    /// <param name="months">1 or more.</param>
    /// <param name="day">The day of the month, 1 to 31, or the month's last day where it is shorter; 1 by
    /// default.</param>
    /// <param name="time">The time of the day; midnight by default.</param>
    /// <param name="timeZone">The IANA id of the zone; UTC by default.</param>
    /// <exception cref="TriggerException">The period or the day is out of range, or the zone is not known.</exception>
    public static CalendarIntervalTrigger Months(
        int months, int day = 1, TimeOnly time = default, string timeZone = ZoneIds.Utc) =>
        new(new CalendarPeriod(Months: months), day: day, time: time, timeZone: timeZone);

    /// <summary>
    /// Every so many quarters of the calendar, in their first month: January, April, July, October when it is 1.
    /// </summary>
    /// <param name="quarters">1 or more.</param>
    /// <param name="day">The day of the month, 1 to 31, or the month's last day where it is shorter; 1 by
    /// default.</param>
    /// <param name="time">The time of the day; midnight by default.</param>
    /// <param name="timeZone">The IANA id of the zone; UTC by default.</param>
    /// <exception cref="TriggerException">The period or the day is out of range, or the zone is not known.</exception>
    public static CalendarIntervalTrigger Quarters(
        int quarters, int day = 1, TimeOnly time = default, string timeZone = ZoneIds.Utc) =>
        new(
            new CalendarPeriod(
                Months: quarters is >= 0 and <= CalendarIntervalTrigger.CountMax
                    ? quarters * MonthsInQuarter
                    : quarters),
            day: day,
            time: time,
            timeZone: timeZone);

    /// <summary>Every so many years, counted from 2001.</summary>
    /// <param name="years">1 to 100.</param>
    /// <param name="month">The month, 1 to 12; January by default.</param>
    /// <param name="day">The day of the month, 1 to 31, or the month's last day where it is shorter; 1 by
    /// default.</param>
    /// <param name="time">The time of the day; midnight by default.</param>
    /// <param name="timeZone">The IANA id of the zone; UTC by default.</param>
    /// <exception cref="TriggerException">The period, the month or the day is out of range, or the zone is not
    /// known.</exception>
    public static CalendarIntervalTrigger Years(
        int years, int month = 1, int day = 1, TimeOnly time = default, string timeZone = ZoneIds.Utc) =>
        month is >= 1 and <= 12
            ? new(
                new CalendarPeriod(Years: years),
                day: day,
                time: time,
                timeZone: timeZone,
                anchor: CalendarIntervalTrigger.DefaultAnchor.AddMonths(month - 1))
            : throw new TriggerException($"Month {month} is not possible; 1 to 12 are.");
}

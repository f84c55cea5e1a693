namespace Lovage.Scheduling;

/// <summary>The dates that lie whole periods of months and days away from an anchor, at one time of the day.</summary>
internal sealed class CalendarPattern(DateOnly anchor, int months, int days, int? dayOfMonth, TimeOnly time)
    : LocalPattern
{
    private const int MonthsInYear = 12;
    private const double DaysInMonth = 146_097.0 / 4_800;
    private const long MonthEnd = (YearMax + 1) * MonthsInYear;
    private const long TooEarly = -1;
    private const long Never = long.MaxValue;
    private static readonly long DayEnd = DayOf(new DateTime(YearMax + 1, 1, 1));

    private readonly long _time = time.Ticks / TimeSpan.TicksPerSecond;
    private readonly int _dayOfMonth = dayOfMonth ?? anchor.Day;

    internal override bool RepeatsWithTheClock => false;

    internal override long? AtOrAfter(long local)
    {
        // The first day whose time of the day is not over.
        var target = (local + SecondsInDay - 1 - _time) / SecondsInDay;
        var period = (long)Math.Floor((target - anchor.DayNumber) / ((months * DaysInMonth) + days));

        // Months differ in length, so that the estimate is one or two off.
        while (DayAt(period) >= target)
        {
            period--;
        }

        long day;
        while ((day = DayAt(period)) < target)
        {
            period++;
        }

        return day == Never ? null : (day * SecondsInDay) + _time;
    }

    /// <summary>
    /// The day of the tick so many periods away from the anchor; a very early or late one when it lies outside the
    /// calendar.
    /// </summary>
    private long DayAt(long period)
    {
        var month = (anchor.Year * MonthsInYear) + anchor.Month - 1 + (period * months);
        if (month is < MonthsInYear or >= MonthEnd)
        {
            return month < MonthsInYear ? TooEarly : Never;
        }

        var (year, monthOfYear) = ((int)(month / MonthsInYear), (int)(month % MonthsInYear) + 1);
        var first = DayOf(new DateTime(year, monthOfYear, 1));
        var day = first + Math.Min(_dayOfMonth, DateTime.DaysInMonth(year, monthOfYear)) - 1 + (period * days);
        return day < DayEnd ? Math.Max(day, TooEarly) : Never;
    }
}

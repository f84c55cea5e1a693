namespace Lovage.Scheduling;

/// <summary>
/// A parsed cron expression: which values of each field fit, as bit sets. Knows the calendar, and nothing of time
/// zones.
/// </summary>
/// <remarks>
/// Immutable. It is compiled into the generator too, so that it uses nothing newer than netstandard2.0.
/// </remarks>
internal sealed class CronFields
{
    internal const int DaysInWeek = 7;
    internal const int NthMax = 5;
    private const uint EveryDayOfWeek = 0x7F;
    private const int Saturday = 6;
    private const int Sunday = 0;

    /// <summary>Bits 0 to 59; bit 0 alone when the expression has no seconds.</summary>
    internal ulong Seconds { get; init; }

    /// <summary>Bits 0 to 59.</summary>
    internal ulong Minutes { get; init; }

    /// <summary>Bits 0 to 23.</summary>
    internal uint Hours { get; init; }

    /// <summary>Bits 1 to 12.</summary>
    internal uint Months { get; init; }

    /// <summary>Bits 1 to 31.</summary>
    internal uint DaysOfMonth { get; init; }

    /// <summary>Bits 1 to 31: the weekdays nearest to these days, in the same month (15W).</summary>
    internal uint NearestWeekdays { get; init; }

    /// <summary>Bit n: the day n days before the last one (L is bit 0).</summary>
    internal uint LastDays { get; init; }

    /// <summary>Bit n: the weekday nearest to the day n days before the last one (LW is bit 0).</summary>
    internal uint LastWeekdays { get; init; }

    /// <summary>Bits 0 (Sunday) to 6.</summary>
    internal uint DaysOfWeek { get; init; }

    /// <summary>Bit 7 (n - 1) + d: the nth day d of the month (MON#2).</summary>
    internal ulong NthDaysOfWeek { get; init; }

    /// <summary>Bits 0 to 6: the last such days of the month (FRIL).</summary>
    internal uint LastDaysOfWeek { get; init; }

    /// <summary>A day that fits one of the two day fields is enough; otherwise it must fit both.</summary>
    internal bool EitherDay { get; init; }

    /// <summary>
    /// A second, minute or hour is given by a star, a range or a step: the expression fires at a rhythm, not at fixed
    /// times of the day.
    /// </summary>
    internal bool IsInterval { get; init; }

    /// <summary>The days of a month that fit, bits 1 to 31, whether or not the month itself does.</summary>
    internal uint DaysOf(int year, int month) =>
        DaysWithin(DateTime.DaysInMonth(year, month), (int)new DateTime(year, month, 1).DayOfWeek);

    /// <summary>
    /// False when no day of any year fits: every month of every length, begun on every weekday, comes by within 400
    /// years.
    /// </summary>
    internal bool EverFires()
    {
        for (var month = CronField.Month.Min; month <= CronField.Month.Max; month++)
        {
            if ((Months & (1u << month)) == 0)
            {
                continue;
            }

            // One leap year and one other.
            for (var year = 2000; year <= 2001; year++)
            {
                for (var weekday = 0; weekday < DaysInWeek; weekday++)
                {
                    if (DaysWithin(DateTime.DaysInMonth(year, month), weekday) != 0)
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private uint DaysWithin(int length, int firstWeekday)
    {
        var byMonth = DaysByMonth(length, firstWeekday);
        var byWeek = DaysByWeek(length, firstWeekday);
        return EitherDay ? byMonth | byWeek : byMonth & byWeek;
    }

    private uint DaysByMonth(int length, int firstWeekday)
    {
        var days = DaysOfMonth & All(length);
        if ((NearestWeekdays | LastDays | LastWeekdays) == 0)
        {
            return days;
        }

        for (var day = 1; day <= length; day++)
        {
            if ((NearestWeekdays & (1u << day)) != 0)
            {
                days |= 1u << NearestWeekday(day, length, firstWeekday);
            }

            if ((LastDays & (1u << (length - day))) != 0)
            {
                days |= 1u << day;
            }

            if ((LastWeekdays & (1u << (length - day))) != 0)
            {
                days |= 1u << NearestWeekday(day, length, firstWeekday);
            }
        }

        return days;
    }

    private uint DaysByWeek(int length, int firstWeekday)
    {
        if (DaysOfWeek == EveryDayOfWeek)
        {
            return All(length);
        }

        var days = 0u;
        for (var day = 1; day <= length; day++)
        {
            var weekday = (firstWeekday + day - 1) % DaysInWeek;
            var nth = (day - 1) / DaysInWeek;
            if ((DaysOfWeek & (1u << weekday)) != 0
                || (NthDaysOfWeek & (1ul << ((nth * DaysInWeek) + weekday))) != 0
                || (day + DaysInWeek > length && (LastDaysOfWeek & (1u << weekday)) != 0))
            {
                days |= 1u << day;
            }
        }

        return days;
    }

    private static uint All(int length) => (uint)((2ul << length) - 2);

    private static int NearestWeekday(int day, int length, int firstWeekday) =>
        ((firstWeekday + day - 1) % DaysInWeek) switch
        {
            Saturday => day > 1 ? day - 1 : day + 2,
            Sunday => day < length ? day + 1 : day - 2,
            _ => day,
        };
}

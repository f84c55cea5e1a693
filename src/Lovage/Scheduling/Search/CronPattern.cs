using System.Numerics;

namespace Lovage.Scheduling;

/// <summary>
/// The times of a cron expression. The search leaps from field to field: it tries no minutes one by one, and computes
/// one set of days a month.
/// </summary>
internal sealed class CronPattern(CronFields fields) : LocalPattern
{
    // Leap days that fall on one weekday are 40 years apart at the most; the calendar repeats after 400.
    private const int YearsMax = 400;
    private const int SecondsInMinute = 60;
    private const int SecondsInHour = 3_600;

    internal CronFields Fields { get; } = fields;

    internal override bool RepeatsWithTheClock => Fields.IsInterval;

    internal override long? AtOrAfter(long local)
    {
        var day = local / SecondsInDay;
        var date = DateOf(day);
        if (date.Year > YearMax)
        {
            return null;
        }

        var days = DaysOf(date.Year, date.Month);
        if ((days & (1u << date.Day)) != 0 && TimeAtOrAfter((int)(local % SecondsInDay)) is { } time)
        {
            return (day * SecondsInDay) + time;
        }

        // Later in this month, else in the months that follow.
        days &= ~((2u << date.Day) - 1);
        var (year, month) = (date.Year, date.Month);
        var yearMax = Math.Min(YearMax, year + YearsMax);
        while (days == 0)
        {
            month = Next(Fields.Months, month + 1);
            if (month < 0)
            {
                month = Next(Fields.Months, CronField.Month.Min);
                year++;
            }

            if (year > yearMax)
            {
                return null;
            }

            days = DaysOf(year, month);
        }

        return (DayOf(new DateTime(year, month, BitOperations.TrailingZeroCount(days))) * SecondsInDay) + FirstTime();
    }

    private uint DaysOf(int year, int month) => (Fields.Months & (1u << month)) == 0 ? 0 : Fields.DaysOf(year, month);

    private int? TimeAtOrAfter(int secondOfDay)
    {
        var (hour, minute, second) = (
            secondOfDay / SecondsInHour,
            secondOfDay / SecondsInMinute % SecondsInMinute,
            secondOfDay % SecondsInMinute);
        if ((Fields.Hours & (1u << hour)) != 0)
        {
            if ((Fields.Minutes & (1ul << minute)) != 0 && Next(Fields.Seconds, second) is var sameMinute and >= 0)
            {
                return Time(hour, minute, sameMinute);
            }

            if (Next(Fields.Minutes, minute + 1) is var later and >= 0)
            {
                return Time(hour, later, Next(Fields.Seconds, 0));
            }
        }

        return Next(Fields.Hours, hour + 1) is var laterHour and >= 0
            ? Time(laterHour, Next(Fields.Minutes, 0), Next(Fields.Seconds, 0))
            : null;
    }

    private int FirstTime() => Time(Next(Fields.Hours, 0), Next(Fields.Minutes, 0), Next(Fields.Seconds, 0));

    private static int Time(int hour, int minute, int second) =>
        (hour * SecondsInHour) + (minute * SecondsInMinute) + second;

    /// <summary>The lowest bit from here on; -1 for none.</summary>
    private static int Next(ulong bits, int from)
    {
        var rest = bits >> from;
        return rest == 0 ? -1 : from + BitOperations.TrailingZeroCount(rest);
    }
}

using System.Globalization;
using System.Numerics;

namespace Lovage.Scheduling;

/// <summary>
/// Writes cron fields in plain English. It reads the sets and not the text, so expressions of the same meaning get the
/// same words.
/// </summary>
internal static class CronWords
{
    private const int TimesShownMax = 6;
    private const int MinutesInHour = 60;
    private const int HoursInDay = 24;
    private const ulong Zero = 1;
    private static readonly ulong All60 = CronField.Minute.All();
    private static readonly ulong All24 = CronField.Hour.All();

    internal static string Describe(CronFields fields)
    {
        var days = Days(fields);
        var months = fields.Months == CronField.Month.All()
            ? ""
            : $"in {Wording.Values(fields.Months, month => Wording.Months[month - 1])}";
        var (time, needsDay) = Time(fields);
        if (days.Length == 0 && needsDay)
        {
            days = "every day";
        }

        return string.Join(' ', new[] { time, days, months }.Where(part => part.Length > 0));
    }

    /// <summary>The times of the day; and whether "every day" must follow to make a sentence.</summary>
    private static (string Text, bool NeedsDay) Time(CronFields fields)
    {
        var (seconds, minutes, hours) = (fields.Seconds, fields.Minutes, (ulong)fields.Hours);
        if (seconds == Zero
            && BitOperations.IsPow2(minutes)
            && Step(hours, HoursInDay) is { } step and < HoursInDay / 2)
        {
            return (
                "every "
                    + $"{(step == 1 ? "hour" : $"{step} hours")}"
                    + $"{(minutes == Zero ? "" : $" at {Named(minutes, "minute")}")}",
                false);
        }

        if (BitOperations.PopCount(hours) * BitOperations.PopCount(minutes) * BitOperations.PopCount(seconds)
            <= TimesShownMax)
        {
            var times = from hour in Wording.Bits(hours)
                        from minute in Wording.Bits(minutes)
                        from second in Wording.Bits(seconds)
                        select Clock(hour, minute, second, seconds != Zero);
            return ($"at {Wording.List([.. times])}", true);
        }

        var within = hours == All24 ? "" : $" {Within(hours)}";
        if (seconds != Zero)
        {
            var ofMinutes = minutes != All60 ? $" during {Named(minutes, "minute")}"
                : Step(seconds, MinutesInHour) is null ? " of every minute"
                : "";
            return (Beat(seconds, MinutesInHour, "second") + ofMinutes + within, false);
        }

        if (!BitOperations.IsPow2(minutes))
        {
            return (Beat(minutes, MinutesInHour, "minute") + within, false);
        }

        return ($"at {Named(minutes, "minute")} {Within(hours)}", false);
    }

    /// <summary>"every 5 minutes", or "at minutes 0, 7 and 14".</summary>
    private static string Beat(ulong bits, int size, string unit) => Step(bits, size) switch
    {
        1 => $"every {unit}",
        { } step => $"every {step} {unit}s",
        null => $"at {Named(bits, unit)}",
    };

    private static string Within(ulong hours) => Step(hours, HoursInDay) is { } step and > 1
        ? $"of every {Wording.Ordinal(step)} hour from 00"
        : $"of {Named(hours, "hour")}";

    private static string Named(ulong bits, string unit) =>
        $"{unit}{(BitOperations.IsPow2(bits) ? "" : "s")} "
            + $"{Wording.Values(bits, value => value.ToString(CultureInfo.InvariantCulture))}";

    /// <summary>
    /// The distance, when the values lie at one and the same from 0 through the whole and over its end; null otherwise.
    /// </summary>
    private static int? Step(ulong bits, int size)
    {
        var count = BitOperations.PopCount(bits);
        if (count < 2 || size % count != 0)
        {
            return null;
        }

        var step = size / count;
        for (var value = 0; value < size; value += step)
        {
            if ((bits & (1ul << value)) == 0)
            {
                return null;
            }
        }

        return step;
    }

    private static string Clock(int hour, int minute, int second, bool withSeconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{hour:00}:{minute:00}")
            + (withSeconds ? string.Create(CultureInfo.InvariantCulture, $":{second:00}") : "");

    private static string Days(CronFields fields)
    {
        var byMonth = DaysByMonth(fields);
        var byWeek = DaysByWeek(fields);
        if (byMonth.Length == 0 || byWeek.Length == 0)
        {
            return byMonth.Length + byWeek.Length == 0 ? "" : $"on {byMonth}{byWeek}";
        }

        return fields.EitherDay ? $"on {byMonth} or on {byWeek}" : $"on {byMonth} when it is {byWeek}";
    }

    private static string DaysByMonth(CronFields fields)
    {
        if (fields.DaysOfMonth == CronField.DayOfMonth.All() && !fields.EitherDay)
        {
            return "";
        }

        var parts = new List<string>();
        if (fields.DaysOfMonth != 0)
        {
            parts.Add($"the {Wording.Values(fields.DaysOfMonth, Wording.Ordinal)}");
        }

        parts.AddRange(
            Wording.Bits(fields.NearestWeekdays).Select(day => $"the weekday nearest the {Wording.Ordinal(day)}"));
        parts.AddRange(Wording.Bits(fields.LastDays).Select(BeforeLast));
        parts.AddRange(Wording.Bits(fields.LastWeekdays)
            .Select(n => n == 0 ? "the last weekday of the month" : $"the weekday nearest {BeforeLast(n)}"));
        return Wording.List(parts, "or");
    }

    private static string BeforeLast(int days) =>
        days == 0 ? "the last day of the month" : $"the day {days} before the month's last";

    private static string DaysByWeek(CronFields fields)
    {
        if (fields.DaysOfWeek == CronField.DayOfWeek.All() && !fields.EitherDay)
        {
            return "";
        }

        var parts = new List<string>();
        if (fields.DaysOfWeek != 0)
        {
            parts.Add(Wording.Values(fields.DaysOfWeek, day => Wording.Days[day]));
        }

        parts.AddRange(
            Wording.Bits(fields.NthDaysOfWeek)
                .Select(
                    bit =>
                        $"the {Wording.Ordinal((bit / CronFields.DaysInWeek) + 1)} "
                            + $"{Wording.Days[bit % CronFields.DaysInWeek]} of the month"));
        parts.AddRange(Wording.Bits(fields.LastDaysOfWeek).Select(day => $"the last {Wording.Days[day]} of the month"));
        return Wording.List(parts, "or");
    }
}

using System.Globalization;

namespace Lovage.Scheduling;

/// <summary>
/// Triggers in plain English. A trigger has at most 64 parts and a cron expression at most 256 characters, so that no
/// text grows beyond a few kilobytes before it is cut.
/// </summary>
internal static class TriggerWords
{
    internal const int LengthMax = 500;
    private const int MonthsInQuarter = 3;
    private const int MonthsInYear = 12;

    internal static string Describe(Trigger trigger)
    {
        var text = Sentence(trigger);
        text = char.ToUpperInvariant(text[0]) + text[1..];
        return TextCut.Of(text, LengthMax);
    }

    private static string Sentence(Trigger trigger)
    {
        var text = trigger switch
        {
            CronTrigger cron => $"{CronWords.Describe(cron.Fields)} ({cron.TimeZone})",
            IntervalTrigger interval => interval.Anchor is { } anchor
                ? $"every {Span(interval.Period)}, counted from {Shown(anchor)}"
                : $"every {Span(interval.Period)}",
            DateTrigger date => $"once, at {Shown(date.At)}",
            CalendarIntervalTrigger calendar => $"{Calendar(calendar)} at {Shown(calendar.Time)} ({calendar.TimeZone})",
            AnyTrigger any => Parts(any.Parts, " or "),
            AllTrigger all => Parts(all.Parts, " and at the same instant "),
            _ => throw new ArgumentOutOfRangeException(nameof(trigger), trigger.GetType(), "No words for this kind."),
        };
        return text
            + (trigger.Start is { } start ? $", from {Shown(start)}" : "")
            + (trigger.End is { } end ? $", before {Shown(end)}" : "");
    }

    private static string Parts(IEnumerable<Trigger> parts, string link) =>
        string.Join(link, parts.Select(part => part.Depth > 1 ? $"({Sentence(part)})" : Sentence(part)));

    private static string Calendar(CalendarIntervalTrigger trigger)
    {
        var (months, days) = ((trigger.Years * MonthsInYear) + trigger.Months, trigger.Weeks + trigger.Days);
        var day = trigger.Day ?? trigger.Anchor.Day;
        var monthName = Wording.Months[trigger.Anchor.Month - 1];
        return (trigger.Years, trigger.Months, trigger.Weeks, trigger.Days) switch
        {
            _ when days == 0 && months % MonthsInYear == 0 =>
                $"every {Count(months / MonthsInYear, "year")} on {monthName} "
                    + $"{day}{IfShorter(day, trigger.Anchor.Month)}{Since(trigger, months > MonthsInYear)}",
            _ when days == 0 && months == MonthsInQuarter && trigger.Anchor.Month % MonthsInQuarter == 1 =>
                $"every quarter, in its first month, on the {Wording.Ordinal(day)}{IfShorter(day)}",
            _ when days == 0 =>
                $"every {Count(months, "month")} on the "
                    + $"{Wording.Ordinal(day)}{IfShorter(day)}{Since(trigger, months > 1)}",
            (0, 0, var weeks, 0) =>
                $"every {Count(weeks, "week")} on {trigger.Anchor.DayOfWeek}{Since(trigger, weeks > 1)}",
            (0, 0, 0, var some) => $"every {Count(some, "day")}{Since(trigger, some > 1)}",
            _ =>
                "every "
                    + Wording.List([.. Units(trigger).Where(unit => unit.Count > 0)
                        .Select(unit => $"{unit.Count} {Plural(unit.Count, unit.Name)}")])
                    + Since(trigger, true),
        };
    }

    private static IEnumerable<(int Count, string Name)> Units(CalendarIntervalTrigger trigger) =>
        [(trigger.Years, "year"), (trigger.Months, "month"), (trigger.Weeks, "week"), (trigger.Days, "day")];

    private static string Since(CalendarIntervalTrigger trigger, bool matters) =>
        matters ? string.Create(CultureInfo.InvariantCulture, $", counted from {trigger.Anchor:yyyy-MM-dd},") : "";

    private static string IfShorter(int day, int month = 2) =>
        day > DateTime.DaysInMonth(2001, month) ? " (or the month's last day)" : "";

    /// <summary>"day", "2 days".</summary>
    private static string Count(int count, string unit) => count == 1 ? unit : $"{count} {unit}s";

    private static string Plural(int count, string unit) => count == 1 ? unit : unit + "s";

    private static string Span(TimeSpan span)
    {
        (int Count, string Name)[] units =
        [
            (span.Days, "day"),
            (span.Hours, "hour"),
            (span.Minutes, "minute"),
            (span.Seconds, "second"),
            (span.Milliseconds, "millisecond"),
        ];
        var parts = units.Where(unit => unit.Count > 0).ToArray();
        return parts is [(1, var only)]
            ? only
            : Wording.List([.. parts.Select(unit => $"{unit.Count} {Plural(unit.Count, unit.Name)}")]);
    }

    private static string Shown(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFF 'UTC'", CultureInfo.InvariantCulture);

    private static string Shown(TimeOnly time) =>
        time.ToString(time.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);
}

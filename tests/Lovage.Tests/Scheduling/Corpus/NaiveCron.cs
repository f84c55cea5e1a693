namespace Lovage.Tests.Scheduling.Corpus;

/// <summary>
/// Cron once more, read the slow way: each value of each field is tried against each item of the text. It shares
/// nothing with the parser and search under test.
/// </summary>
internal sealed class NaiveCron
{
    private static readonly string[] MonthNames =
    [
        "", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    private static readonly string[] DayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private static readonly Dictionary<string, string> Macros = new()
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * SUN",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
    };

    private readonly string _day;
    private readonly string _weekday;
    private readonly bool _celery;
    private readonly bool[] _months;

    internal NaiveCron(CronCase cron)
    {
        _celery = cron.Dialect == CronDialect.Celery;
        var fields = Macros.GetValueOrDefault(cron.Text, cron.Text).ToUpperInvariant().Split(' ');
        if (fields.Length == 5)
        {
            fields = ["0", .. fields];
        }

        HasSeconds = fields[0] != "0";
        Seconds = Values(fields[0], 0, 59, []);
        Minutes = Values(fields[1], 0, 59, []);
        Hours = Values(fields[2], 0, 23, []);
        _day = fields[3];
        _months = Values(fields[4], 1, 12, MonthNames);
        _weekday = fields[5];
        IsInterval = fields[..3].Any(field => field.AsSpan().IndexOfAny("*-/") >= 0);
    }

    internal bool HasSeconds { get; }

    internal bool[] Seconds { get; }

    internal bool[] Minutes { get; }

    internal bool[] Hours { get; }

    internal bool IsInterval { get; }

    internal bool Matches(DateTime local) =>
        Seconds[local.Second] && Minutes[local.Minute] && Hours[local.Hour] && MatchesDay(DateOnly.FromDateTime(local));

    internal bool MatchesDay(DateOnly date)
    {
        if (!_months[date.Month])
        {
            return false;
        }

        var byMonth = _day.Split(',').Any(item => IsDayOfMonth(item, date));
        var byWeek = _weekday.Split(',').Any(item => IsDayOfWeek(item, date));
        var bothRestrict = _day[0] is not ('*' or '?') && _weekday[0] is not ('*' or '?');
        return bothRestrict && !_celery ? byMonth || byWeek : byMonth && byWeek;
    }

    private bool IsDayOfMonth(string item, DateOnly date)
    {
        var last = DateTime.DaysInMonth(date.Year, date.Month);
        if (item == "?")
        {
            return true;
        }

        if (item[0] == 'L')
        {
            var weekday = item.EndsWith('W');
            var number = item.Trim('L', 'W', '-');
            var wanted = last - (number.Length == 0 ? 0 : int.Parse(number, null));
            return wanted >= 1 && (weekday ? IsNearestWeekday(date, wanted) : date.Day == wanted);
        }

        if (item.EndsWith('W'))
        {
            var wanted = int.Parse(item[..^1], null);
            return wanted <= last && IsNearestWeekday(date, wanted);
        }

        return Fits(item, date.Day, 1, 31, []);
    }

    private bool IsDayOfWeek(string item, DateOnly date)
    {
        var (number, last) = ((int)date.DayOfWeek, DateTime.DaysInMonth(date.Year, date.Month));
        if (item == "?")
        {
            return true;
        }

        if (item.Contains('#', StringComparison.Ordinal))
        {
            var parts = item.Split('#');
            return Number(parts[0], DayNames) % 7 == number && (date.Day + 6) / 7 == int.Parse(parts[1], null);
        }

        if (item.Length > 1 && item.EndsWith('L'))
        {
            return Number(item[..^1], DayNames) % 7 == number && date.Day > last - 7;
        }

        return Fits(item, number, 0, 6, DayNames) || (number == 0 && !_celery && Fits(item, 7, 0, 7, DayNames));
    }

    /// <summary>Of all weekdays of the month, no other is nearer to the wanted day.</summary>
    private static bool IsNearestWeekday(DateOnly date, int wanted)
    {
        var weekdays = Enumerable.Range(1, DateTime.DaysInMonth(date.Year, date.Month))
            .Where(day =>
                new DateTime(date.Year, date.Month, day).DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday));
        return weekdays.MinBy(day => Math.Abs(day - wanted)) == date.Day;
    }

    private bool[] Values(string field, int min, int max, string[] names) =>
        [.. Enumerable.Range(0, max + 1)
            .Select(value => value >= min && field.Split(',').Any(item => Fits(item, value, min, max, names)))];

    /// <summary>Whether one item of a list has this value: *, a, a-b, a/n, a-b/n, */n.</summary>
    private bool Fits(string item, int value, int min, int max, string[] names)
    {
        var parts = item.Split('/');
        var step = parts.Length == 2 ? int.Parse(parts[1], null) : 1;
        if (parts[0] == "*")
        {
            // 7 is another name of 0, no further day.
            return value <= (names == DayNames ? 6 : max) && (value - min) % step == 0;
        }

        var ends = parts[0].Split('-');
        var low = Number(ends[0], names);
        var high = ends.Length == 2 ? Number(ends[1], names) : parts.Length == 2 ? (names == DayNames ? 6 : max) : low;
        if (ends.Length == 2 && names == DayNames && !_celery && ends[1] == "SUN" && low > 0)
        {
            high = 7;
        }

        if (high < low)
        {
            return (value >= low && (value - low) % step == 0)
                || (value <= high && (value + max - min + 1 - low) % step == 0);
        }

        return value >= low && value <= high && (value - low) % step == 0;
    }

    private static int Number(string text, string[] names) =>
        Array.FindIndex(names, name => name.Length > 0 && text.StartsWith(name, StringComparison.Ordinal)) is >= 0
            and var index
            ? index
            : int.Parse(text, null);
}

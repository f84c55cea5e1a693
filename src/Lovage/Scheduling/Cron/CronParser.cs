namespace Lovage.Scheduling;

/// <summary>From the text of a cron expression to its fields. Works in one pass over at most 256 characters.</summary>
internal static class CronParser
{
    internal const int LengthMax = 256;
    private const int FieldsMin = 5;
    private const int FieldsMax = 6;

    private static readonly CronField[] Order =
    [
        CronField.Second,
        CronField.Minute,
        CronField.Hour,
        CronField.DayOfMonth,
        CronField.Month,
        CronField.DayOfWeek,
    ];

    private static readonly string[][] Macros =
    [
        ["@yearly", "0 0 1 1 *"],
        ["@annually", "0 0 1 1 *"],
        ["@monthly", "0 0 1 * *"],
        ["@weekly", "0 0 * * 0"],
        ["@daily", "0 0 * * *"],
        ["@midnight", "0 0 * * *"],
        ["@hourly", "0 * * * *"],
    ];

    /// <summary>
    /// Null, with the error, when the text is no expression of this dialect or names a day that never comes.
    /// </summary>
    internal static CronFields? Parse(string text, CronRules rules, out CronError? error)
    {
        if (text.Length > LengthMax)
        {
            error = new CronError(
                null, LengthMax, $"it has {text.Length} characters; at most {LengthMax} are allowed.");
            return null;
        }

        var fields = Split(text);
        if (fields.Count == 1 && text[fields[0].Start] == '@')
        {
            return ParseMacro(text, fields[0], rules, out error);
        }

        if (fields.Count < FieldsMin || fields.Count > (rules.HasSeconds ? FieldsMax : FieldsMin))
        {
            var expected = rules.HasSeconds
                ? "five fields (minute, hour, day of month, month, day of week), or six with seconds first,"
                : "Celery's five fields (minute, hour, day of month, month, day of week)";
            error = new CronError(null, 0, $"{expected} are expected; this has {fields.Count}.");
            return null;
        }

        return ParseFields(text, fields, rules, out error);
    }

    private static CronFields? ParseMacro(
        string text, (int Start, int End) place, CronRules rules, out CronError? error)
    {
        foreach (var macro in Macros)
        {
            if (string.Compare(
                text,
                place.Start,
                macro[0],
                0,
                Math.Max(macro[0].Length, place.End - place.Start),
                StringComparison.OrdinalIgnoreCase) == 0)
            {
                if (rules.HasMacros)
                {
                    return Parse(macro[1], rules, out error);
                }

                error = new CronError(null, place.Start, $"Celery's crontab has no macros; write {macro[1]}.");
                return null;
            }
        }

        error = new CronError(
            null,
            place.Start,
            "no macro is called so; @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly are known.");
        return null;
    }

    private static CronFields? ParseFields(
        string text, List<(int Start, int End)> places, CronRules rules, out CronError? error)
    {
        var read = new CronFieldParser?[Order.Length];
        var shift = Order.Length - places.Count;
        for (var i = 0; i < places.Count; i++)
        {
            var field = new CronFieldParser(text, places[i].Start, places[i].End, Order[i + shift], rules);
            if (!field.Run())
            {
                error = field.Error;
                return null;
            }

            read[i + shift] = field;
        }

        var (second, minute, hour, day, month, weekday) = (read[0], read[1]!, read[2]!, read[3]!, read[4]!, read[5]!);
        var fields = new CronFields
        {
            Seconds = second?.Values ?? 1,
            Minutes = minute.Values,
            Hours = (uint)hour.Values,
            DaysOfMonth = (uint)day.Values,
            NearestWeekdays = day.Nearest,
            LastDays = day.Last,
            LastWeekdays = day.LastWeekday,
            Months = (uint)month.Values,
            DaysOfWeek = (uint)weekday.Values,
            NthDaysOfWeek = weekday.Nth,
            LastDaysOfWeek = weekday.Last,
            EitherDay = rules.EitherDay && !day.IsOpen && !weekday.IsOpen,
            IsInterval = second?.HasRhythm == true || minute.HasRhythm || hour.HasRhythm,
        };
        if (fields.EverFires())
        {
            error = null;
            return fields;
        }

        error = new CronError(
            CronField.DayOfMonth.Name,
            places[3 - shift].Start,
            "these days, months and weekdays never meet, so that it would never fire; write a day that these months "
                + "have.");
        return null;
    }

    private static List<(int Start, int End)> Split(string text)
    {
        var fields = new List<(int Start, int End)>(FieldsMax);
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var isGap = i == text.Length || text[i] is ' ' or '\t';
            if (!isGap && start < 0)
            {
                start = i;
            }
            else if (isGap && start >= 0)
            {
                fields.Add((start, i));
                start = -1;
            }
        }

        return fields;
    }
}

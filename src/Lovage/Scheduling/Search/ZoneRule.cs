using System.Globalization;
using System.Text.RegularExpressions;

namespace Lovage.Scheduling;

/// <summary>
/// When a zone's clock changes each year, as the last line of its file says:
/// <c>&lt;-04>4&lt;-03>,M9.1.6/24,M4.1.6/24</c>.
/// </summary>
/// <remarks>
/// Instants are whole seconds of UTC since 0001-01-01 00:00. Safe for use by several threads.
/// </remarks>
internal sealed partial class ZoneRule
{
    private const long SecondsInHour = 3_600;
    private const long SecondsInDay = 86_400;
    private const long DefaultTime = 2 * SecondsInHour;
    private const int DaysInWeek = 7;
    private const int LastWeek = 5;
    private const int March = 3;

    private readonly long _standard;
    private readonly long _saving;
    private readonly YearlyChange _start;
    private readonly YearlyChange _end;

    /// <summary>The season asked for last: a search asks for instants that lie close together.</summary>
    private volatile Season? _season;

    private ZoneRule(long from, long standard, long saving, YearlyChange start, YearlyChange end)
    {
        From = from;
        _standard = standard;
        _saving = saving;
        _start = start;
        _end = end;
    }

    /// <summary>The first instant at which the rule holds.</summary>
    internal long From { get; }

    /// <summary>
    /// True when .NET takes the clock's change for another time of the day, or for another day.
    /// </summary>
    internal bool IsMisreadBySystem => IsMisread(_start) || IsMisread(_end);

    /// <summary>Reads the line.</summary>
    /// <param name="text">The line.</param>
    /// <param name="from">The first instant at which the rule holds.</param>
    /// <returns>Null when it has no daylight saving, or is not right.</returns>
    internal static ZoneRule? Parse(string text, long from)
    {
        if (Line().Match(text) is not { Success: true } line
            || Seconds(line.Groups["standard"]) is not { } west
            || Change(line, "start") is not { } start
            || Change(line, "end") is not { } end)
        {
            return null;
        }

        // The line counts to the west.
        var saving = line.Groups["saving"] is { Success: true } given ? -Seconds(given) : SecondsInHour - west;
        return saving is null ? null : new ZoneRule(from, -west, saving.Value, start, end);
    }

    /// <summary>The offset from UTC at an instant at which the rule holds.</summary>
    internal long OffsetAt(long instant)
    {
        var season = _season;
        if (season is null || instant < season.From || instant >= season.Until)
        {
            _season = season = FindSeason(instant);
        }

        return season.Offset;
    }

    private Season FindSeason(long instant)
    {
        // A change may lie a week before or after its day, and so in another year.
        var year = new DateTime(instant * TimeSpan.TicksPerSecond, DateTimeKind.Utc).Year;
        var (latest, offset, until) = (long.MinValue, _standard, long.MaxValue);
        for (var near = Math.Max(year - 1, 1); near <= Math.Min(year + 1, DateTime.MaxValue.Year); near++)
        {
            // When one season ends as the next begins, the one that begins counts.
            var (end, start) = (_end.At(near) - _saving, _start.At(near) - _standard);
            if (end <= instant && end > latest)
            {
                (latest, offset) = (end, _standard);
            }

            if (start <= instant && start >= latest)
            {
                (latest, offset) = (start, _saving);
            }

            until = Math.Min(until, Math.Min(end > instant ? end : until, start > instant ? start : until));
        }

        return new Season(latest, until, offset);
    }

    private static bool IsMisread(YearlyChange change) =>
        change.Time is < 0 or >= SecondsInDay || change.Kind == DayKind.DayOfYear;

    private static YearlyChange? Change(Match line, string name)
    {
        var time = line.Groups[name + "Time"];
        if ((time.Success ? Seconds(time) : DefaultTime) is not { } seconds)
        {
            return null;
        }

        var date = line.Groups[name].Value;
        if (date[0] != 'M')
        {
            var isJulian = date[0] == 'J';
            var day = int.Parse(date.AsSpan(isJulian ? 1 : 0), CultureInfo.InvariantCulture);
            return (isJulian ? day is >= 1 and <= 365 : day <= 365)
                ? new YearlyChange(isJulian ? DayKind.DayOfCommonYear : DayKind.DayOfYear, 0, 0, day, seconds)
                : null;
        }

        var parts = date[1..].Split('.');
        var (month, week, weekday) = (Number(parts[0]), Number(parts[1]), Number(parts[2]));
        return month is >= 1 and <= 12 && week is >= 1 and <= LastWeek && weekday < DaysInWeek
            ? new YearlyChange(DayKind.Weekday, month, week, weekday, seconds)
            : null;

        static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);
    }

    /// <summary>Seconds of a text such as <c>-3:30</c>; at most a week, as the format has it.</summary>
    private static long? Seconds(Group text)
    {
        var parts = text.Value.TrimStart('+', '-').Split(':').Select(
            static part => long.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        var seconds = (parts[0] * SecondsInHour)
            + (parts.ElementAtOrDefault(1) * 60)
            + parts.ElementAtOrDefault(2);
        return seconds > DaysInWeek * SecondsInDay ? null
            : text.Value[0] == '-' ? -seconds
            : seconds;
    }

    [GeneratedRegex(
        """
        ^(<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})(?<standard>[+-]?\d{1,3}(:\d\d){0,2})
        (<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})(?<saving>[+-]?\d{1,3}(:\d\d){0,2})?
        ,(?<start>J?\d{1,3}|M\d{1,2}\.\d\.\d)(/(?<startTime>[+-]?\d{1,3}(:\d\d){0,2}))?
        ,(?<end>J?\d{1,3}|M\d{1,2}\.\d\.\d)(/(?<endTime>[+-]?\d{1,3}(:\d\d){0,2}))?\z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    private enum DayKind
    {
        /// <summary>The nth weekday of a month, or its last.</summary>
        Weekday = 0,

        /// <summary>1 to 365; February 29 is not counted.</summary>
        DayOfCommonYear = 1,

        /// <summary>0 to 365; February 29 is counted.</summary>
        DayOfYear = 2,
    }

    /// <summary>A time between two changes.</summary>
    private sealed record Season(long From, long Until, long Offset);

    /// <summary>One change of each year.</summary>
    /// <param name="Kind">How its day is told.</param>
    /// <param name="Month">Of a weekday: 1 to 12.</param>
    /// <param name="Week">Of a weekday: 1 to 5, where 5 is the last.</param>
    /// <param name="Day">The weekday from 0 for Sunday, or the day of the year.</param>
    /// <param name="Time">Seconds from the beginning of the day, -167 h to 167 h.</param>
    private sealed record YearlyChange(DayKind Kind, int Month, int Week, int Day, long Time)
    {
        /// <summary>When it comes in a year, by the clock before it.</summary>
        internal long At(int year)
        {
            var first = Days(year, 1);
            var day = Kind switch
            {
                DayKind.DayOfYear => first + Day,
                DayKind.DayOfCommonYear => first + Day - 1
                    + (DateTime.IsLeapYear(year) && Day >= new DateOnly(2001, March, 1).DayOfYear ? 1 : 0),
                _ => OfWeek(year),
            };
            return (day * SecondsInDay) + Time;
        }

        private long OfWeek(int year)
        {
            var first = Days(year, Month);
            var day = first + ((Day - Weekday(first) + DaysInWeek) % DaysInWeek) + ((Week - 1) * DaysInWeek);
            return day >= first + DateTime.DaysInMonth(year, Month) ? day - DaysInWeek : day;
        }

        /// <summary>Day 0, January 1 of the year 1, is a Monday.</summary>
        private static long Weekday(long day) => (day + 1) % DaysInWeek;

        private static long Days(int year, int month) => new DateOnly(year, month, 1).DayNumber;
    }
}

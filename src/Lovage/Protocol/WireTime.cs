using System.Globalization;

namespace Lovage.Protocol;

/// <summary>
/// Times as Celery writes and reads them (kombu/utils/json.py, celery/utils/iso8601.py): exactly six fraction digits
/// and <c>+00:00</c> going out, since Celery before 5.3.5 takes the digits as a plain number of microseconds; any ISO
/// 8601 form coming in, and one without an offset is UTC.
/// </summary>
internal static class WireTime
{
    private const int YearMin = 1970;
    private const int YearMax = 2999;
    private const int LengthMax = 64;
    private const int FractionMax = 7;

    private static readonly string[] Forms =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd",
    ];

    internal static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);

    internal static bool TryParse(scoped ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        if (text.Length > LengthMax)
        {
            time = default;
            return false;
        }

        // .NET keeps seven digits of a second; some write nine.
        Span<char> shorter = stackalloc char[LengthMax];
        var digits = text.IndexOf('.') + 1;
        var end = digits;
        while (digits > 0 && end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        if (end - digits > FractionMax)
        {
            text[..(digits + FractionMax)].CopyTo(shorter);
            text[end..].CopyTo(shorter[(digits + FractionMax)..]);
            text = shorter[..(digits + FractionMax + text.Length - end)];
        }

        if (!DateTimeOffset.TryParseExact(
            text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time)
            || time.UtcDateTime.Year is < YearMin or > YearMax)
        {
            return false;
        }

        // Python's times end at microseconds, and so does what is written.
        time = time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
        return true;
    }
}

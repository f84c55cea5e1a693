namespace Lovage.Scheduling;

/// <summary>One of the six fields: its name, its values and their names.</summary>
internal sealed class CronField
{
    private const int ShortName = 3;

    internal static readonly CronField Second = new("second", 0, 59, []);
    internal static readonly CronField Minute = new("minute", 0, 59, []);
    internal static readonly CronField Hour = new("hour", 0, 23, []);
    internal static readonly CronField DayOfMonth = new("day of month", 1, 31, []);
    internal static readonly CronField Month = new("month", 1, 12,
        [
            "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER",
            "NOVEMBER", "DECEMBER",
        ]);

    internal static readonly CronField DayOfWeek = new(
        "day of week", 0, 6, ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"]);

    private readonly string[] _names;

    private CronField(string name, int min, int max, string[] names)
    {
        Name = name;
        Min = min;
        Max = max;
        _names = names;
    }

    internal string Name { get; }

    internal int Min { get; }

    internal int Max { get; }

    internal int Size => Max - Min + 1;

    /// <summary>Every value, a bit each.</summary>
    internal ulong All() => ((1ul << Size) - 1) << Min;

    internal bool HasNames => _names.Length > 0;

    /// <summary>The value of a name of three letters, or of a full one where those count; -1 for none.</summary>
    internal int ValueOf(string text, int start, int length, bool longNames)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            var name = _names[i];
            if ((length == ShortName || (longNames && length == name.Length))
                && string.Compare(text, start, name, 0, length, StringComparison.OrdinalIgnoreCase) == 0)
            {
                return Min + i;
            }
        }

        return -1;
    }
}
